// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Algorithms lists the signature algorithms for assertions, by their names in the
// IANA registry (RFC 7518 section 3.1, RFC 8037 section 3.1).
func Algorithms() []string {
	return append(append(rsaAlgorithms(), hmacAlgorithms()...), "ES256", "ES384", "ES512", "EdDSA")
}

// rsaAlgorithms and hmacAlgorithms are in the order in which they are chosen.
func rsaAlgorithms() []string {
	return []string{"RS256", "PS256", "RS384", "PS384", "RS512", "PS512"}
}

func hmacAlgorithms() []string { return []string{"HS256", "HS384", "HS512"} }

// hmacAlgorithmsFor lists those that a secret is long enough for: as long as the
// hash (RFC 7518 section 3.2).
func hmacAlgorithmsFor(key secret.String) []string {
	const shortest, step = 32, 16
	length := len(key.Reveal())
	if length < shortest {
		return nil
	}
	return hmacAlgorithms()[:min(len(hmacAlgorithms()), 1+(length-shortest)/step)]
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

// chooseAlgorithm picks what to sign with: what is configured, or else the first
// possible one that the server supports, or where that is unknown, the first.
func chooseAlgorithm(possible []string, configured string, supported []string) (jose.SignatureAlgorithm, error) {
	if configured != "" {
		if !slices.Contains(possible, configured) {
			return "", fmt.Errorf("this key cannot sign with %.40q but with %s", configured, strings.Join(possible, ", "))
		}
		return jose.SignatureAlgorithm(configured), nil
	}
	for _, algorithm := range possible {
		if len(supported) == 0 || slices.Contains(supported, algorithm) {
			return jose.SignatureAlgorithm(algorithm), nil
		}
	}
	return "", fmt.Errorf("this key signs with %s, and the server takes %s", strings.Join(possible, ", "), strings.Join(supported, ", "))
}
