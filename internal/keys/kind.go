// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// supportedKinds says which keys can be used.
const supportedKinds = "RSA (rsaEncryption), EC (P-256, P-384, P-521) and Ed25519 keys work"

// keyKinds names what keys are by their object identifiers: those of the algorithm
// and, for elliptic curves, of the curve.
var keyKinds = map[string]string{
	"1.2.840.113549.1.1.10": "an RSA key restricted to PSS (RSASSA-PSS); the same key as plain RSA works, with the algorithms PS256, PS384 and PS512 too", // RFC 4055
	"1.2.840.10040.4.1":     "a DSA key",
	"1.2.840.113549.1.3.1":  "a Diffie-Hellman key",
	"1.3.101.111":           "an X448 key, which cannot sign", // RFC 8410 section 3
	"1.3.101.113":           "an Ed448 key",
	"1.3.132.0.10":          "an EC key on the curve secp256k1",       // SEC 2
	"1.3.36.3.3.2.8.1.1.7":  "an EC key on the curve brainpoolP256r1", // RFC 5639
	"1.3.36.3.3.2.8.1.1.11": "an EC key on the curve brainpoolP384r1",
	"1.3.36.3.3.2.8.1.1.13": "an EC key on the curve brainpoolP512r1",
}

// unsupportedKey names the kind of a key that Go does not parse, if it is known.
func unsupportedKey(der []byte) error {
	for _, id := range identifiers(der) {
		if kind, ok := keyKinds[id.String()]; ok {
			return fmt.Errorf("the key is %s; %s", kind, supportedKinds)
		}
	}
	return fmt.Errorf("the key is damaged or of a kind that this provider does not know; %s", supportedKinds)
}

// identifiers lists the object identifiers that name the kind of a key, in PKCS#8
// (RFC 5208 section 5) or SEC 1 (RFC 5915 section 3).
func identifiers(der []byte) []asn1.ObjectIdentifier {
	var pkcs8 struct {
		Version    int
		Algorithm  pkix.AlgorithmIdentifier
		PrivateKey []byte
	}
	var sec1 struct {
		Version    int
		PrivateKey []byte
		Curve      asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
		PublicKey  asn1.BitString        `asn1:"optional,explicit,tag:1"`
	}
	var curve asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(der, &pkcs8); err == nil {
		_, _ = asn1.Unmarshal(pkcs8.Algorithm.Parameters.FullBytes, &curve) // there need be none
		return []asn1.ObjectIdentifier{curve, pkcs8.Algorithm.Algorithm}
	}
	if _, err := asn1.Unmarshal(der, &sec1); err == nil {
		return []asn1.ObjectIdentifier{sec1.Curve}
	}
	return nil
}

// unsupportedJWK says what the first of some JWKs is, none of which can be read.
func unsupportedJWK(keys []json.RawMessage) error {
	var jwk struct {
		Curve string `json:"crv"`
	}
	if len(keys) > 0 {
		_ = json.Unmarshal(keys[0], &jwk) // where it fails nothing is known of the key
	}
	if slices.Contains([]string{"secp256k1", "Ed448", "X25519", "X448"}, jwk.Curve) { // others may be anything, and are not quoted
		return fmt.Errorf("the JWK has the curve %s; %s", jwk.Curve, supportedKinds)
	}
	return errors.New("the JWK cannot be read; is it whole, with \"p\" and \"q\" if it is RSA, and is its \"kty\" RSA, EC or OKP?")
}
