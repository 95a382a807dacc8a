// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
)

// oidcProviderSecret is that of most clients in clients.mjs.
const oidcProviderSecret = "a-long-secret-for-HS256-0123456789abcdef"

// methodTest is a client, configured as its user would.
type methodTest struct {
	client string
	// config are attributes of the provider block, with @ORIGIN@, @MTLS_ORIGIN@,
	// @PLAIN_ORIGIN@, @ADDRESS@ and @ISSUER@ for those of the server.
	config string
	// key and certificate are names of files of the PKI, for key.pem and
	// certificate.pem of the workspace.
	key, certificate string
}

// methodTests name the method where the metadata and what is configured do not
// lead to it.
var methodTests = map[string]methodTest{
	"none": {client: "public", config: `
		token_endpoint_auth_method = "none"
		tls                        = { ca_certificate = file("ca.crt") }`},
	"client_secret_basic": {client: "basic", config: `
		client_secret = "` + oidcProviderSecret + `"
		tls           = { ca_certificate = file("ca.crt") }`},
	"client_secret_basic, reserved characters in the credentials": {client: `id :+/%&=~!`, config: `
		client_secret = "secret :+/%&=~!"
		tls           = { ca_certificate = file("ca.crt") }`},
	"client_secret_post": {client: "post", config: `
		client_secret              = "secret :+/%&=~!"
		token_endpoint_auth_method = "client_secret_post"
		tls                        = { ca_certificate = file("ca.crt") }`},
	"client_secret_jwt": {client: "secret-jwt", config: `
		client_secret              = "` + oidcProviderSecret + `"
		token_endpoint_auth_method = "client_secret_jwt"
		tls                        = { ca_certificate = file("ca.crt") }`},
	"client_secret_jwt, inferred from `signed_assertion`": {client: "secret-jwt", config: `
		client_secret    = "` + oidcProviderSecret + `"
		signed_assertion = { lifetime = "30s" }
		tls              = { ca_certificate = file("ca.crt") }`},
	"private_key_jwt, RS256 without `key_id`": {client: "key-jwt", key: "keys/rsa.key", config: `
		signed_assertion = { private_key = file("key.pem") }
		tls              = { ca_certificate = file("ca.crt") }`},
	"private_key_jwt, RS256": {client: "key-jwt", key: "keys/rsa.key", config: `
		signed_assertion = { private_key = file("key.pem"), key_id = "rsa", algorithm = "RS256" }
		tls              = { ca_certificate = file("ca.crt") }`},
	"private_key_jwt, PS256": {client: "key-jwt", key: "keys/rsa.key", config: `
		signed_assertion = { private_key = file("key.pem"), key_id = "rsa", algorithm = "PS256" }
		tls              = { ca_certificate = file("ca.crt") }`},
	"private_key_jwt, PS512": {client: "key-jwt", key: "keys/rsa.key", config: `
		signed_assertion = { private_key = file("key.pem"), key_id = "rsa", algorithm = "PS512" }
		tls              = { ca_certificate = file("ca.crt") }`},
	"private_key_jwt, ES256": {client: "key-jwt", key: "keys/ec.key", config: `
		signed_assertion = { private_key = file("key.pem"), key_id = "ec" }
		tls              = { ca_certificate = file("ca.crt") }`},
	"private_key_jwt, EdDSA": {client: "key-jwt", key: "keys/ed25519.key", config: `
		signed_assertion = { private_key = file("key.pem"), key_id = "ed25519" }
		tls              = { ca_certificate = file("ca.crt") }`},
	"private_key_jwt, `audience` and `type` of RFC 7523bis": {client: "key-jwt", key: "keys/ec.key", config: `
		signed_assertion = {
		  private_key = file("key.pem")
		  audience    = "@ORIGIN@"
		  type        = "client-authentication+jwt"
		}
		tls = { ca_certificate = file("ca.crt") }`},
	"tls_client_auth": {client: "tls", key: "client.key", certificate: "client.crt", config: `
		tls = {
		  ca_certificate     = file("ca.crt")
		  client_certificate = file("certificate.pem")
		  client_key         = file("key.pem")
		}`},
	"tls_client_auth, without discovery": {client: "tls", key: "client.key", certificate: "client.crt", config: `
		token_endpoint             = "@MTLS_ORIGIN@/token"
		token_endpoint_auth_method = "tls_client_auth"
		tls = {
		  ca_certificate     = file("ca.crt")
		  client_certificate = file("certificate.pem")
		  client_key         = file("key.pem")
		}`},
	"self_signed_tls_client_auth": {client: "self-signed-tls", key: "self-signed.key", certificate: "self-signed.crt", config: `
		tls = {
		  ca_certificate     = file("ca.crt")
		  client_certificate = file("certificate.pem")
		  client_key         = file("key.pem")
		}`},
}

// TestOIDCProviderMethods has the server issue a token to every kind of client, and
// asks it whose the token is.
func TestOIDCProviderMethods(t *testing.T) {
	t.Parallel()
	server := startSharedOIDCProvider(t)
	for name, test := range methodTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			worksByName(t, "oidc-provider", name)
			w := workspace(t, server.pki, server.client(test.client, test.config)+consumer, test.files(t, server.pki))
			w.Apply().MustExit(t, 0)
			got := given(t, w, "token.json")
			if got.TokenType != "Bearer" || got.ExpiresIn != 300 || got.ExpiresAt == "" || got.Claims != nil {
				t.Errorf("the script is given %s, %d s, until %q, with claims %v", got.TokenType, got.ExpiresIn, got.ExpiresAt, got.Claims)
			}
			said := server.introspect(t, got.AccessToken)
			if !said.Active || said.ClientID != test.client || said.Confirm.Certificate != test.thumbprint(t, server.pki) {
				t.Errorf("the server says of the token: %+v", said)
			}
		})
	}
}

// TestOIDCProviderMetadata has the method inferred from what a server supports.
func TestOIDCProviderMetadata(t *testing.T) {
	t.Parallel()
	needServers(t)
	pki := newPKI(t)
	for method, client := range map[string]string{"client_secret_post": "post", "client_secret_jwt": "secret-jwt"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			server := startOIDCProvider(t, pki, method)
			password := map[string]string{"post": "secret :+/%&=~!", "secret-jwt": oidcProviderSecret}[client]
			w := workspace(t, pki, server.client(client, `
				client_secret = "`+password+`"
				tls           = { ca_certificate = file("ca.crt") }`)+consumer, nil)
			w.Apply().MustExit(t, 0)
			mustBe(t, server.tokenRequests(client), 200, 200) // of the plan and of the apply
		})
	}
}

// startSharedOIDCProvider starts a server with all methods and keys of all kinds.
func startSharedOIDCProvider(t *testing.T) *oidcProvider {
	t.Helper()
	needServers(t)
	pki := newPKI(t)
	pki.signingKey(t, "rsa", "RSA")
	pki.signingKey(t, "ec", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
	pki.signingKey(t, "ed25519", "ED25519")
	return startOIDCProvider(t, pki, everyMethod...)
}

// client is a provider block for a client of the server.
func (s *oidcProvider) client(id, attributes string) string {
	return providerBlock(id, s.origin, strings.NewReplacer(
		"@ORIGIN@", s.origin,
		"@ADDRESS@", strings.Replace(s.origin, "localhost", "127.0.0.1", 1),
		"@MTLS_ORIGIN@", s.mtlsOrigin,
		"@PLAIN_ORIGIN@", s.plainOrigin,
	).Replace(attributes))
}

// files are the client's key and certificate.
func (test methodTest) files(t *testing.T, pki pki) files {
	t.Helper()
	beside := files{}
	if test.key != "" {
		beside["key.pem"] = pki.text(t, test.key)
	}
	if test.certificate != "" {
		beside["certificate.pem"] = pki.text(t, test.certificate)
	}
	return beside
}

// thumbprint is that of the client's certificate, empty where it has none (RFC 8705
// section 3.1).
func (test methodTest) thumbprint(t *testing.T, pki pki) string {
	t.Helper()
	if test.certificate == "" {
		return ""
	}
	block, _ := pem.Decode([]byte(pki.text(t, test.certificate)))
	sum := sha256.Sum256(block.Bytes)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
