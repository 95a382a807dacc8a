// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import "testing"

// ephemeralToken is a block that asks for what the provider block says.
const ephemeralToken = `
ephemeral "oauth2cc_token" "api" {}
`

// clientCertificate are settings with a client certificate.
const clientCertificate = `
		tls = {
		  ca_certificate     = file("ca.crt")
		  client_certificate = file("certificate.pem")
		  client_key         = file("key.pem")
		}`

// TestOIDCProviderRefuses holds what Terraform prints when the server refuses.
func TestOIDCProviderRefuses(t *testing.T) {
	t.Parallel()
	server := startSharedOIDCProvider(t)
	tests := map[string]struct {
		methodTest
		// told is the name of the golden file.
		told string
	}{
		"unknown client": {methodTest{client: "nobody", config: basicClient}, "secret refused"},
		"another method": {methodTest{client: "post", config: basicClient}, "secret refused"},
		"another key": {methodTest{client: "key-jwt", key: "client.key", config: `
			signed_assertion = { private_key = file("key.pem"), key_id = "rsa" }
			tls              = { ca_certificate = file("ca.crt") }`}, "another key"},
		"another audience": {methodTest{client: "key-jwt", key: "keys/ec.key", config: `
			signed_assertion = { private_key = file("key.pem"), audience = "https://auth.example.com" }
			tls              = { ca_certificate = file("ca.crt") }`}, "another audience"},
		"expired assertion": {methodTest{client: "key-jwt", key: "keys/ec.key", config: `
			signed_assertion = { private_key = file("key.pem"), claims = jsonencode({ exp = 1 }) }
			tls              = { ca_certificate = file("ca.crt") }`}, "expired assertion"},
		"certificate of another client": {
			methodTest{client: "tls", key: "colleague.key", certificate: "colleague.crt", config: clientCertificate}, "certificate refused"},
		"certificate of another authority": {
			methodTest{client: "tls", key: "forged.key", certificate: "forged.crt", config: clientCertificate}, "certificate refused"},
		"another self-signed certificate": {
			methodTest{client: "self-signed-tls", key: "other-self-signed.key", certificate: "other-self-signed.crt", config: clientCertificate},
			"self-signed certificate refused"},
		"certificate where none is asked for": {methodTest{client: "tls", key: "client.key", certificate: "client.crt", config: `
			token_endpoint = "@ORIGIN@/token"` + clientCertificate}, "certificate where none is asked for"},
		"certificate without its key": {
			methodTest{client: "tls", key: "colleague.key", certificate: "client.crt", config: clientCertificate}, "certificate without its key"},
		"DPoP wanted":      {methodTest{client: "dpop", config: basicClient}, "DPoP wanted"},
		"unknown resource": {methodTest{client: "basic", config: basicClient + `resources = ["https://other.example.com/"]`}, "unknown resource"},
		"two resources": {methodTest{client: "basic", config: basicClient + `
			resources = ["https://api.example.com/", "urn:example:opaque"]`}, "two resources"},
		"unknown grant":          {methodTest{client: "basic", config: basicClient + `grant_type = "client_credential"`}, "unknown grant"},
		"issuer by another name": {methodTest{client: "basic", config: basicClient + `issuer = "@ADDRESS@"`}, "issuer by another name"},
		"issuer with a slash":    {methodTest{client: "basic", config: basicClient + `issuer = "@ORIGIN@/"`}, "issuer with a slash"},
		"unknown authority": {methodTest{client: "basic", certificate: "other-ca.crt", config: `
			client_secret = "` + oidcProviderSecret + `"
			tls           = { ca_certificate = file("certificate.pem") }`}, "unknown authority"},
		"no such path": {methodTest{client: "basic", config: basicClient + `token_endpoint = "@ORIGIN@/oauth/token"`}, "no such path"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := workspace(t, server.pki, server.client(test.client, test.config)+ephemeralToken, test.files(t, server.pki))
			matchGolden(t, "oidc-provider", test.told, told(t, w))
		})
	}
}
