// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authservertest_test

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// A key that is encoded as PEM can be parsed again, from the block of its format.
func TestPrivateKeyPEM(t *testing.T) {
	t.Parallel()
	pkcs1 := func(der []byte) (any, error) { return x509.ParsePKCS1PrivateKey(der) }
	sec1 := func(der []byte) (any, error) { return x509.ParseECPrivateKey(der) }
	for name, row := range map[string]struct {
		kind   authservertest.KeyKind
		encode func(testing.TB, crypto.Signer) string
		block  string
		parse  func([]byte) (any, error)
	}{
		"RSA, PKCS#8":     {authservertest.RSA, authservertest.PKCS8, "PRIVATE KEY", x509.ParsePKCS8PrivateKey},
		"RSA, PKCS#1":     {authservertest.RSA, authservertest.PKCS1, "RSA PRIVATE KEY", pkcs1},
		"P-256, PKCS#8":   {authservertest.P256, authservertest.PKCS8, "PRIVATE KEY", x509.ParsePKCS8PrivateKey},
		"P-256, SEC 1":    {authservertest.P256, authservertest.SEC1, "EC PRIVATE KEY", sec1},
		"P-384, SEC 1":    {authservertest.P384, authservertest.SEC1, "EC PRIVATE KEY", sec1},
		"P-521, SEC 1":    {authservertest.P521, authservertest.SEC1, "EC PRIVATE KEY", sec1},
		"Ed25519, PKCS#8": {authservertest.Ed25519, authservertest.PKCS8, "PRIVATE KEY", x509.ParsePKCS8PrivateKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := authservertest.NewKey(t, row.kind)
			block, rest := pem.Decode([]byte(row.encode(t, key)))
			if block == nil || block.Type != row.block || len(rest) > 0 {
				t.Fatalf("block is %v, followed by %q", block, rest)
			}
			parsed, err := row.parse(block.Bytes)
			if err != nil || !key.(interface{ Equal(crypto.PrivateKey) bool }).Equal(parsed) {
				t.Errorf("the parsed key is %T, %v", parsed, err)
			}
		})
	}
}

func TestCertificatePEM(t *testing.T) {
	t.Parallel()
	ca := authservertest.NewAuthority(t)
	for _, kind := range []authservertest.KeyKind{
		authservertest.RSA, authservertest.P256, authservertest.P384, authservertest.P521, authservertest.Ed25519,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			key := authservertest.NewKey(t, kind)
			template := authservertest.ClientTemplate("client")
			for signedBy, certificate := range map[string]tls.Certificate{
				"CA": ca.Issue(t, key, template), "itself": authservertest.SelfSigned(t, key, template),
			} {
				pair, err := tls.X509KeyPair([]byte(authservertest.CertificatePEM(certificate)), []byte(authservertest.PKCS8(t, key)))
				if err != nil {
					t.Fatalf("by %s: %v", signedBy, err)
				}
				_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: ca.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
				if (err == nil) != (signedBy == "CA") {
					t.Errorf("by %s: verification returns %v", signedBy, err)
				}
				if pair.Leaf.Subject.CommonName != "client" {
					t.Errorf("by %s: the certificate is for %v", signedBy, pair.Leaf.Subject)
				}
			}
		})
	}
}
