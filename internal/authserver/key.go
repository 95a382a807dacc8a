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

	"github.com/golang-jwt/jwt/v5"
)

// Key is the public key of a signer of JWTs or of a certificate.
type Key struct {
	// ID is the kid that selects the key, if it has one.
	ID string

	// Public is an *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey.
	Public crypto.PublicKey

	// Certificate, if set, selects the key by the thumbprints x5t and x5t#S256
	// (RFC 7515 §4.1.7, §4.1.8). Public may then be nil.
	Certificate *x509.Certificate
}

func (k Key) public() crypto.PublicKey {
	if k.Public == nil && k.Certificate != nil {
		return k.Certificate.PublicKey
	}
	return k.Public
}

// names returns the header parameters that select the key, with their values.
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

// selected reports whether a JOSE header selects this key: it must name the key
// at least once, if the key has a name, and must not name another one.
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

// registeredKey finds the key that the header selects and checks that alg fits
// it: the library would verify ES256 with any curve, and PS256 with any salt.
func registeredKey(keys []Key) jwt.Keyfunc {
	return func(token *jwt.Token) (any, error) {
		i := slices.IndexFunc(keys, func(k Key) bool { return k.selected(token.Header) })
		if i < 0 {
			return nil, assertionError("the header does not name a registered key")
		}
		if !slices.Contains(keys[i].algorithms(), token.Method.Alg()) {
			return nil, assertionError("alg does not fit the key")
		}
		if pss, ok := token.Method.(*jwt.SigningMethodRSAPSS); ok {
			strict := *pss
			strict.VerifyOptions = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash} // RFC 7518 §3.5
			token.Method = &strict
		}
		return keys[i].public(), nil
	}
}

// algorithms returns the values of alg that fit the key (RFC 7518 §3, RFC 8037 §3.1).
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

// algorithmsOf returns those that fit any of the keys.
func algorithmsOf(keys []Key) []string {
	var all []string
	for _, k := range keys {
		all = append(all, k.algorithms()...)
	}
	return all
}

// validateKeys rejects keys that cannot verify anything or cannot be distinguished.
func validateKeys(keys []Key) error {
	for _, k := range keys {
		if len(k.algorithms()) == 0 {
			return fmt.Errorf("unsupported key type %T", k.public())
		}
		if public, ok := k.public().(*rsa.PublicKey); ok && public.N.BitLen() < 2048 {
			return errors.New("an RSA key is shorter than 2048 bits") // RFC 7518 §3.3
		}
		if k.Certificate != nil && !samePublicKey(k.public(), k.Certificate.PublicKey) {
			return errors.New("a key does not match its certificate")
		}
		if len(keys) > 1 && len(k.names()) == 0 {
			return errors.New("one of several keys has neither an id nor a certificate")
		}
	}
	return nil
}

func samePublicKey(a, b crypto.PublicKey) bool {
	comparable, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && comparable.Equal(b)
}

// thumbprint returns the x5t#S256 of a certificate (RFC 7515 §4.1.8).
func thumbprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return base64url(sum[:])
}
