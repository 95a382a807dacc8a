// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is a SHA-1 thumbprint by definition
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
)

// Key is a public key of somebody who signs JWTs or shows a certificate.
type Key struct {
	// ID is the kid that selects the key; empty when it has none.
	ID string

	// Public is an *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey.
	Public crypto.PublicKey

	// Certificate, where the key has one, selects it by the thumbprints x5t and
	// x5t#S256 (RFC 7515 §4.1.7, §4.1.8). Public may be left out then.
	Certificate *x509.Certificate
}

// public is the key itself, wherever it is.
func (k Key) public() crypto.PublicKey {
	if k.Public == nil && k.Certificate != nil {
		return k.Certificate.PublicKey
	}
	return k.Public
}

// names are the header parameters that select the key, and their values.
func (k Key) names() map[string]string {
	names := make(map[string]string)
	if k.ID != "" {
		names["kid"] = k.ID
	}
	if k.Certificate != nil {
		sum := sha1.Sum(k.Certificate.Raw) //nolint:gosec // as above
		names["x5t"] = base64url(sum[:])
		names["x5t#S256"] = thumbprint(k.Certificate)
	}
	return names
}

// selected reports whether a JOSE header means this key: it names it in one way
// at least, where the key has a name, and in no other way.
func (k Key) selected(header map[string]any) bool {
	names := k.names()
	selected := len(names) == 0
	for _, parameter := range []string{"kid", "x5t", "x5t#S256"} {
		value, sent := header[parameter]
		if !sent {
			continue
		}
		if name, ok := names[parameter]; !ok || value != name {
			return false
		}
		selected = true
	}
	return selected
}

func selectKey(keys []Key, header map[string]any) (Key, bool) {
	i := slices.IndexFunc(keys, func(k Key) bool { return k.selected(header) })
	if i < 0 {
		return Key{}, false
	}
	return keys[i], true
}

// algorithms are the values of alg that fit the key (RFC 7518 §3, RFC 8037 §3.1).
func (k Key) algorithms() []string {
	switch public := k.public().(type) {
	case *rsa.PublicKey:
		return []string{"PS256", "PS384", "PS512", "RS256", "RS384", "RS512"}
	case *ecdsa.PublicKey:
		return map[string][]string{"P-256": {"ES256"}, "P-384": {"ES384"}, "P-521": {"ES512"}}[public.Params().Name]
	case ed25519.PublicKey:
		return []string{"EdDSA"}
	}
	return nil
}

// algorithmsOf are those that fit one of the keys.
func algorithmsOf(keys []Key) []string {
	var all []string
	for _, k := range keys {
		all = append(all, k.algorithms()...)
	}
	return all
}

// validateKeys refuses keys that could verify nothing, or not be told apart.
func validateKeys(keys []Key) error {
	for _, k := range keys {
		if len(k.algorithms()) == 0 {
			return fmt.Errorf("a key of type %T is not supported", k.public())
		}
		if public, ok := k.public().(*rsa.PublicKey); ok && public.N.BitLen() < 2048 {
			return errors.New("an RSA key is shorter than 2048 bits") // RFC 7518 §3.3
		}
		if k.Certificate != nil && !samePublicKey(k.public(), k.Certificate.PublicKey) {
			return errors.New("a key and its certificate do not fit")
		}
		if len(keys) > 1 && len(k.names()) == 0 {
			return errors.New("one of several keys has neither id nor certificate")
		}
	}
	return nil
}

func samePublicKey(a, b crypto.PublicKey) bool {
	comparable, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && comparable.Equal(b)
}

// thumbprint is the x5t#S256 of a certificate.
func thumbprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return base64url(sum[:])
}
