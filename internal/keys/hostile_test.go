// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// marshal writes DER.
func marshal(t testing.TB, value any) []byte {
	t.Helper()
	der, err := asn1.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// algorithm is an algorithm with parameters.
func algorithm(t testing.TB, params any, id ...int) pkix.AlgorithmIdentifier {
	t.Helper()
	return pkix.AlgorithmIdentifier{Algorithm: id, Parameters: asn1.RawValue{FullBytes: marshal(t, params)}}
}

// Parameters of key derivations (RFC 8018 appendix A.2, RFC 7914 section 7.1).
type (
	pbkdf2Params struct {
		Salt                  []byte
		Iterations, KeyLength int
		PRF                   pkix.AlgorithmIdentifier
	}
	scryptParams struct {
		Salt    []byte
		N, R, P int
	}
)

// TestHostileEncryption: parameters that no tool writes cost neither time nor memory.
func TestHostileEncryption(t *testing.T) {
	t.Parallel()
	salt, iv := []byte("8 bytes."), make([]byte, 16)
	sha256 := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}}
	aes := algorithm(t, iv, 2, 16, 840, 1, 101, 3, 4, 1, 2)
	pbkdf2 := func(params any) pkix.AlgorithmIdentifier { return algorithm(t, params, 1, 2, 840, 113549, 1, 5, 12) }
	scrypt := func(n, r, p int) pkix.AlgorithmIdentifier {
		return algorithm(t, scryptParams{salt, n, r, p}, 1, 3, 6, 1, 4, 1, 11591, 4, 11)
	}
	cheap := pbkdf2(pbkdf2Params{salt, 1, 16, sha256})
	tests := map[string]struct {
		derivation, scheme pkix.AlgorithmIdentifier
		encrypted          []byte
		member, want       string
	}{
		"well-formed noise":    {cheap, aes, make([]byte, 32), "private_key_passphrase", "is wrong"},
		"no iterations":        {pbkdf2(pbkdf2Params{salt, 0, 16, sha256}), aes, make([]byte, 16), "private_key", "damaged"},
		"negative iterations":  {pbkdf2(pbkdf2Params{salt, -1, 16, sha256}), aes, make([]byte, 16), "private_key", "damaged"},
		"too many iterations":  {pbkdf2(pbkdf2Params{salt, 1 << 40, 16, sha256}), aes, make([]byte, 16), "private_key", "iterations"},
		"another key length":   {pbkdf2(pbkdf2Params{salt, 1, 1 << 40, sha256}), aes, make([]byte, 16), "private_key", "damaged"},
		"salt from elsewhere":  {pbkdf2(struct{ A, B int }{1, 2}), aes, make([]byte, 16), "private_key", "damaged"},
		"unknown function":     {pbkdf2(pbkdf2Params{salt, 1, 16, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 3, 4}}}), aes, make([]byte, 16), "private_key", "1.2.3.4"},
		"unknown derivation":   {algorithm(t, salt, 1, 2, 3, 5), aes, make([]byte, 16), "private_key", "1.2.3.5"},
		"unknown cipher":       {cheap, algorithm(t, iv, 1, 2, 3, 6), make([]byte, 16), "private_key", "1.2.3.6"},
		"AES-GCM":              {cheap, algorithm(t, iv, 2, 16, 840, 1, 101, 3, 4, 1, 46), make([]byte, 16), "private_key", "AES-256-GCM"},
		"short IV":             {cheap, algorithm(t, iv[:8], 2, 16, 840, 1, 101, 3, 4, 1, 2), make([]byte, 16), "private_key", "damaged"},
		"parts of a block":     {cheap, aes, make([]byte, 17), "private_key", "damaged"},
		"nothing":              {cheap, aes, nil, "private_key", "damaged"},
		"scrypt, noise":        {scrypt(2, 1, 1), aes, make([]byte, 16), "private_key_passphrase", "is wrong"},
		"scrypt, no power":     {scrypt(3, 1, 1), aes, make([]byte, 16), "private_key", "damaged"},
		"scrypt, memory":       {scrypt(1<<19, 8, 1), aes, make([]byte, 16), "private_key", "256 MiB"},
		"scrypt, memory by r":  {scrypt(2, 1<<40, 1), aes, make([]byte, 16), "private_key", "256 MiB"},
		"scrypt, time":         {scrypt(1<<15, 8, 1<<20), aes, make([]byte, 16), "private_key", "too long"},
		"scrypt, all negative": {scrypt(-2, -1, -1), aes, make([]byte, 16), "private_key", "damaged"},
		"scrypt, no r":         {scrypt(2, 0, 1), aes, make([]byte, 16), "private_key", "damaged"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scheme := algorithm(t, struct{ Derivation, Scheme pkix.AlgorithmIdentifier }{test.derivation, test.scheme}, 1, 2, 840, 113549, 1, 5, 13)
			der := marshal(t, struct {
				Algorithm pkix.AlgorithmIdentifier
				Encrypted []byte
			}{scheme, test.encrypted})
			text := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})
			_, err := keys.Source{PrivateKey: secret.New(string(text)), Passphrase: secret.New(passphrase)}.Open("")
			about(t, err, test.member, test.want)
		})
	}
}

// TestCertificatesOfPKCS12: whatever the order in the file, the certificate of the key comes
// first, then those of its issuers.
func TestCertificatesOfPKCS12(t *testing.T) {
	t.Parallel()
	key, ca := authservertest.NewKey(t, authservertest.P256), authservertest.NewAuthority(t)
	root, err := keys.ParseCertificates(ca.PEM())
	if err != nil {
		t.Fatal(err)
	}
	leaf := ca.Issue(t, key, authservertest.ClientTemplate("client")).Leaf
	stranger := authservertest.SelfSigned(t, authservertest.NewKey(t, authservertest.P256), authservertest.ClientTemplate("stranger")).Leaf
	open := func(certificates ...*x509.Certificate) (keys.Key, error) {
		file, err := pkcs12.Modern.WithIterations(1).Encode(key, certificates[0], certificates[1:], "x")
		if err != nil {
			t.Fatal(err)
		}
		return keys.Source{PKCS12: secret.New(base64.StdEncoding.EncodeToString(file)), Password: secret.New("x")}.Open("")
	}
	for name, certificates := range map[string][]*x509.Certificate{
		"in order":      {leaf, root[0]},
		"issuer first":  {root[0], leaf},
		"with stranger": {stranger, root[0], leaf},
	} {
		found, err := open(certificates...)
		if err != nil {
			t.Fatal(err)
		}
		if got := found.Certificates; len(got) != 2 || !got[0].Equal(leaf) || !got[1].Equal(root[0]) {
			t.Errorf("%s: %d certificates", name, len(got))
		}
	}
	for name, encoder := range map[string]*pkcs12.Encoder{"RC2": pkcs12.LegacyRC2, "3DES": pkcs12.LegacyDES, "AES": pkcs12.Modern2023, "PBMAC1": pkcs12.Modern2026} {
		file, err := encoder.Encode(key, leaf, root, "x")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (keys.Source{PKCS12: secret.New(base64.StdEncoding.EncodeToString(file)), Password: secret.New("x")}).Open(""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = open(stranger, root[0])
	about(t, err, "pkcs12", "not those of its private key")
}
