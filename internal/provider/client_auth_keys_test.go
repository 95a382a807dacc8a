// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/url"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// keyID is the kid of a key in a JWK.
const keyID = "2026-03"

// keys are one private key of each kind.
type keys map[authservertest.KeyKind]crypto.Signer

func newKeys(t *testing.T) keys {
	t.Helper()
	made := keys{}
	for _, kind := range []authservertest.KeyKind{
		authservertest.RSA, authservertest.P256, authservertest.P384, authservertest.P521, authservertest.Ed25519,
	} {
		made[kind] = authservertest.NewKey(t, kind)
	}
	return made
}

// encodings are the ways in which a key of a kind is written, by their names.
func encodings(t *testing.T, kind authservertest.KeyKind, key crypto.Signer) map[string]string {
	t.Helper()
	one := jwk(t, key, keyID)
	ways := map[string]string{
		"PKCS#8":  authservertest.PKCS8(t, key),
		"JWK":     one,
		"JWK Set": `{"keys":[` + jwk(t, authservertest.NewKey(t, authservertest.P256), "other") + `,` + one + `]}`,
	}
	switch kind {
	case authservertest.RSA:
		ways["PKCS#1"] = authservertest.PKCS1(t, key)
	case authservertest.P256, authservertest.P384, authservertest.P521:
		ways["SEC 1"] = authservertest.SEC1(t, key)
	case authservertest.Ed25519: // PKCS#8 alone, RFC 8410
	}
	return ways
}

// jwk writes a private key as RFC 7518 section 6 and RFC 8037 section 2 say.
func jwk(t *testing.T, key crypto.Signer, id string) string {
	t.Helper()
	members := map[string]string{"kid": id}
	set := func(name string, bytes []byte) { members[name] = base64.RawURLEncoding.EncodeToString(bytes) }
	switch key := key.(type) {
	case *rsa.PrivateKey:
		members["kty"] = "RSA"
		for name, number := range map[string]*big.Int{
			"n": key.N, "e": big.NewInt(int64(key.E)), "d": key.D, "p": key.Primes[0], "q": key.Primes[1],
			"dp": key.Precomputed.Dp, "dq": key.Precomputed.Dq, "qi": key.Precomputed.Qinv,
		} {
			set(name, number.Bytes())
		}
	case *ecdsa.PrivateKey:
		private, err := key.ECDH()
		if err != nil {
			t.Fatal(err)
		}
		point := private.PublicKey().Bytes()[1:] // behind 4, which says "uncompressed", SEC 1 section 2.3.3
		members["kty"], members["crv"] = "EC", key.Params().Name
		set("x", point[:len(point)/2])
		set("y", point[len(point)/2:])
		set("d", private.Bytes())
	case ed25519.PrivateKey:
		members["kty"], members["crv"] = "OKP", "Ed25519"
		set("x", key[ed25519.SeedSize:])
		set("d", key.Seed())
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// withKey registers a client that signs with key.
func withKey(key crypto.Signer, id string) func(*authserver.Client) {
	return func(client *authserver.Client) {
		client.Secret, client.AuthMethod = "", authserver.PrivateKeyJWT
		client.Keys = []authserver.Key{{ID: id, Public: key.Public()}}
	}
}

// signing is a provider block for a client that signs with a private key.
func signing(srv *authservertest.Server, privateKey string, more ...attributes) attributes {
	return attributes{
		"token_endpoint":   srv.TokenURL(),
		"client_id":        clientID,
		"signed_assertion": merged(append([]attributes{{"private_key": privateKey}}, more...)...),
	}
}

// presenting is a provider block for a client with a certificate.
func presenting(t *testing.T, srv *authservertest.Server, certificate tls.Certificate) attributes {
	t.Helper()
	return attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID, "tls": tlsBlock(t, srv, certificate)}
}

// tlsBlock is the attribute tls for a certificate.
func tlsBlock(t *testing.T, srv *authservertest.Server, certificate tls.Certificate) attributes {
	t.Helper()
	return attributes{
		"ca_certificate":     srv.CAPEM,
		"client_certificate": authservertest.CertificatePEM(certificate),
		"client_key":         pkcs8(t, certificate),
	}
}

// pkcs8 is the key of a certificate.
func pkcs8(t *testing.T, certificate tls.Certificate) string {
	t.Helper()
	key, ok := certificate.PrivateKey.(crypto.Signer)
	if !ok {
		t.Fatalf("a key of type %T", certificate.PrivateKey)
	}
	return authservertest.PKCS8(t, key)
}

// selfSigned is a certificate of nobody's but its own.
func selfSigned(t *testing.T, key crypto.Signer) tls.Certificate {
	t.Helper()
	return authservertest.SelfSigned(t, key, authservertest.ClientTemplate("client"))
}

// leaf is the certificate itself.
func leaf(t *testing.T, certificate tls.Certificate) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(authservertest.CertificatePEM(certificate)))
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// parameter is what a token request has under a name, wherever its parameters are.
func parameter(t *testing.T, request authserver.Request, name string) string {
	t.Helper()
	if target, err := url.Parse(request.Target); err == nil && target.Query().Has(name) {
		return target.Query().Get(name)
	}
	var document map[string]string
	if strings.HasPrefix(request.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(request.Body, &document); err != nil {
			t.Fatal(err)
		}
		return document[name]
	}
	return request.Form().Get(name)
}

// assertion is a JWT, read and not verified: the server has done that.
type assertion struct{ header, claims map[string]any }

// clientAssertion is that of a token request.
func clientAssertion(t *testing.T, request authserver.Request) assertion {
	t.Helper()
	return readAssertion(t, parameter(t, request, "client_assertion"))
}

func readAssertion(t *testing.T, text string) assertion {
	t.Helper()
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts are no JWT", len(parts))
	}
	var read assertion
	for i, into := range []*map[string]any{&read.header, &read.claims} {
		decoded, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(decoded, into); err != nil {
			t.Fatal(err)
		}
	}
	return read
}
