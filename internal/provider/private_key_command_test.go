// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// opensslRecipes sign with the key in the file $1: openssl stands for a service that keeps
// the key.
var opensslRecipes = map[string]struct {
	kind   authservertest.KeyKind
	script string
}{
	"RS256": {authservertest.RSA, `openssl dgst -sha256 -sign "$1"`},
	"RS384": {authservertest.RSA, `openssl dgst -sha384 -sign "$1" | openssl base64`},
	"RS512": {authservertest.RSA, `openssl dgst -sha512 -sign "$1" | openssl base64 -A | tr +/ -_ | tr -d =`},
	"PS256": {authservertest.RSA, `openssl dgst -sha256 -sign "$1" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest`},
	"PS384": {authservertest.RSA, `openssl dgst -sha384 -sign "$1" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest`},
	"PS512": {authservertest.RSA, `openssl dgst -sha512 -sign "$1" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest`},
	"ES256": {authservertest.P256, `openssl dgst -sha256 -sign "$1"`},
	"ES384": {authservertest.P384, `printf vault:v3:; openssl dgst -sha384 -sign "$1" | openssl base64 -A`},
	"ES512": {authservertest.P521, `openssl dgst -sha512 -binary >"$1.sum" && openssl pkeyutl -sign -inkey "$1" -in "$1.sum"`},
	"EdDSA": {authservertest.Ed25519, `cat >"$1.in" && openssl pkeyutl -sign -rawin -inkey "$1" -in "$1.in"`},
}

// byCommand has a script sign with a key, which it has in a file.
func byCommand(t *testing.T, key, script string, more ...attributes) attributes {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return merged(append([]attributes{{"private_key_command": []string{"/bin/sh", "-c", script, "sh", file}}}, more...)...)
}

// TestPrivateKeyCommand has a server verify what openssl signs, with and without the
// provider verifying it first.
func TestPrivateKeyCommand(t *testing.T) {
	t.Parallel()
	for algorithm, recipe := range opensslRecipes {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			key := authservertest.NewKey(t, recipe.kind)
			srv := startServer(t, withKey(key, ""))
			signed := byCommand(t, authservertest.PKCS8(t, key), recipe.script, attributes{"algorithm": algorithm})
			s := newSession(t).mustConfigure(attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID})
			s.mustOpen(tokenType, attributes{"signed_assertion": signed})
			mustCount(t, srv, 1)
			certificate := selfSigned(t, key)
			srv = startServer(t, withKey(key, ""), func(client *authserver.Client) { client.Keys[0].Certificate = leaf(t, certificate) })
			s.mustOpen(tokenType, attributes{
				"token_endpoint":   srv.TokenURL(),
				"signed_assertion": merged(signed, attributes{"certificate": authservertest.CertificatePEM(certificate)}),
			})
			mustCount(t, srv, 1)
			jwt, _ := s.mustOpen(jwtType, merged(signed, attributes{"key_id": "k"}))["jwt"].(string)
			if header, _, err := verified(jwt, key.Public()); err != nil || header["alg"] != algorithm || header["kid"] != "k" {
				t.Errorf("oauth2cc_jwt has the header %v, error %v", header, err)
			}
		})
	}
}

// TestErrorOfPrivateKeyCommand checks the diagnostics if nothing is signed that could be
// sent. The server is never asked.
func TestErrorOfPrivateKeyCommand(t *testing.T) {
	t.Parallel()
	key, other := authservertest.NewKey(t, authservertest.RSA), authservertest.NewKey(t, authservertest.RSA)
	certificate := func(algorithm string) attributes {
		return attributes{"algorithm": algorithm, "certificate": authservertest.CertificatePEM(selfSigned(t, other))}
	}
	mine := attributes{"algorithm": "PS256", "certificate": authservertest.CertificatePEM(selfSigned(t, key))}
	tests := map[string]struct {
		script string
		more   attributes
	}{
		"key command, fails":         {`echo very-secret; echo "no key: $(cat)" >&2; exit 3`, attributes{"algorithm": "RS256"}},
		"key command, hexadecimal":   {`openssl dgst -sha256 -sign "$1" -hex`, attributes{"algorithm": "RS256"}},
		"key command, nothing":       {`openssl dgst -sha256 -sign /no/such | cat`, attributes{"algorithm": "RS256"}},
		"key command, other curve":   {`openssl dgst -sha256 -sign "$1"`, attributes{"algorithm": "ES256"}},
		"key command, other key":     {`openssl dgst -sha256 -sign "$1"`, certificate("RS256")},
		"key command, longest salt":  {`openssl dgst -sha256 -sign "$1" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:max`, mine},
		"key command, another hash":  {`openssl dgst -sha512 -sign "$1"`, merged(mine, attributes{"algorithm": "RS256"})},
		"key command, writes a JWT":  {`printf eyJhbGciOiJSUzI1NiJ9.e30.very-secret`, attributes{"algorithm": "RS256"}},
		"key command, never answers": {`sleep 600`, attributes{"algorithm": "RS256"}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			client := attributes{
				"token_endpoint": srv.TokenURL(), "client_id": clientID,
				"signed_assertion": byCommand(t, authservertest.PKCS8(t, key), row.script, row.more),
			}
			if strings.HasSuffix(name, "never answers") {
				client["timeout"] = "1s"
			}
			matchGolden(t, name, newSession(t).mustConfigure(client).open(tokenType, nil).diagnostics)
			mustCount(t, srv, 0)
		})
	}
}

// TestPrivateKeyCommandRefused has a server that knows another key: one request, and a
// diagnostic that names the command.
func TestPrivateKeyCommandRefused(t *testing.T) {
	t.Parallel()
	key, other := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.P256)
	srv := startServer(t, withKey(other, ""))
	got := newSession(t).mustConfigure(attributes{
		"token_endpoint": srv.TokenURL(), "client_id": clientID,
		"signed_assertion": byCommand(t, authservertest.PKCS8(t, key), `openssl dgst -sha256 -sign "$1"`, attributes{"algorithm": "ES256"}),
	}).open(tokenType, nil).diagnostics
	matchGolden(t, "key command, refused", got)
	mustCount(t, srv, 1)
}

// TestPrivateKeyCommandIsRunForTokens: not to validate, and not for a token that is shared.
func TestPrivateKeyCommandIsRunForTokens(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	srv := startServer(t, withKey(key, ""))
	runs := filepath.Join(t.TempDir(), "runs")
	block := attributes{
		"token_endpoint": srv.TokenURL(), "client_id": clientID,
		"signed_assertion": byCommand(t, authservertest.PKCS8(t, key), `echo run >>"`+runs+`"; openssl dgst -sha256 -sign "$1"`, attributes{"algorithm": "ES256"}),
		"cache":            attributes{"type": "file", "path": t.TempDir(), "encryption_key": "0123456789abcdef0123456789abcdef"},
	}
	mustHaveRun := func(when string, want int) {
		t.Helper()
		text, _ := os.ReadFile(runs) // there is none before the first
		if got := strings.Count(string(text), "run"); got != want {
			t.Errorf("%s: it has run %d times, want %d", when, got, want)
		}
	}
	newSession(t).validateProvider(block).mustBeEmpty(t)
	mustHaveRun("validate", 0)
	for range 2 { // two processes
		s := newSession(t).mustConfigure(block)
		mustHaveRun("configure", srv.Count(authserver.TokenEndpoint))
		s.mustOpen(tokenType, nil)
		s.mustOpen(tokenType, nil)
		mustHaveRun("open", 1)
	}
	newSession(t).mustConfigure(block).mustOpen(tokenType, attributes{"scopes": []string{"read"}})
	mustHaveRun("another token", 2)
	mustCount(t, srv, 2)
}

// TestValidatePrivateKeyCommand holds what is found without running the command.
func TestValidatePrivateKeyCommand(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	certificate := authservertest.CertificatePEM(selfSigned(t, key))
	expired := authservertest.CertificatePEM(authservertest.SelfSigned(t, key, expiredTemplate()))
	command := []string{"/no/such/program"}
	for name, test := range map[string]struct {
		members   attributes
		attribute string // "" if nothing is wrong
		want      string
	}{
		"as it should be":          {attributes{"private_key_command": command, "algorithm": "ES256", "certificate": certificate}, "", ""},
		"unknown command":          {attributes{"private_key_command": unknown}, "", ""},
		"unknown argument":         {attributes{"private_key_command": []any{"a", unknown}, "algorithm": "RS256"}, "", ""},
		"unknown algorithm":        {attributes{"private_key_command": command, "algorithm": unknown}, "", ""},
		"unknown key beside it":    {attributes{"private_key_command": command, "algorithm": "RS256", "private_key": unknown}, "", ""},
		"no algorithm":             {attributes{"private_key_command": command}, "algorithm", "required"},
		"algorithm of a secret":    {attributes{"private_key_command": command, "algorithm": "HS256"}, "algorithm", "RS256"},
		"algorithm of another key": {attributes{"private_key_command": command, "algorithm": "RS256", "certificate": certificate}, "algorithm", "ES256"},
		"expired certificate":      {attributes{"private_key_command": command, "algorithm": "ES256", "certificate": expired}, "certificate", "expired"},
		"private_key beside it":    {attributes{"private_key_command": command, "algorithm": "ES256", "private_key": authservertest.PKCS8(t, key)}, "private_key_command", "two keys"},
		"pkcs12 beside it":         {attributes{"private_key_command": command, "algorithm": "ES256", "pkcs12": pkcs12Of(t, key, "")}, "private_key_command", "two keys"},
		"passphrase beside it":     {attributes{"private_key_command": command, "algorithm": "ES256", "private_key_passphrase": "x"}, "private_key_passphrase", "belongs to private_key"},
		"empty":                    {attributes{"private_key_command": []string{}, "algorithm": "ES256"}, "private_key_command", "The command is empty"},
		"empty program":            {attributes{"private_key_command": []string{"", "x"}, "algorithm": "ES256"}, "private_key_command", "The command is empty"},
		"key for the program":      {attributes{"private_key_command": []string{authservertest.PKCS8(t, key)}, "algorithm": "ES256"}, "private_key_command", "should be the program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := attributes{"token_endpoint": "https://as.example.com/", "client_id": "a", "signed_assertion": test.members}
			got := newSession(t).validateProvider(client)
			if test.attribute == "" {
				got.mustBeEmpty(t)
			} else if !got.isAbout("signed_assertion."+test.attribute) || !strings.Contains(got.String(), test.want) {
				t.Errorf("want one finding about signed_assertion.%s that says %q:\n%s", test.attribute, test.want, got)
			}
		})
	}
	t.Run("shared cache without a key", func(t *testing.T) {
		t.Parallel()
		got := newSession(t).validateProvider(attributes{
			"token_endpoint": "https://as.example.com/", "client_id": "a", "cache": attributes{"type": "file"},
			"signed_assertion": attributes{"private_key_command": command, "algorithm": "ES256"},
		})
		if !got.isAbout("cache.encryption_key") {
			t.Errorf("want one finding about cache.encryption_key:\n%s", got)
		}
	})
}
