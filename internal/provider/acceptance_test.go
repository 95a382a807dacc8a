// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// The ordinary acceptance tests of each kind use terraform-plugin-testing: the provider
// runs in this process, and resource.Test runs the CLI. What that cannot do, such as saved
// plans, processes, signals and logs, is in the *_acc_test.go files, with package acctest.

// factories serve the provider, which sees no environment and does not wait before
// retries, and the provider that echoes ephemeral values into the state.
func factories(options ...provider.Option) map[string]func() (tfprotov6.ProviderServer, error) {
	options = append([]provider.Option{environment(nil), provider.WithSleep(instantly)}, options...)
	return map[string]func() (tfprotov6.ProviderServer, error){
		"oauth2cc": func() (tfprotov6.ProviderServer, error) { return provider.NewServer("test", options...), nil },
		"echo":     echoprovider.NewProviderServer(),
	}
}

// testSteps runs the steps of one test in order. It is called after t.Parallel.
func testSteps(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	for _, step := range steps {
		acctest.Needs(t, step.Config)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		Steps:                    steps,
	})
}

// testStep runs one configuration through plan, apply, and a second plan that must
// change nothing.
func testStep(t *testing.T, config string, checks ...statecheck.StateCheck) {
	t.Helper()
	testSteps(t, resource.TestStep{Config: config, ConfigStateChecks: checks})
}

// refused is a step whose plan fails with an output that contains the texts in this
// order, wherever its lines are broken.
func refused(config string, texts ...string) resource.TestStep {
	var patterns []string
	for _, text := range texts {
		var words []string
		for word := range strings.FieldsSeq(text) {
			words = append(words, regexp.QuoteMeta(word))
		}
		patterns = append(patterns, strings.Join(words, `[\s│]+`))
	}
	return resource.TestStep{Config: config, PlanOnly: true, ExpectError: regexp.MustCompile("(?s)" + strings.Join(patterns, ".*"))}
}

// known checks a part of a resource in the state.
func known(address string, check knownvalue.Check, path ...string) statecheck.StateCheck {
	at := tfjsonpath.New(path[0])
	for _, key := range path[1:] {
		at = at.AtMapKey(key)
	}
	return statecheck.ExpectKnownValue(address, at, check)
}

// echoed checks a part of what the echo provider was given.
func echoed(check knownvalue.Check, path ...string) statecheck.StateCheck {
	return known("echo.test", check, append([]string{"data"}, path...)...)
}

// echo has the echo provider put an expression into the state, for echoed.
func echo(expression string) string {
	return fmt.Sprintf(`
provider "echo" {
  data = %s
}

resource "echo" "test" {
}
`, expression)
}

func matches(pattern string) knownvalue.Check {
	return knownvalue.StringRegexp(regexp.MustCompile("^" + pattern + "$"))
}

const instantPattern = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`

func texts(values ...string) knownvalue.Check {
	var checks []knownvalue.Check
	for _, value := range values {
		checks = append(checks, knownvalue.StringExact(value))
	}
	return knownvalue.ListExact(checks)
}

// hclProvider is a provider block for the client of exampleClient.
func hclProvider(srv *authservertest.Server) string {
	return fmt.Sprintf(`
provider "oauth2cc" {
  token_endpoint = %q
  client_id      = %q
  client_secret  = %q
}
`, srv.TokenURL(), clientID, clientSecret)
}

// consumer is a resource whose creation uses an ephemeral token.
const consumer = `
resource "terraform_data" "consumer" {
  provisioner "local-exec" {
    command     = "test -n \"$TOKENS\""
    environment = { TOKENS = join(" ", ephemeral.oauth2cc_token.test[*].access_token) }
  }
}
`

// bystander is a resource that has nothing to do with tokens.
const bystander = `
resource "terraform_data" "bystander" {
  input = "x"
}
`
