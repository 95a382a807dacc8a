// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys

import (
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// parseJWK reads a JWK, or the one with an id from a JWK Set (RFC 7517 sections 4 and 5).
func parseJWK(text []byte, id string) (Key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(text, &set) != nil || set.Keys == nil {
		set.Keys, id = []json.RawMessage{text}, "" // there is no other to select
	}
	var keys []jose.JSONWebKey
	for _, member := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(member, &key) == nil { // others are skipped (RFC 7517 section 5)
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return Key{}, unsupportedJWK(set.Keys)
	}
	jwk, err := selectJWK(keys, id)
	if err != nil {
		return Key{}, err
	}
	if jwk.IsPublic() {
		return Key{}, errors.New("the JWK holds the public key; the private one has a member \"d\"")
	}
	if !isPair(jwk.Key) {
		return Key{}, errors.New("the members of the JWK are not those of one key: its private part does not fit the public one")
	}
	key, err := newKey(jwk.Key)
	key.ID, key.Algorithm = jwk.KeyID, jwk.Algorithm
	return key, err
}

func selectJWK(keys []jose.JSONWebKey, id string) (jose.JSONWebKey, error) {
	if id == "" && len(keys) == 1 {
		return keys[0], nil
	}
	var ids []string
	for _, key := range keys {
		if key.KeyID == id && id != "" {
			return key, nil
		}
		ids = append(ids, key.KeyID)
	}
	return jose.JSONWebKey{}, fmt.Errorf("the JWK Set has %d keys, with the ids %q: set key_id to one of them", len(keys), ids)
}

// isPair reports whether the private part of a JWK belongs to its public part. The JOSE
// library checks RSA and Ed25519 keys itself.
func isPair(key any) bool {
	pair, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return true
	}
	private, err := pair.Bytes()
	if err != nil {
		return false
	}
	derived, err := ecdsa.ParseRawPrivateKey(pair.Curve, private)
	return err == nil && derived.PublicKey.Equal(&pair.PublicKey)
}

// unsupportedJWK describes the first of some JWKs, none of which can be read.
func unsupportedJWK(keys []json.RawMessage) error {
	var jwk struct {
		Curve string `json:"crv"`
	}
	if len(keys) > 0 {
		_ = json.Unmarshal(keys[0], &jwk) // if it fails, nothing is known of the key
	}
	if slices.Contains([]string{"secp256k1", "Ed448", "X25519", "X448"}, jwk.Curve) { // others are not quoted
		return fmt.Errorf("the JWK has the curve %s; %s", jwk.Curve, supported)
	}
	return errors.New("the JWK cannot be read; is it whole, with \"p\" and \"q\" if it is RSA, and is its \"kty\" RSA, EC or OKP?")
}
