// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import "testing"

// rawBasic is a client whose secret glewlwyd does not decode.
const rawBasic = glewlwydBasic + `
		client_secret_basic_encoding = "raw"
`

// TestGlewlwydBehaviour holds what users notice of this server beside authentication. It has
// OpenID Connect's metadata alone, and its access tokens are JWTs.
//
//nolint:paralleltest // the methods say for themselves that they are parallel
func TestGlewlwydBehaviour(t *testing.T) {
	t.Parallel()
	server := startGlewlwyd(t)
	t.Run("metadata", server.testMetadata)
	t.Run("resource", server.testResource)
	t.Run("revoke on close", server.testRevokeOnClose)
}

// testMetadata reads what the server says of itself.
func (s *glewlwyd) testMetadata(t *testing.T) {
	t.Parallel()
	works(t, "glewlwyd", "discovery", "OpenID Connect")
	w := workspace(t, s.pki, `
		provider "oauth2cc" {
		  issuer = "`+s.issuer+`"
		  tls    = { ca_certificate = file("ca.crt") }
		}
		data "oauth2cc_server_metadata" "this" {}
		output "token_endpoint" {
		  value = data.oauth2cc_server_metadata.this.token_endpoint
		}`, nil)
	w.Apply().MustExit(t, 0).MustSay(t, `token_endpoint = "`+s.issuer+`/token"`)
}

// testResource asks for a token for an API (RFC 8707).
func (s *glewlwyd) testResource(t *testing.T) {
	t.Parallel()
	works(t, "glewlwyd", "`client_secret_basic`", "`resources`, one")
	w := workspace(t, s.pki, s.client("basic", rawBasic+`resources = ["https://api.example.com/"]`)+consumer, nil)
	w.Apply().MustExit(t, 0)
	if got := given(t, w, "token.json").Claims["aud"]; got != "https://api.example.com/" {
		t.Errorf("the token is for %v", got)
	}
}

// testRevokeOnClose has a token revoked when its script has run. Another token, which may
// introspect (RFC 7662 section 2.1), asks about it before and after.
func (s *glewlwyd) testRevokeOnClose(t *testing.T) {
	t.Parallel()
	works(t, "glewlwyd", "`client_secret_basic`", "`revoke_on_close`")
	works(t, "glewlwyd", "`client_secret_basic`", "introspection by `oauth2cc_request` with a token")
	w := workspace(t, s.pki, s.client("basic", rawBasic)+`
		ephemeral "oauth2cc_token" "api" {
		  revoke_on_close = true
		}`+script, nil)
	w.Apply().MustExit(t, 0)
	revoked := given(t, w, "token.json").AccessToken
	for token, active := range map[string]string{revoked: "false", "${ephemeral.oauth2cc_token.api.access_token}": "true"} {
		w := workspace(t, s.pki, s.client("basic", rawBasic)+`
			ephemeral "oauth2cc_token" "api" {}
			ephemeral "oauth2cc_request" "introspection" {
			  url             = "`+s.issuer+`/introspect"
			  method          = "POST"
			  token           = { scopes = ["api:write"] }
			  request_headers = { Content-Type = "application/x-www-form-urlencoded" }
			  request_body    = "token=`+token+`"
			}
			resource "terraform_data" "script" {
			  provisioner "local-exec" {
			    environment = { ACTIVE = ephemeral.oauth2cc_request.introspection.response.active }
			    command     = "printf %s $ACTIVE >active"
			  }
			}`, nil)
		w.Apply().MustExit(t, 0)
		if got := w.Read("active"); got != active {
			t.Errorf("of the token %.30s… the server says that active is %s, want %s", token, got, active)
		}
	}
}
