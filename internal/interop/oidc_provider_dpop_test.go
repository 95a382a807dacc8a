// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"fmt"
	"testing"
)

// boundToken has a client's token bound to a key, and used at the server's API.
const boundToken = `
  dpop_bound_access_tokens = true
  resources                = ["https://api.example.com/"]
  scopes                   = ["api:read"]
`

// TestOIDCProviderDPoP gets tokens from a server that asks for nonces, and calls an API
// that does too, several times at once.
func TestOIDCProviderDPoP(t *testing.T) {
	t.Parallel()
	server := startSharedOIDCProvider(t)
	tests := map[string]methodTest{
		"secret": {client: "dpop", config: basicClient},
		"RSA key": {client: "dpop", key: "keys/rsa.key", config: basicClient + `
			dpop_private_key = file("key.pem")`},
		"Ed25519 key": {client: "dpop", key: "keys/ed25519.key", config: basicClient + `
			dpop_private_key = file("key.pem")`},
		"signed assertion": {client: "dpop-key-jwt", key: "keys/ec.key", config: `
			signed_assertion = { private_key = file("key.pem") }
			tls              = { ca_certificate = file("ca.crt") }`},
		"client certificate": {client: "dpop-tls", key: "client.key", certificate: "client.crt", config: clientCertificate},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := workspace(t, server.pki, server.client(test.client, test.config+boundToken)+consumer+fmt.Sprintf(`
data "oauth2cc_request" "orders" {
  count = 5
  url   = "%[1]s/orders?page=${count.index}"
}

output "statuses" {
  value = join(" ", data.oauth2cc_request.orders[*].status_code)
}`, server.origin), test.files(t, server.pki))
			w.Apply().MustExit(t, 0).MustSay(t, "Warning: DPoP token", "oauth2cc_proxy", `statuses = "200 200 200 200 200"`)
			got := given(t, w, "token.json")
			confirmation, _ := got.Claims["cnf"].(map[string]any)
			if got.TokenType != "DPoP" || confirmation["jkt"] == nil {
				t.Errorf("the script is given a token of type %s, with the claims %v", got.TokenType, got.Claims)
			}
		})
	}
}
