// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// files are the texts of files beside a configuration, by their names.
type files map[string]string

// consumer is what a user has who hands the token to a script. The script writes
// everything it is given to a file, for the test.
const consumer = `
ephemeral "oauth2cc_token" "api" {}
` + script

const script = `
resource "terraform_data" "script" {
  provisioner "local-exec" {
    environment = { TOKEN = jsonencode(ephemeral.oauth2cc_token.api) }
    command     = "printf %s \"$TOKEN\" >token.json"
  }
}
`

// fetch is a script that gets a path from oauth2cc_proxy, and fails if it cannot.
func fetch(path string) string {
	return fmt.Sprintf(`
resource "terraform_data" "call" {
  provisioner "local-exec" {
    environment = {
      URL           = "${ephemeral.oauth2cc_proxy.api.local_url}/%s"
      AUTHORIZATION = ephemeral.oauth2cc_proxy.api.authorization_header
    }
    command = <<-EOT
      node -e 'fetch(process.env.URL, { headers: { Authorization: process.env.AUTHORIZATION } }).then(({ ok }) => process.exit(ok ? 0 : 1))'
    EOT
  }
}
`, path)
}

// providerBlock is a provider block for a client. Where its attributes name no
// server they get the issuer.
func providerBlock(id, issuer, attributes string) string {
	if !namesServer.MatchString(attributes) {
		attributes += fmt.Sprintf("\n  issuer = %q", issuer)
	}
	return fmt.Sprintf("provider \"oauth2cc\" {\n  client_id = %q\n%s\n}\n", id, attributes)
}

// namesServer finds the attributes that say where a server is.
var namesServer = regexp.MustCompile(`\b(issuer|token_endpoint) *=`)

// workspace makes a workspace with a configuration and files beside it, those of
// the authority's certificate included.
func workspace(t *testing.T, pki pki, config string, beside files) *acctest.Workspace {
	t.Helper()
	w := acctest.New(t, config, "OAUTH2CC_MAX_RETRIES=0") // servers that are down stay so
	w.Write("ca.crt", pki.text(t, "ca.crt"))
	for name, text := range beside {
		w.Write(name, text)
	}
	return w
}

// token is what a script is given.
type token struct {
	AccessToken string         `json:"access_token"`
	TokenType   string         `json:"token_type"`
	ExpiresIn   int            `json:"expires_in"`
	ExpiresAt   string         `json:"expires_at"`
	Scopes      []string       `json:"scopes"`
	Claims      map[string]any `json:"claims"`
}

// given reads what the script of a workspace was given.
func given(t *testing.T, w *acctest.Workspace, name string) token {
	t.Helper()
	var got token
	if err := json.Unmarshal([]byte(w.Read(name)), &got); err != nil {
		t.Fatal(err)
	}
	return got
}
