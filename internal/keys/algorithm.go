// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
)

// Algorithms lists the signature algorithms that keys can sign with, by their names
// in the IANA registry (RFC 7518 section 3.1, RFC 8037 section 3.1).
func Algorithms() []string { return append(rsaAlgorithms(), "ES256", "ES384", "ES512", "EdDSA") }

// rsaAlgorithms are in the order of preference: what most servers accept first.
func rsaAlgorithms() []string {
	return []string{"RS256", "PS256", "RS384", "PS384", "RS512", "PS512"}
}

// Algorithms lists those that the key can sign with, in the order of preference.
func (k Key) Algorithms() []string {
	algorithms, _ := algorithmsOf(k.Public()) // checked when the key was read
	return algorithms
}

// minRSABits is the shortest RSA key that may sign (RFC 7518 section 3.3).
const minRSABits = 2048

// algorithmsOf lists the algorithms that a key can sign with, in the order in
// which they are chosen.
func algorithmsOf(public crypto.PublicKey) ([]string, error) {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return nil, fmt.Errorf("the RSA key has %d bits; RFC 7518 section 3.3 asks for %d", key.N.BitLen(), minRSABits)
		}
		return rsaAlgorithms(), nil
	case *ecdsa.PublicKey:
		name, ok := map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[key.Curve.Params().Name]
		if !ok {
			return nil, fmt.Errorf("no signature algorithm is defined for EC keys on the curve %s; P-256, P-384 and P-521 work", key.Curve.Params().Name)
		}
		return []string{name}, nil
	case ed25519.PublicKey:
		return []string{"EdDSA"}, nil
	default:
		return nil, fmt.Errorf("a key of this kind cannot sign; %s", supportedKinds)
	}
}
