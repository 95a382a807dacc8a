// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is a SHA-1 thumbprint by definition
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"maps"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

func selfSigned(t *testing.T, key crypto.Signer) *x509.Certificate {
	t.Helper()
	return authservertest.SelfSigned(t, key, authservertest.ClientTemplate("client")).Leaf
}

// Keys are selected by the rules of RFC 7515 §4.1.4, §4.1.7 and §4.1.8.
func TestKeySelection(t *testing.T) {
	t.Parallel()
	key, other := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.P384)
	certificate, stranger := selfSigned(t, key), selfSigned(t, key)
	sha1Of := func(c *x509.Certificate) string {
		sum := sha1.Sum(c.Raw) //nolint:gosec // as above
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}
	sha256Of := func(c *x509.Certificate) string {
		sum := sha256.Sum256(c.Raw)
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}
	unnamed := []authserver.Key{{Public: key.Public()}}
	named := []authserver.Key{{ID: "22", Public: key.Public()}, {ID: "23", Public: other.Public()}}
	certified := []authserver.Key{{Certificate: certificate}}
	for name, row := range map[string]struct {
		keys   []authserver.Key
		header map[string]any
		reason string // empty: accepted
	}{
		"one key, no name":        {unnamed, nil, ""},
		"kid not registered":      {unnamed, map[string]any{"kid": "22"}, "registered key"},
		"kid":                     {named, map[string]any{"kid": "22"}, ""},
		"kid missing":             {named, nil, "registered key"},
		"kid unknown":             {named, map[string]any{"kid": "24"}, "registered key"},
		"kid of another type":     {named, map[string]any{"kid": 22}, "registered key"},
		"kid of another key":      {named, map[string]any{"kid": "23"}, "alg does not fit"},
		"x5t":                     {certified, map[string]any{"x5t": sha1Of(certificate)}, ""},
		"x5t#S256":                {certified, map[string]any{"x5t#S256": sha256Of(certificate)}, ""},
		"x5t and x5t#S256":        {certified, map[string]any{"x5t": sha1Of(certificate), "x5t#S256": sha256Of(certificate)}, ""},
		"no thumbprint":           {certified, nil, "registered key"},
		"kid for a thumbprint":    {certified, map[string]any{"kid": sha1Of(certificate)}, "registered key"},
		"x5t of the same key":     {certified, map[string]any{"x5t": sha1Of(stranger)}, "registered key"},
		"x5t right, S256 wrong":   {certified, map[string]any{"x5t": sha1Of(certificate), "x5t#S256": sha256Of(stranger)}, "registered key"},
		"x5t#S256 in hexadecimal": {certified, map[string]any{"x5t#S256": "00"}, "registered key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := clockedServer(t, authserver.Config{Clients: []authserver.Client{keyedClient(row.keys...)}})
			j := clientAssertion("ES256", key)
			maps.Copy(j.header, row.header)
			got := send(t, srv, postForm(assertionForm(j.compact(t))))
			if row.reason == "" {
				got.want(t, 200, "")
				return
			}
			got.wantReason(t, 401, "invalid_client", row.reason)
		})
	}
}

func TestRegisterRefusesKeys(t *testing.T) {
	t.Parallel()
	key, other := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.P256)
	short, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // to see it refused
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string][]authserver.Key{
		"none":                nil,
		"empty":               {{}},
		"a private key":       {{Public: key}},
		"a curve without alg": {{Public: p224.Public()}},
		"RSA of 1024 bits":    {{Public: short.Public()}}, // RFC 7518 §3.3
		"another certificate": {{Public: other.Public(), Certificate: selfSigned(t, key)}},
		"two without a name":  {{Public: key.Public()}, {Public: other.Public()}},
	} {
		srv := newServer(t, authserver.Config{})
		if err := srv.Register(keyedClient(keys...)); err == nil {
			t.Errorf("%s: Register accepted it", name)
		}
		issuer := authserver.TrustedIssuer{Issuer: "https://ci.example", Keys: keys}
		if _, err := authserver.New(authserver.Config{Issuer: "https://server.example.com", TrustedIssuers: []authserver.TrustedIssuer{issuer}}); err == nil {
			t.Errorf("%s: New trusts it", name)
		}
	}
}
