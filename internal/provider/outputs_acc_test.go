// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// factories serve the provider, without an environment and without waits, and the one that echoes
// ephemeral values into the state.
func factories(options ...provider.Option) map[string]func() (tfprotov6.ProviderServer, error) {
	options = append([]provider.Option{environment(nil), provider.WithSleep(instantly)}, options...)
	return map[string]func() (tfprotov6.ProviderServer, error){
		"oauth2cc": func() (tfprotov6.ProviderServer, error) { return provider.NewServer("test", options...), nil },
		"echo":     echoprovider.NewProviderServer(),
	}
}

// testStep runs one configuration through plan, apply, and a second plan that must
// change nothing.
func testStep(t *testing.T, config string, checks ...statecheck.StateCheck) {
	t.Helper()
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)},
		ProtoV6ProviderFactories: factories(),
		Steps:                    []resource.TestStep{{Config: config, ConfigStateChecks: checks}},
	})
}

// echoed checks a part of what the echo provider was given.
func echoed(check knownvalue.Check, path ...string) statecheck.StateCheck {
	at := tfjsonpath.New("data")
	for _, key := range path {
		at = at.AtMapKey(key)
	}
	return statecheck.ExpectKnownValue("echo.test", at, check)
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

// TestAccTokenEphemeral echoes the outputs of the ephemeral resource: of an opaque
// token, and of a JWT that comes with nothing else.
func TestAccTokenEphemeral(t *testing.T) {
	t.Parallel()
	opaque := startServer(t)
	odd := startServer(t, func(client *authserver.Client) {
		client.Lifetime, client.TokenFormat = 0, authserver.JWT
		client.Answer = []authserver.Mutation{
			authserver.Omit("token_type", "scope"),
			authserver.Set("nested", map[string]any{"list": []any{1, "a", nil}, "none": nil}),
		}
	})
	testStep(t, hclProvider(opaque)+fmt.Sprintf(`
ephemeral "oauth2cc_token" "opaque" {
}

ephemeral "oauth2cc_token" "odd" {
  token_endpoint = %q
  scopes         = ["write", "read"]
}

provider "echo" {
  data = {
    opaque = ephemeral.oauth2cc_token.opaque
    odd    = ephemeral.oauth2cc_token.odd
    valid  = ephemeral.oauth2cc_token.opaque.authorization_header == "Bearer ${ephemeral.oauth2cc_token.opaque.access_token}"
  }
}

resource "echo" "test" {
}
`, odd.TokenURL()),
		echoed(knownvalue.Bool(true), "valid"),
		echoed(matches(`[A-Z2-7]{26}`), "opaque", "access_token"),
		echoed(knownvalue.StringExact("Bearer"), "opaque", "token_type"),
		echoed(matches(`Bearer [A-Z2-7]{26}`), "opaque", "authorization_header"),
		echoed(knownvalue.Int64Exact(3600), "opaque", "expires_in"),
		echoed(matches(instantPattern), "opaque", "expires_at"),
		echoed(texts("read", "write"), "opaque", "scopes"),
		echoed(knownvalue.Null(), "opaque", "claims"),
		echoed(knownvalue.StringExact("read write"), "opaque", "response", "scope"),

		echoed(knownvalue.Null(), "odd", "token_type"),
		echoed(matches(`Bearer eyJ.*`), "odd", "authorization_header"),
		echoed(knownvalue.Null(), "odd", "expires_in"),
		echoed(knownvalue.Null(), "odd", "expires_at"),
		echoed(texts("write", "read"), "odd", "scopes"),
		echoed(knownvalue.StringExact(odd.Issuer()), "odd", "claims", "iss"),
		echoed(knownvalue.StringExact("write read"), "odd", "claims", "scope"),
		echoed(knownvalue.TupleExact([]knownvalue.Check{knownvalue.StringExact(odd.Issuer())}), "odd", "claims", "aud"),
		echoed(knownvalue.Null(), "odd", "response", "nested", "none"),
	)
}

// TestAccTokenData checks the outputs of the data source, a grant of less than was
// asked for among them.
func TestAccTokenData(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) {
		client.TokenFormat, client.Granted, client.RefreshLifetime = authserver.JWT, []string{"read"}, time.Hour
		client.Answer = []authserver.Mutation{authserver.Set("session_state", "b1d2")}
	})
	state := func(check knownvalue.Check, path string, keys ...string) statecheck.StateCheck {
		at := tfjsonpath.New(path)
		for _, key := range keys {
			at = at.AtMapKey(key)
		}
		return statecheck.ExpectKnownValue("data.oauth2cc_token.test", at, check)
	}
	testStep(t, hclProvider(srv)+`
data "oauth2cc_token" "test" {
  scopes = ["read", "write"]
}
`,
		state(matches(`eyJ.*`), "access_token"),
		state(matches(`Bearer eyJ.*`), "authorization_header"),
		state(knownvalue.StringExact("Bearer"), "token_type"),
		state(knownvalue.Int64Exact(3600), "expires_in"),
		state(matches(instantPattern), "expires_at"),
		state(texts("read"), "scopes"),
		state(knownvalue.StringExact(clientID), "claims", "client_id"),
		state(knownvalue.ObjectExact(map[string]knownvalue.Check{
			"token_type": knownvalue.StringExact("Bearer"), "expires_in": knownvalue.Int64Exact(3600),
			"scope": knownvalue.StringExact("read"), "session_state": knownvalue.StringExact("b1d2"),
		}), "response"),
		statecheck.ExpectSensitiveValue("data.oauth2cc_token.test", tfjsonpath.New("access_token")),
		statecheck.ExpectSensitiveValue("data.oauth2cc_token.test", tfjsonpath.New("authorization_header")),
		statecheck.ExpectSensitiveValue("data.oauth2cc_token.test", tfjsonpath.New("response")),
	)
}

// TestAccTokenForEachClient holds that each instance can be a client of its own,
// with servers and methods of its own.
func TestAccTokenForEachClient(t *testing.T) {
	t.Parallel()
	basic := startServer(t)
	post := startServer(t, func(client *authserver.Client) { client.AuthMethod = authserver.ClientSecretPost })
	raw := startServer(t, func(client *authserver.Client) {
		client.ID, client.Secret, client.BasicEncoding = "sb-x|app!t1", "a+b/c=", authserver.RawEncoding
	})
	testStep(t, fmt.Sprintf(`
locals {
  clients = {
    basic = { issuer = %q, id = %[2]q, secret = %[3]q, method = null, encoding = null }
    post  = { issuer = %[4]q, id = %[2]q, secret = %[3]q, method = "client_secret_post", encoding = null }
    raw   = { issuer = %[5]q, id = "sb-x|app!t1", secret = "a+b/c=", method = "client_secret_basic", encoding = "raw" }
  }
}

ephemeral "oauth2cc_token" "test" {
  for_each                     = local.clients
  issuer                       = each.value.issuer
  client_id                    = each.value.id
  client_secret                = each.value.secret
  token_endpoint_auth_method   = each.value.method
  client_secret_basic_encoding = each.value.encoding
}

provider "echo" {
  data = { for name, token in ephemeral.oauth2cc_token.test : name => token.access_token }
}

resource "echo" "test" {
}
`, basic.Issuer(), clientID, clientSecret, post.Issuer(), raw.Issuer()),
		echoed(matches(`[A-Z2-7]{26}`), "basic"),
		echoed(matches(`[A-Z2-7]{26}`), "post"),
		echoed(matches(`[A-Z2-7]{26}`), "raw"),
	)
}

// TestAccIssuer holds that either well-known address will do, below a path too,
// and that the metadata is fetched once for a hundred tokens.
func TestAccIssuer(t *testing.T) {
	t.Parallel()
	tests := map[string]authserver.Config{
		"RFC 8414":              {NoOpenIDMetadata: true},
		"OpenID":                {NoMetadata: true},
		"RFC 8414, with a path": {Issuer: "/tenant/a", NoOpenIDMetadata: true},
		"OpenID, with a path":   {Issuer: "/tenant/a", NoMetadata: true},
	}
	for name, config := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config.Clients = []authserver.Client{exampleClient()}
			srv := authservertest.Start(t, config)
			testStep(t, fmt.Sprintf(`
provider "oauth2cc" {
  issuer        = %q
  client_id     = %q
  client_secret = %q
}

ephemeral "oauth2cc_token" "test" {
  count = 100
}

provider "echo" {
  data = ephemeral.oauth2cc_token.test[99].token_type
}

resource "echo" "test" {
}
`, srv.Issuer(), clientID, clientSecret), echoed(knownvalue.StringExact("Bearer")))
			// Each walk is a provider of its own, and asks once at each address it tries.
			if found, tokens := srv.Count(authserver.Metadata, authserver.OpenIDMetadata), srv.Count(authserver.TokenEndpoint); found != tokens {
				t.Errorf("%d documents and %d tokens were asked for", found, tokens)
			}
		})
	}
}
