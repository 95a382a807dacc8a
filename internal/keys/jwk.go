// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys

import (
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// parseJWK reads a JWK, or one of a JWK Set (RFC 7517 sections 4 and 5).
func parseJWK(text []byte, id string) (Key, error) {
	keys, isSet, err := readJWKs(text)
	if err != nil {
		return Key{}, err
	}
	if !isSet {
		id = "" // there is nothing to choose
	}
	jwk, err := chooseJWK(keys, id)
	if err != nil {
		return Key{}, err
	}
	if jwk.IsPublic() {
		return Key{}, errors.New("the JWK holds the public key; the private one has a member \"d\"")
	}
	if !belongTogether(jwk.Key) {
		return Key{}, errors.New("the members of the JWK are not those of one key: its private part does not fit the public one")
	}
	key, err := newKey(jwk.Key)
	key.ID, key.Algorithm = jwk.KeyID, jwk.Algorithm
	return key, err
}

// belongTogether reports whether the private part of a JWK is that of its public part.
// A signature by another key would be refused far from here, and without a reason.
// With RSA and Ed25519 keys the JOSE library sees to that.
func belongTogether(key any) bool {
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

// readJWKs reads the one key, or those of a set, and tells which it is. Keys of a
// set that are of an unknown kind are skipped (RFC 7517 section 5).
func readJWKs(text []byte) (keys []jose.JSONWebKey, isSet bool, err error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	isSet = json.Unmarshal(text, &set) == nil && set.Keys != nil
	if !isSet {
		set.Keys = []json.RawMessage{text}
	}
	for _, member := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(member, &key) == nil {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, isSet, unsupportedJWK(set.Keys)
	}
	return keys, isSet, nil
}

// chooseJWK picks the key with an id, or the only one.
func chooseJWK(keys []jose.JSONWebKey, id string) (jose.JSONWebKey, error) {
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
