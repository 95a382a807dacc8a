// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// Keys under the labels and header fields that openssl and ssh-keygen write. There
// is nothing in them.
const (
	// openssl genpkey -algorithm ed25519 -aes256 -pass pass:x
	encryptedPKCS8 = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END ENCRYPTED PRIVATE KEY-----\n"
	// openssl ecparam -genkey | openssl ec -aes128
	encryptedSEC1 = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF\n\n" +
		"MC4CAQAwBQYDK2VwBCIEIA==\n-----END EC PRIVATE KEY-----\n"
	// ssh-keygen -t ed25519
	openSSH = "-----BEGIN OPENSSH PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END OPENSSH PRIVATE KEY-----\n"
)

// signedBy is a block with signed_assertion.
func signedBy(privateKey string, more ...attributes) attributes {
	return attributes{"signed_assertion": merged(append([]attributes{{"private_key": privateKey}}, more...)...)}
}

// invalidAssertions are wrong in the provider block and in the ephemeral resource.
func invalidAssertions(t *testing.T) map[string]invalid {
	t.Helper()
	p256, other := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.P256)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, rsa := authservertest.PKCS8(t, p256), authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.RSA))
	stranger := authservertest.CertificatePEM(selfSigned(t, other))
	expired := authservertest.CertificatePEM(authservertest.SelfSigned(t, p256, expiredTemplate()))
	set := `{"keys":[` + jwk(t, p256, "a") + "," + jwk(t, other, "b") + "]}"
	const key = "signed_assertion.private_key"
	from := func(places attributes) attributes { return attributes{"federated_assertion": places} }
	request := func(places attributes) attributes { return from(attributes{"request": places}) }
	return map[string]invalid{
		"both assertions":            {merged(signedBy(text), from(attributes{"env": "A"})), "federated_assertion", "authenticates with one assertion"},
		"private key and secret":     {merged(signedBy(text), attributes{"client_secret": "very-secret"}), "token_endpoint_auth_method", "Remove one"},
		"passphrase, PKCS#8":         {signedBy(encryptedPKCS8), key, "passphrase"},
		"passphrase, SEC 1":          {signedBy(encryptedSEC1), key, "passphrase"},
		"OpenSSH":                    {signedBy(openSSH), key, "ssh-keygen"},
		"damaged PEM":                {signedBy("-----BEGIN PRIVATE KEY-----\nMC4CAQ!\n"), key, "damaged"},
		"damaged key":                {signedBy(privateKey), key, "damaged"},
		"name of a file":             {signedBy("/etc/key.pem"), key, "name of its file"},
		"certificate for a key":      {signedBy(stranger), key, "CERTIFICATE"},
		"curve without algorithm":    {signedBy(authservertest.SEC1(t, p224)), key, "P-224"},
		"public JWK":                 {signedBy(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`), key, "public"},
		"JWK of no kind":             {signedBy(`{"kty":"DSA"}`), key, "JWK"},
		"JWK Set without key_id":     {signedBy(set), key, `["a" "b"]`},
		"JWK Set, no such key_id":    {signedBy(set, attributes{"key_id": "c"}), key, "key_id"},
		"algorithm of another kind":  {signedBy(text, attributes{"algorithm": "RS256"}), "signed_assertion.algorithm", "ES256"},
		"algorithm of another curve": {signedBy(text, attributes{"algorithm": "ES384"}), "signed_assertion.algorithm", "ES256"},
		"algorithm of secrets":       {signedBy(rsa, attributes{"algorithm": "HS256"}), "signed_assertion.algorithm", "PS256"},
		"algorithm of keys":          {attributes{"signed_assertion": attributes{"algorithm": "RS256"}}, "signed_assertion.algorithm", "HS256"},
		"certificate of another key": {signedBy(text, attributes{"certificate": stranger}), "signed_assertion.certificate", "not that of the private key"},
		"certificate, expired":       {signedBy(text, attributes{"certificate": expired}), "signed_assertion.certificate", "the certificate expired at 20"},
		"claims no JSON":             {signedBy(text, attributes{"claims": "sub=x"}), "signed_assertion.claims", "jsonencode"},
		"claims no object":           {signedBy(text, attributes{"claims": `["x"]`}), "signed_assertion.claims", "jsonencode"},
		"claims null":                {signedBy(text, attributes{"claims": `null`}), "signed_assertion.claims", "jsonencode"},
		"lifetime of nothing":        {signedBy(text, attributes{"lifetime": "0s"}), "signed_assertion.lifetime", "1s"},
		"no algorithm at all":        {signedBy(text, attributes{"algorithm": "none"}), "signed_assertion.algorithm", "RS256"},
		"lifetime without a unit":    {signedBy(text, attributes{"lifetime": "60"}), "signed_assertion.lifetime", "its unit"},
		"certificate that is a key":  {signedBy(text, attributes{"certificate": text}), "signed_assertion.certificate", "CERTIFICATE"},
		// RFC 7518 section 3.2: as many bytes as the hash has.
		"short secret, inferred":     {attributes{"signed_assertion": attributes{}, "client_secret": "very-secret"}, "client_secret", "In client_secret: it has 11 bytes"},
		"short secret, method named": {attributes{"token_endpoint_auth_method": "client_secret_jwt", "client_secret": "very-secret"}, "client_secret", "In client_secret: it has 11 bytes"},
		"secret short for HS512":     {attributes{"signed_assertion": attributes{"algorithm": "HS512"}, "client_secret": strings.Repeat("x", 63)}, "signed_assertion.algorithm", "has 63 bytes, and RFC 7518 section 3.2 requires 64"},
		"file, control":              {from(attributes{"file": "/a\x07b"}), "federated_assertion.file", "control character."},
		"file in a shell's words":    {from(attributes{"file": "~/token"}), "federated_assertion.file", `pathexpand("~/`},
		"request with a fragment":    {from(attributes{"request": attributes{"url": "https://h/#a"}}), "federated_assertion.request.url", "fragment"},
		"env and file":               {from(attributes{"env": "A", "file": "b"}), "federated_assertion", "value, env, file, command, request"},
		"file and request":           {from(attributes{"file": "b", "request": attributes{"url_env": "C"}}), "federated_assertion", "value, env, file, command, request"},
		"from nowhere":               {from(attributes{}), "federated_assertion", "value, env, file, command, request"},
		"value and command":          {from(attributes{"value": jwtOf(`{"sub":"x"}`), "command": []string{"a"}}), "federated_assertion", "value, env, file, command, request"},
		"value that is no JWT":       {from(attributes{"value": "very-secret"}), "federated_assertion.value", "not a JWT"},
		"empty value":                {from(attributes{"value": ""}), "federated_assertion.value", "JWT"},
		"empty command":              {from(attributes{"command": []string{}}), "federated_assertion.command", "The command is empty"},
		"empty program":              {from(attributes{"command": []string{"", "a"}}), "federated_assertion.command", "The command is empty"},
		"null argument":              {from(attributes{"command": []any{"a", nil}}), "federated_assertion.command", "null"},
		"pointer beside value":       {from(attributes{"value": jwtOf(`{"sub":"x"}`), "pointer": "/a"}), "federated_assertion.pointer", "Only command"},
		"pointer beside env":         {from(attributes{"env": "A", "pointer": "/a"}), "federated_assertion.pointer", "Only command"},
		"pointer beside file":        {from(attributes{"file": "a", "pointer": "/a"}), "federated_assertion.pointer", "Only command"},
		"pointer beside request":     {from(attributes{"request": attributes{"url_env": "C"}, "pointer": "/a"}), "federated_assertion.pointer", "Only command"},
		"pointer of a command":       {from(attributes{"command": []string{"a"}, "pointer": "a"}), "federated_assertion.pointer", "/"},
		"request to two addresses":   {request(attributes{"url": endpoint, "url_env": "C"}), "federated_assertion.request", "url, url_env"},
		"request to no address":      {request(attributes{"token_env": "C"}), "federated_assertion.request", "url, url_env"},
		"relative request":           {request(attributes{"url": "/token"}), "federated_assertion.request.url", "absolute"},
		"request by another method":  {request(attributes{"url_env": "C", "method": "PUT"}), "federated_assertion.request.method", "POST"},
		"pointer without a slash":    {request(attributes{"url_env": "C", "pointer": "value"}), "federated_assertion.request.pointer", "/"},
		"empty variable name":        {from(attributes{"env": ""}), "federated_assertion.env", "empty"},
		"JWT in env":                 {from(attributes{"env": jwtOf(`{"sub":"x"}`)}), "federated_assertion.env", "name of the environment variable"},
		"JWT in file":                {from(attributes{"file": jwtOf(`{"sub":"x"}`)}), "federated_assertion.file", "path of the file"},
		"JWT in token_env":           {request(attributes{"url_env": "C", "token_env": jwtOf("{}")}), "federated_assertion.request.token_env", "name of the environment variable"},
		"JWT in url_env":             {request(attributes{"url_env": jwtOf("{}")}), "federated_assertion.request.url_env", "name of the environment variable"},
		"key in file":                {from(attributes{"file": text}), "federated_assertion.file", "path of the file"},
	}
}

// expiredTemplate is for a certificate that has expired.
func expiredTemplate() *x509.Certificate {
	template := authservertest.ClientTemplate("client")
	template.NotBefore, template.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	return template
}

// invalidClientCertificates are wrong in the provider block.
func invalidClientCertificates(t *testing.T) map[string]invalid {
	t.Helper()
	key := authservertest.NewKey(t, authservertest.P256)
	certificate, text := authservertest.CertificatePEM(selfSigned(t, key)), authservertest.PKCS8(t, key)
	other := authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.P256))
	connection := func(certificate, key any) attributes {
		return attributes{"tls": attributes{"client_certificate": certificate, "client_key": key}}
	}
	expired := authservertest.CertificatePEM(authservertest.SelfSigned(t, key, expiredTemplate()))
	early := authservertest.ClientTemplate("client")
	early.NotBefore = time.Now().Add(time.Hour)
	return map[string]invalid{
		"expired":                {connection(expired, text), "tls.client_certificate", "Warning: The client certificate is not valid at this time"},
		"expired, with a secret": {merged(connection(expired, text), attributes{"client_secret": "x"}), "tls.client_certificate", "Warning"},
		"expired, by method":     {merged(connection(expired, text), attributes{"token_endpoint_auth_method": "tls_client_auth"}), "tls.client_certificate", "Error: The client certificate"},
		"not valid yet, by method": {
			merged(connection(authservertest.CertificatePEM(authservertest.SelfSigned(t, key, early)), text), attributes{"token_endpoint_auth_method": "tls_client_auth"}),
			"tls.client_certificate", "not valid before 20",
		},
		"certificate without key":    {connection(certificate, nil), "tls.client_key", "client_key"},
		"key without certificate":    {connection(nil, text), "tls.client_certificate", "client_certificate"},
		"key of another certificate": {connection(certificate, other), "tls.client_certificate", "key"},
		"key with a passphrase":      {connection(certificate, encryptedPKCS8), "tls.client_key", "passphrase"},
		"certificate for a key":      {connection(certificate, certificate), "tls.client_key", "CERTIFICATE"},
		"key for a certificate":      {connection(text, text), "tls.client_certificate", "CERTIFICATE"},
		"method without certificate": {attributes{"token_endpoint_auth_method": "tls_client_auth"}, "token_endpoint_auth_method", "client_certificate"},
		"method, empty tls":          {attributes{"token_endpoint_auth_method": "self_signed_tls_client_auth", "tls": attributes{}}, "token_endpoint_auth_method", "client_certificate"},
		"certificate over http": {
			merged(connection(certificate, text), attributes{"token_endpoint_auth_method": "tls_client_auth", "token_endpoint": "http://127.0.0.1:8080/token"}),
			"token_endpoint", "needs https://",
		},
	}
}

// TestValidateAssertions holds that each mistake is found without a server, by its
// path, and that no key is quoted.
func TestValidateAssertions(t *testing.T) {
	t.Parallel()
	for name, wrong := range invalidAssertions(t) {
		t.Run("provider/"+name, func(t *testing.T) {
			t.Parallel()
			wrong.mustBeFound(t, newSession(t).validateProvider(wrong.config))
		})
		t.Run("ephemeral/"+name, func(t *testing.T) {
			t.Parallel()
			wrong.mustBeFound(t, newSession(t).validateEphemeral(tokenType, wrong.config))
		})
	}
	for name, wrong := range invalidClientCertificates(t) {
		t.Run("tls/"+name, func(t *testing.T) {
			t.Parallel()
			wrong.mustBeFound(t, newSession(t).validateProvider(wrong.config))
		})
	}
}

// TestCertificateInPlaintext holds that a certificate which proves the client, also
// where that is only inferred, is not left behind in silence.
func TestCertificateInPlaintext(t *testing.T) {
	t.Parallel()
	srv, key := startServer(t), authservertest.NewKey(t, authservertest.P256)
	got := newSession(t).mustConfigure(attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID, "tls": attributes{
		"client_certificate": authservertest.CertificatePEM(selfSigned(t, key)), "client_key": authservertest.PKCS8(t, key),
	}}).open(tokenType, nil)
	matchGolden(t, "client certificate, plaintext", got.diagnostics)
	mustCount(t, srv, 0)
}

// TestValidateAssertionsAccepts holds that what is unusual and right is no finding,
// nor what is not known yet.
func TestValidateAssertionsAccepts(t *testing.T) {
	t.Parallel()
	p256 := authservertest.NewKey(t, authservertest.P256)
	text, certificate := authservertest.PKCS8(t, p256), authservertest.CertificatePEM(selfSigned(t, p256))
	set := `{"keys":[` + jwk(t, p256, "a") + "," + jwk(t, authservertest.NewKey(t, authservertest.RSA), "b") + "]}"
	request := func(places attributes) attributes {
		return attributes{"federated_assertion": attributes{"request": places}}
	}
	tests := map[string]attributes{
		"key and secret, method named":      merged(signedBy(text), attributes{"client_secret": "x", "token_endpoint_auth_method": "private_key_jwt"}),
		"key for the grant, secret beside":  merged(signedBy(text), attributes{"client_secret": "x", "grant_type": authserver.JWTBearer}),
		"parameters of the curve before":    signedBy("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + authservertest.SEC1(t, p256)),
		"certificate before the key":        signedBy(certificate + text),
		"white space around":                signedBy("\n  " + strings.ReplaceAll(text, "\n", "\r\n") + "\n"),
		"JWK Set with key_id":               signedBy(set, attributes{"key_id": "b", "algorithm": "PS512"}),
		"empty signed_assertion":            {"signed_assertion": attributes{}},
		"secret's algorithm":                {"signed_assertion": attributes{"algorithm": "HS512"}, "client_secret": strings.Repeat("x", 64)},
		"certificate of the key":            signedBy(text, attributes{"certificate": certificate}),
		"claims with null":                  signedBy(text, attributes{"claims": `{"jti":null}`}),
		"unknown key":                       {"signed_assertion": attributes{"private_key": unknown, "algorithm": "RS256", "certificate": certificate}},
		"unknown key beside a secret":       {"signed_assertion": attributes{"private_key": unknown}, "client_secret": "x"},
		"unknown secret beside a key":       merged(signedBy(text), attributes{"client_secret": unknown}),
		"key and secret, method unknown":    merged(signedBy(text), attributes{"client_secret": "x", "token_endpoint_auth_method": unknown}),
		"unknown algorithm":                 signedBy(text, attributes{"algorithm": unknown}),
		"unknown key_id for a set":          signedBy(set, attributes{"key_id": unknown}),
		"unknown certificate":               signedBy(text, attributes{"certificate": unknown}),
		"unknown claims":                    signedBy(text, attributes{"claims": unknown}),
		"unknown beside federated":          {"signed_assertion": unknown, "federated_assertion": attributes{"env": "A"}},
		"unknown env beside file":           {"federated_assertion": attributes{"env": unknown, "file": "b"}},
		"unknown value":                     {"federated_assertion": attributes{"value": unknown}},
		"unknown value beside env":          {"federated_assertion": attributes{"value": unknown, "env": "A"}},
		"unknown command":                   {"federated_assertion": attributes{"command": unknown}},
		"unknown argument":                  {"federated_assertion": attributes{"command": []any{unknown, "a", unknown}}},
		"unknown pointer beside env":        {"federated_assertion": attributes{"env": "A", "pointer": unknown}},
		"command that is not there":         {"federated_assertion": attributes{"command": []string{"/no/such/program"}, "pointer": "/accessToken"}},
		"unknown env alone":                 {"federated_assertion": attributes{"env": unknown}},
		"unknown request":                   {"federated_assertion": attributes{"request": unknown}},
		"unknown url beside url_env":        request(attributes{"url": unknown, "url_env": "C"}),
		"unknown query":                     request(attributes{"url_env": "C", "query": unknown}),
		"unknown value in the query":        request(attributes{"url_env": "C", "query": attributes{"audience": unknown}}),
		"unknown client key":                {"tls": attributes{"client_certificate": certificate, "client_key": unknown}},
		"unknown client certificate":        {"tls": attributes{"client_certificate": unknown, "client_key": text}},
		"client certificate":                {"tls": attributes{"client_certificate": certificate, "client_key": text}},
		"client certificate, key in a JWK":  {"tls": attributes{"client_certificate": certificate, "client_key": jwk(t, p256, "a")}},
		"client certificate, key in SEC 1":  {"tls": attributes{"client_certificate": certificate, "client_key": authservertest.SEC1(t, p256)}},
		"private key, method of the secret": merged(signedBy(text, attributes{"algorithm": "ES256"}), attributes{"token_endpoint_auth_method": unknown}),
	}
	for name, config := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newSession(t).validateProvider(config).mustBeEmpty(t)
		})
	}
}

// TestErrorOfSignedAssertion checks the diagnostics if the server does not
// take the assertion.
func TestErrorOfSignedAssertion(t *testing.T) {
	t.Parallel()
	key, other := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.P256)
	tests := map[string]struct {
		rules authserver.AssertionRules
		block func(*authservertest.Server) attributes
	}{
		"assertion refused": {block: func(srv *authservertest.Server) attributes {
			return signing(srv, authservertest.PKCS8(t, other))
		}},
		"assertion, wrong audience": {
			authserver.AssertionRules{Audience: authserver.AudienceIssuer},
			func(srv *authservertest.Server) attributes { return signing(srv, authservertest.PKCS8(t, key)) },
		},
		"assertion refused as grant": {block: func(srv *authservertest.Server) attributes {
			return merged(signing(srv, authservertest.PKCS8(t, key)), attributes{
				"grant_type": authserver.JWTBearer, "token_endpoint_auth_method": authserver.None,
			})
		}},
		"assertion, no common algorithm": {block: func(srv *authservertest.Server) attributes {
			block := signing(srv, authservertest.PKCS8(t, key))
			block["token_endpoint"], block["issuer"] = nil, srv.Issuer()
			return block
		}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registered := exampleClient(withKey(key, ""))
			if name == "assertion refused as grant" {
				registered = exampleClient(granting(authserver.JWTBearer, authserver.None, authserver.Trust{Issuer: "https://other.example"}))
			}
			srv := authservertest.Start(t, authserver.Config{
				Clients: []authserver.Client{registered}, ClientAssertion: row.rules, Metadata: supportingAlgorithms("RS256", "PS256"),
			})
			matchGolden(t, name, newSession(t).mustConfigure(row.block(srv)).open(tokenType, nil).diagnostics)
		})
	}
}

// TestErrorOfClientCertificate checks the diagnostics if the server wants
// another certificate, or one at all.
func TestErrorOfClientCertificate(t *testing.T) {
	t.Parallel()
	ca := authservertest.NewAuthority(t)
	key := authservertest.NewKey(t, authservertest.P256)
	own := selfSigned(t, key)
	named := func(name string) tls.Certificate { return ca.Issue(t, key, authservertest.ClientTemplate(name)) }
	tests := map[string]struct {
		srv   *authservertest.Server
		block func(*authservertest.Server) attributes
	}{
		"client certificate, none given": {startCA(t, ca), func(srv *authservertest.Server) attributes {
			return attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID, "client_secret": clientSecret, "tls": attributes{"ca_certificate": srv.CAPEM}}
		}},
		"client certificate, none configured": {startCA(t, ca), func(srv *authservertest.Server) attributes {
			return attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID, "token_endpoint_auth_method": authserver.TLSClientAuth}
		}},
		"client certificate, unknown authority": {startCA(t, ca), func(srv *authservertest.Server) attributes {
			return presenting(t, srv, own)
		}},
		"client certificate, wrong name": {startCA(t, ca), func(srv *authservertest.Server) attributes {
			return presenting(t, srv, named("other"))
		}},
		"client certificate, expired": {startSelfSigned(t, own), func(srv *authservertest.Server) attributes {
			return presenting(t, srv, authservertest.SelfSigned(t, key, expiredTemplate()))
		}},
		"client certificate, not registered": {startSelfSigned(t, own), func(srv *authservertest.Server) attributes {
			return presenting(t, srv, selfSigned(t, authservertest.NewKey(t, authservertest.P256)))
		}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newSession(t).mustConfigure(row.block(row.srv)).open(tokenType, nil).diagnostics
			matchGolden(t, name, got)
		})
	}
}

// TestErrorOfFederatedAssertion checks the diagnostics if the platform has no
// assertion that could be sent. The server is never asked.
func TestErrorOfFederatedAssertion(t *testing.T) {
	t.Parallel()
	expired, _ := startFederated(t, "api://as")
	expired.SetLifetime(-time.Minute)
	refusing := authservertest.StartPlatform(t, authserver.PlatformConfig{})
	refusing.Fail(authserver.GitHubActions, authserver.Always,
		authserver.Respond(http.StatusForbidden, http.Header{"Content-Type": {"application/json"}}, `{"message":"Resource not accessible by integration"}`))
	elsewhere := authservertest.StartPlatform(t, authserver.PlatformConfig{})
	elsewhere.Fail(authserver.GitHubActions, authserver.Always, authserver.Respond(http.StatusOK, nil, `{"token":"very-secret"}`))
	text := authservertest.StartPlatform(t, authserver.PlatformConfig{})
	text.Fail(authserver.GitHubActions, authserver.Always, authserver.Respond(http.StatusOK, nil, "very-secret"))
	writing := func(output string) attributes { return attributes{"command": []string{"printf", "%s", output}} }
	tests := map[string]struct {
		variables map[string]string
		from      attributes
	}{
		"federated, expired value":             {nil, attributes{"value": token(t, expired, "api://as")}},
		"federated, no program":                {nil, attributes{"command": []string{"no-such-program", "--token", "very-secret"}}},
		"federated, command fails":             {nil, attributes{"command": []string{"/bin/sh", "-c", "echo very-secret; echo 'not logged in: very-secret' >&2; exit 2"}}},
		"federated, command writes no JWT":     {nil, writing("very-secret")},
		"federated, command writes nothing":    {nil, writing("")},
		"federated, command writes JSON":       {nil, writing(`{"token":"very-secret"}`)},
		"federated, expired":                   {map[string]string{"IDENTITY": token(t, expired, "api://as")}, attributes{"env": "IDENTITY"}},
		"federated, no variable":               {nil, attributes{"env": "TFC_WORKLOAD_IDENTITY_TOKEN"}},
		"federated, no JWT":                    {map[string]string{"IDENTITY": "very-secret"}, attributes{"env": "IDENTITY"}},
		"federated, no file":                   {nil, attributes{"file": "/nowhere/token"}},
		"federated, platform refuses":          {jobEnvironment(refusing), gitHubRequest},
		"federated, no address":                {nil, gitHubRequest},
		"federated, no token for the platform": {map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": refusing.GitHubActionsURL}, gitHubRequest},
		"federated, nothing at the pointer":    {jobEnvironment(elsewhere), gitHubRequest},
		"federated, platform answers text":     {jobEnvironment(text), gitHubRequest},
		"federated, no platform": {
			map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1/", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}, gitHubRequest,
		},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			got := newSession(t, environment(row.variables)).mustConfigure(federated(srv, row.from)).open(tokenType, nil).diagnostics
			matchGolden(t, name, got)
			mustCount(t, srv, 0)
		})
	}
}
