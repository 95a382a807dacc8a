// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// basicClient is one with a secret.
const basicClient = `
  client_secret = "` + oidcProviderSecret + `"
  tls           = { ca_certificate = file("ca.crt") }
`

// TestOIDCProvider holds what users notice of this server beside authentication.
//
//nolint:paralleltest // the methods say for themselves that they are parallel
func TestOIDCProvider(t *testing.T) {
	t.Parallel()
	server := startSharedOIDCProvider(t)
	t.Run("resource", server.testResource)
	t.Run("opaque", server.testOpaque)
	t.Run("introspection", server.testIntrospection)
	t.Run("unknown scope", server.testUnknownScope)
	t.Run("revoke on close", server.testRevokeOnClose)
	t.Run("revoke a JWT on close", server.testRevokeJWT)
	t.Run("wrong secret", server.testWrongSecret)
	t.Run("short-lived token", server.testShortLived)
	t.Run("min_validity", server.testMinValidity)
	t.Run("keep_alive in vain", server.testKeepAlive)
	t.Run("server metadata", server.testServerMetadata)
	t.Run("shared by many", server.testShared)
	t.Run("several clients at once", server.testSeveralClients)
}

// testResource asks for a token for an API (RFC 8707), which is a JWT here.
func (s *oidcProvider) testResource(t *testing.T) {
	t.Parallel()
	works(t, "oidc-provider", "`client_secret_basic`", "`resources`, one: a JWT")
	w := workspace(t, s.pki, s.client("basic", basicClient+`
		resources = ["https://api.example.com/"]
		scopes    = ["api:read"]`)+consumer, nil)
	w.Apply().MustExit(t, 0)
	got := given(t, w, "token.json")
	for claim, want := range map[string]string{
		"iss": s.origin, "aud": "https://api.example.com/", "client_id": "basic", "sub": "basic", "scope": "api:read",
	} {
		if got.Claims[claim] != want {
			t.Errorf("the claim %s is %v, want %s", claim, got.Claims[claim], want)
		}
	}
}

// testOpaque asks for a token for another API, which is no JWT.
func (s *oidcProvider) testOpaque(t *testing.T) {
	t.Parallel()
	works(t, "oidc-provider", "`client_secret_basic`", "`resources`, one: an opaque token")
	w := workspace(t, s.pki, s.client("basic", basicClient+`
		resources = ["urn:example:opaque"]
		scopes    = ["api:read"]`)+consumer, nil)
	w.Apply().MustExit(t, 0)
	got := given(t, w, "token.json")
	said := s.introspect(t, got.AccessToken)
	if got.Claims != nil || !said.Active || said.Audience != "urn:example:opaque" || said.Scope != "api:read" {
		t.Errorf("the script is given claims %v, and the server says of the token: %+v", got.Claims, said)
	}
}

// testIntrospection asks about a token as RFC 7662 section 2.1 says, with the credentials of a
// client. The endpoint is in the metadata.
func (s *oidcProvider) testIntrospection(t *testing.T) {
	t.Parallel()
	works(t, "oidc-provider", "`client_secret_basic`", "introspection by `oauth2cc_request` with the client's credentials")
	w := workspace(t, s.pki, s.client("basic", basicClient)+`
		data "oauth2cc_server_metadata" "this" {}
		ephemeral "oauth2cc_token" "api" {}
		ephemeral "oauth2cc_request" "introspection" {
		  url          = data.oauth2cc_server_metadata.this.introspection_endpoint
		  method       = "POST"
		  authenticate = false
		  request_headers = {
		    Authorization = "Basic ${base64encode("inspector:`+oidcProviderSecret+`")}"
		    Content-Type  = "application/x-www-form-urlencoded"
		  }
		  request_body = "token=${ephemeral.oauth2cc_token.api.access_token}"
		}
		resource "terraform_data" "script" {
		  provisioner "local-exec" {
		    environment = { SAID = ephemeral.oauth2cc_request.introspection.response_body }
		    command     = "printf %s \"$SAID\" >said.json"
		  }
		}`, nil)
	w.Apply().MustExit(t, 0)
	var said introspection
	if err := json.Unmarshal([]byte(w.Read("said.json")), &said); err != nil || !said.Active || said.ClientID != "basic" {
		t.Errorf("the server says of the token: %+v, %v", said, err)
	}
}

// testUnknownScope asks for a scope that the server drops without a word.
func (s *oidcProvider) testUnknownScope(t *testing.T) {
	t.Parallel()
	w := workspace(t, s.pki, s.client("basic", basicClient+`
		scopes = ["api:read", "api:admin"]`)+consumer, nil)
	w.Apply().MustExit(t, 0)
	if got := given(t, w, "token.json").Scopes; !slices.Equal(got, []string{"api:read"}) {
		t.Errorf("granted scopes: %q", got)
	}
}

// testRevokeOnClose has a token revoked when its script has run.
func (s *oidcProvider) testRevokeOnClose(t *testing.T) {
	t.Parallel()
	works(t, "oidc-provider", "`client_secret_basic`", "`revoke_on_close`, of an opaque token")
	w := workspace(t, s.pki, s.client("basic", basicClient)+`
		ephemeral "oauth2cc_token" "api" {
		  revoke_on_close = true
		}
		ephemeral "oauth2cc_token" "kept" {}
		resource "terraform_data" "kept" {
		  provisioner "local-exec" {
		    environment = { TOKEN = jsonencode(ephemeral.oauth2cc_token.kept) }
		    command     = "printf %s \"$TOKEN\" >kept.json"
		  }
		}`+script, nil)
	w.Apply().MustExit(t, 0)
	if s.introspect(t, given(t, w, "token.json").AccessToken).Active {
		t.Error("the token is still active")
	}
	if !s.introspect(t, given(t, w, "kept.json").AccessToken).Active {
		t.Error("the other token is not active either")
	}
}

// testRevokeJWT has a token revoked that this server cannot revoke.
func (s *oidcProvider) testRevokeJWT(t *testing.T) {
	t.Parallel()
	w := workspace(t, s.pki, s.client("basic", basicClient)+`
		ephemeral "oauth2cc_token" "api" {
		  resources       = ["https://api.example.com/"]
		  revoke_on_close = true
		}`+script, nil)
	w.Apply().MustExit(t, 0).MustSay(t,
		"Warning: A token could not be revoked",
		"unsupported_token_type",
		"The token stays valid until it expires.",
	)
}

// testWrongSecret holds that a wrong secret is tried once, however many ask.
func (s *oidcProvider) testWrongSecret(t *testing.T) {
	t.Parallel()
	w := workspace(t, s.pki, s.client("refused", strings.Replace(basicClient, oidcProviderSecret, "wrong", 1))+`
		ephemeral "oauth2cc_token" "api" {
		  count = 20
		}`, nil)
	w.Plan().MustExit(t, 1).MustSay(t,
		"Error: The server does not accept the client (invalid_client)",
		"error: invalid_client",
		"error_description: client authentication failed",
		"The client authenticated with client_secret_basic (form encoding): client_id, client_secret from the provider block.",
	)
	mustBe(t, s.tokenRequests("refused"), 401)
}

// testShortLived has a token expire during a run, by the server's own clock. What
// asks later gets another one.
func (s *oidcProvider) testShortLived(t *testing.T) {
	t.Parallel()
	w := workspace(t, s.pki, s.client("short-lived", basicClient)+`
		ephemeral "oauth2cc_token" "early" {}
		resource "terraform_data" "early" {
		  provisioner "local-exec" {
		    environment = { TOKEN = jsonencode(ephemeral.oauth2cc_token.early) }
		    command     = "printf %s \"$TOKEN\" >early.json; sleep 2"
		  }
		}
		ephemeral "oauth2cc_token" "api" {
		  triggers = terraform_data.early.id
		}`+script, nil)
	w.Apply().MustExit(t, 0)
	early, late := given(t, w, "early.json"), given(t, w, "token.json")
	if early.ExpiresIn != 2 || early.AccessToken == late.AccessToken {
		t.Errorf("after %d s both scripts are given the same token", early.ExpiresIn)
	}
	if s.introspect(t, early.AccessToken).Active {
		t.Error("the first token has not expired")
	}
}

// testMinValidity has a user warned of tokens that expire before the run is over.
func (s *oidcProvider) testMinValidity(t *testing.T) {
	t.Parallel()
	w := workspace(t, s.pki, s.client("basic", basicClient)+`
		ephemeral "oauth2cc_token" "api" {
		  min_validity = "20m"
		}`+script, nil)
	w.Apply().MustExit(t, 0).MustSay(t, "Warning: Token valid for less than min_validity", "min_validity is 20m0s")
}

// testKeepAlive has a user told that this server issues no refresh tokens to
// clients (RFC 6749 section 4.4.3).
func (s *oidcProvider) testKeepAlive(t *testing.T) {
	t.Parallel()
	w := workspace(t, s.pki, s.client("basic", basicClient)+`
		ephemeral "oauth2cc_token" "api" {
		  keep_alive = true
		}`+script, nil)
	w.Apply().MustExit(t, 0).MustSay(t, "Warning: Nothing to keep alive")
}

// testServerMetadata reads what the server says of itself.
func (s *oidcProvider) testServerMetadata(t *testing.T) {
	t.Parallel()
	works(t, "oidc-provider", "discovery", "RFC 8414")
	w := workspace(t, s.pki, `
		provider "oauth2cc" {
		  issuer = "`+s.origin+`"
		  tls    = { ca_certificate = file("ca.crt") }
		}
		data "oauth2cc_server_metadata" "this" {}
		output "token_endpoint" {
		  value = data.oauth2cc_server_metadata.this.token_endpoint
		}
		output "mtls" {
		  value = data.oauth2cc_server_metadata.this.mtls_endpoint_aliases
		}
		output "algorithms" {
		  value = data.oauth2cc_server_metadata.this.token_endpoint_auth_signing_alg_values_supported
		}`, nil)
	w.Apply().MustExit(t, 0).MustSay(t,
		`token_endpoint = "`+s.origin+`/token"`,
		`"token_endpoint" = "`+s.mtlsOrigin+`/token"`,
		`"PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",`,
	)
}

// testShared has two kinds of blocks and many of each ask for the same token.
func (s *oidcProvider) testShared(t *testing.T) {
	t.Parallel()
	w := workspace(t, s.pki, s.client("post", `
		client_secret              = "secret :+/%&=~!"
		token_endpoint_auth_method = "client_secret_post"
		tls                        = { ca_certificate = file("ca.crt") }`)+`
		ephemeral "oauth2cc_token" "api" {
		  count = 20
		}
		data "oauth2cc_token" "api" {
		  count = 20
		}`, nil)
	w.Plan().MustExit(t, 0)
	mustBe(t, s.tokenRequests("post"), 200)
}

// testSeveralClients has blocks that are clients of their own, each with another
// method.
func (s *oidcProvider) testSeveralClients(t *testing.T) {
	t.Parallel()
	works(t, "oidc-provider", "`client_secret_basic`, `private_key_jwt`", "clients of their own, in one provider block")
	w := workspace(t, s.pki, `
		provider "oauth2cc" {
		  issuer = "`+s.origin+`"
		  tls    = { ca_certificate = file("ca.crt") }
		}
		ephemeral "oauth2cc_token" "signed" {
		  client_id        = "key-jwt"
		  signed_assertion = { private_key = file("key.pem") }
		}
		ephemeral "oauth2cc_token" "api" {
		  client_id     = "basic"
		  client_secret = "`+oidcProviderSecret+`"
		  headers       = { X-Signed = ephemeral.oauth2cc_token.signed.access_token }
		}`+script, files{"key.pem": s.pki.text(t, "keys/ec.key")})
	w.Apply().MustExit(t, 0)
	if said := s.introspect(t, given(t, w, "token.json").AccessToken); said.ClientID != "basic" {
		t.Errorf("the server says of the token: %+v", said)
	}
	mustBe(t, s.tokenRequests("key-jwt"), 200, 200)
}
