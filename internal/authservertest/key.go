// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authservertest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// KeyKind is the kind of a private key.
type KeyKind string

// Kinds of keys that can sign JWTs.
const (
	RSA     KeyKind = "RSA" // 2048 bits
	P256    KeyKind = "P-256"
	P384    KeyKind = "P-384"
	P521    KeyKind = "P-521"
	Ed25519 KeyKind = "Ed25519"
)

// NewKey returns a private key. Keys of one test and its subtests differ. RSA keys,
// which are slow to generate, are shared with other tests.
func NewKey(t testing.TB, kind KeyKind) crypto.Signer {
	t.Helper()
	if kind == RSA {
		return rsaKeys.next(t)
	}
	key, err := generate(kind)
	if err != nil {
		t.Fatalf("key: %v", err)
	}
	return key
}

// keyPool is a list of keys that every test uses from its beginning.
type keyPool struct {
	mu   sync.Mutex
	keys []crypto.Signer
	used map[string]int // by the name of the test, without that of the subtest
}

var rsaKeys = keyPool{used: map[string]int{}}

// next returns the first key that the test has not used, and generates it if there is
// none.
func (p *keyPool) next(t testing.TB) crypto.Signer {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	test, _, _ := strings.Cut(t.Name(), "/")
	used := p.used[test]
	p.used[test]++
	if used == len(p.keys) {
		key, err := generate(RSA)
		if err != nil {
			t.Fatalf("key: %v", err)
		}
		p.keys = append(p.keys, key)
	}
	return p.keys[used]
}

func generate(kind KeyKind) (crypto.Signer, error) {
	switch kind {
	case RSA:
		return rsa.GenerateKey(rand.Reader, 2048)
	case P256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case P384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case P521:
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("unknown kind of key %q", kind)
}

// PKCS8 encodes any private key as "PRIVATE KEY" (RFC 5208, RFC 5958).
func PKCS8(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatalf("PKCS#8: %v", err)
	}
	return encodePEM("PRIVATE KEY", der)
}

// PKCS1 encodes an RSA key as "RSA PRIVATE KEY" (RFC 8017 appendix A.1.2).
func PKCS1(t testing.TB, key crypto.Signer) string {
	t.Helper()
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		t.Fatalf("PKCS#1: a key of type %T", key)
	}
	return encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private))
}

// SEC1 encodes an ECDSA key as "EC PRIVATE KEY" (RFC 5915).
func SEC1(t testing.TB, key crypto.Signer) string {
	t.Helper()
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		t.Fatalf("SEC 1: a key of type %T", key)
	}
	der, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatalf("SEC 1: %v", err)
	}
	return encodePEM("EC PRIVATE KEY", der)
}
