// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"strings"
	"testing"
)

// glewlwydSecret has characters that glewlwyd does not decode.
const glewlwydSecret = "p|ss w+rd=%41"

// Settings of the clients in setup.json.
const (
	glewlwydBasic = `
		scopes        = ["api:read"]
		client_secret = "` + glewlwydSecret + `"
		tls           = { ca_certificate = file("ca.crt") }
	`
	glewlwydKey = `
		scopes           = ["api:read"]
		tls              = { ca_certificate = file("ca.crt") }
	`
)

// TestGlewlwyd has the server issue a token to every kind of client.
func TestGlewlwyd(t *testing.T) {
	t.Parallel()
	server := startGlewlwyd(t)
	tests := map[string]methodTest{
		"client_secret_basic, `client_secret_basic_encoding = \"raw\"`": {client: "basic", config: glewlwydBasic + `client_secret_basic_encoding = "raw"`},
		"client_secret_post": {client: "post", config: glewlwydBasic + `token_endpoint_auth_method = "client_secret_post"`},
		"client_secret_jwt": {client: "secret-jwt", config: strings.Replace(glewlwydBasic, glewlwydSecret, oidcProviderSecret, 1) +
			`token_endpoint_auth_method = "client_secret_jwt"`},
		"private_key_jwt": {client: "key-jwt", key: "keys/rsa.key", config: glewlwydKey + `
			signed_assertion = { private_key = file("key.pem") }`},
		"private_key_jwt, without discovery": {client: "key-jwt", key: "keys/rsa.key", config: glewlwydKey + `
			token_endpoint   = "@ISSUER@/token"
			signed_assertion = { private_key = file("key.pem") }`},
		"tls_client_auth, at an endpoint of `mtls_endpoint_aliases`": {client: "tls", key: "client.key", certificate: "client.crt", config: clientCertificate + `
			scopes = ["api:read"]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			worksByName(t, "glewlwyd", name)
			w := workspace(t, server.pki, server.client(test.client, test.config)+consumer, test.files(t, server.pki))
			w.Apply().MustExit(t, 0)
			got := given(t, w, "token.json")
			if got.Claims["client_id"] != test.client || got.Claims["scope"] != "api:read" || got.ExpiresIn != 300 {
				t.Errorf("the script is given a token for %d s with the claims %v", got.ExpiresIn, got.Claims)
			}
		})
	}
}

// TestGlewlwydRefuses holds what Terraform prints when the server refuses, which it
// mostly does without a word.
func TestGlewlwydRefuses(t *testing.T) {
	t.Parallel()
	server := startGlewlwyd(t)
	tests := map[string]methodTest{
		"secret encoded": {client: "basic", config: glewlwydBasic},
		"wrong secret": {client: "post", config: strings.Replace(glewlwydBasic, glewlwydSecret, "wrong", 1) +
			`token_endpoint_auth_method = "client_secret_post"`},
		"no scope": {client: "basic", config: strings.Replace(glewlwydBasic, `"api:read"`, "", 1) +
			`client_secret_basic_encoding = "raw"`},
		"unknown scope": {client: "basic", config: strings.Replace(glewlwydBasic, "api:read", "api:admin", 1) +
			`client_secret_basic_encoding = "raw"`},
		"assertion for the issuer": {client: "key-jwt", key: "keys/rsa.key", config: glewlwydKey + `
			signed_assertion = { private_key = file("key.pem"), audience = "@ISSUER@" }`},
		"certificate of another client": {client: "tls", key: "colleague.key", certificate: "colleague.crt", config: clientCertificate + `
			scopes = ["api:read"]`},
		"certificate elsewhere than at the alias": {client: "tls", key: "client.key", certificate: "client.crt", config: clientCertificate + `
			token_endpoint = "@ISSUER@/token"
			scopes         = ["api:read"]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := workspace(t, server.pki, server.client(test.client, test.config)+ephemeralToken, test.files(t, server.pki))
			matchGolden(t, "glewlwyd", name, told(t, w))
		})
	}
}
