// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"strings"
	"testing"
)

// callsOf is a configuration that calls the API of a server, several times at once and
// through oauth2cc_proxy.
func callsOf(origin string) string {
	return strings.ReplaceAll(`
data "oauth2cc_request" "orders" {
  count = 5
  url   = "@ORIGIN@/orders?page=${count.index}"
}
output "statuses" {
  value = join(" ", data.oauth2cc_request.orders[*].status_code)
}
ephemeral "oauth2cc_proxy" "api" {
  url = "@ORIGIN@"
}
`+fetch("orders"), "@ORIGIN@", origin)
}

// apiToken asks for a token for the server's API, boundToken for one that is bound to a key.
const (
	apiToken = `
  resources = ["https://api.example.com/"]
  scopes    = ["api:read"]
`
	boundToken = apiToken + `
  dpop_bound_access_tokens = true
`
)

// TestOIDCProviderDPoP gets tokens from a server that asks for nonces, and calls an API
// that does too, several times at once.
func TestOIDCProviderDPoP(t *testing.T) {
	t.Parallel()
	server := startSharedOIDCProvider(t)
	tests := map[string]methodTest{
		"client_secret_basic, DPoP with nonces": {client: "dpop", config: basicClient},
		"client_secret_basic, DPoP with an RSA key": {client: "dpop", key: "keys/rsa.key", config: basicClient + `
			dpop_private_key = file("key.pem")`},
		"client_secret_basic, DPoP with an Ed25519 key": {client: "dpop", key: "keys/ed25519.key", config: basicClient + `
			dpop_private_key = file("key.pem")`},
		"private_key_jwt, DPoP with nonces": {client: "dpop-key-jwt", key: "keys/ec.key", config: `
			signed_assertion = { private_key = file("key.pem") }
			tls              = { ca_certificate = file("ca.crt") }`},
		"tls_client_auth, DPoP with nonces": {client: "dpop-tls", key: "client.key", certificate: "client.crt", config: clientCertificate},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			worksByName(t, "oidc-provider", name)
			w := workspace(t, server.pki, server.client(test.client, test.config+boundToken)+consumer+callsOf(server.origin), test.files(t, server.pki))
			w.Apply().MustExit(t, 0).MustSay(t, "Warning: DPoP token", "oauth2cc_proxy", `statuses = "200 200 200 200 200"`)
			got := given(t, w, "token.json")
			confirmation, _ := got.Claims["cnf"].(map[string]any)
			if got.TokenType != "DPoP" || confirmation["jkt"] == nil {
				t.Errorf("the script is given a token of type %s, with the claims %v", got.TokenType, got.Claims)
			}
		})
	}
}

// TestOIDCProviderCertificateBound calls the API with tokens that are bound to the client's
// certificate (RFC 8705 section 3).
func TestOIDCProviderCertificateBound(t *testing.T) {
	t.Parallel()
	server := startSharedOIDCProvider(t)
	tests := map[string]methodTest{
		"tls_client_auth":             {client: "tls", key: "client.key", certificate: "client.crt", config: clientCertificate},
		"self_signed_tls_client_auth": {client: "self-signed-tls", key: "self-signed.key", certificate: "self-signed.crt", config: clientCertificate},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			works(t, "oidc-provider", "`"+name+"`", "certificate-bound token (RFC 8705) at an API")
			w := workspace(t, server.pki, server.client(test.client, test.config+apiToken)+callsOf(server.mtlsOrigin), test.files(t, server.pki))
			w.Apply().MustExit(t, 0).MustSay(t, `statuses = "200 200 200 200 200"`)
		})
	}
}
