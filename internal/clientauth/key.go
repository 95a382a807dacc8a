// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Key is a private key that signs.
type Key struct {
	crypto.Signer
	// id and algorithm are those that a JWK names; empty where it names none.
	id, algorithm string
}

// byteOrderMark is what some editors and shells put before a text.
const byteOrderMark = "\uFEFF"

// ParseKey reads a private key: PEM in PKCS#1, PKCS#8 or SEC 1, or a JWK, or a
// JWK Set from which id chooses one. The errors say what the text is instead, and
// never quote it.
func ParseKey(text secret.String, id string) (Key, error) {
	trimmed := strings.TrimSpace(strings.TrimPrefix(text.Reveal(), byteOrderMark))
	switch {
	case trimmed == "":
		return Key{}, errors.New("the key is empty")
	case strings.HasPrefix(trimmed, "{"):
		return parseJWK([]byte(trimmed), id)
	case strings.Contains(trimmed, "-----BEGIN "):
		return parsePEM([]byte(trimmed))
	default:
		return Key{}, errors.New("it is neither PEM, which begins with \"-----BEGIN\", nor a JWK, which begins with \"{\"; give the text of the key and not the name of its file")
	}
}

// parsePEM reads the first private key in PEM text. Parameters of elliptic curves
// and certificates, which tools write beside a key, are passed over.
func parsePEM(text []byte) (Key, error) {
	var found string
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Headers["DEK-Info"] != "" || block.Type == "ENCRYPTED PRIVATE KEY" {
			return Key{}, errors.New("the key is protected by a passphrase; decrypt it with \"openssl pkey -in key.pem\" and give the result")
		}
		if parse := pemParser(block.Type); parse != nil {
			parsed, err := parse(block.Bytes)
			if err != nil {
				return Key{}, unsupportedKey(block.Bytes)
			}
			return newKey(parsed)
		}
		found = block.Type
	}
	switch found {
	case "":
		return Key{}, errors.New("the PEM text is damaged: its lines, base64 or END line are wrong")
	case "OPENSSH PRIVATE KEY":
		return Key{}, errors.New("the key is in OpenSSH's format; convert a copy of an RSA or ECDSA key with \"ssh-keygen -p -m PKCS8 -N '' -f copy\", " +
			"and in place of an Ed25519 key, which stays in that format, make one with \"openssl genpkey -algorithm ED25519\"")
	default:
		return Key{}, fmt.Errorf("the PEM text holds no private key but a %.40q", found)
	}
}

// pemParser is the parser for a type of PEM block, nil where it is no private key.
func pemParser(kind string) func([]byte) (any, error) {
	switch kind {
	case "PRIVATE KEY": // RFC 5208, RFC 5958
		return x509.ParsePKCS8PrivateKey
	case "RSA PRIVATE KEY": // RFC 8017 appendix A.1.2
		return func(der []byte) (any, error) { return x509.ParsePKCS1PrivateKey(der) }
	case "EC PRIVATE KEY": // RFC 5915
		return func(der []byte) (any, error) { return x509.ParseECPrivateKey(der) }
	default:
		return nil
	}
}

// newKey wraps a parsed key, if it can sign.
func newKey(parsed any) (Key, error) {
	if _, ok := parsed.(*ecdh.PrivateKey); ok {
		return Key{}, fmt.Errorf("it is an X25519 key, which cannot sign; %s", supportedKinds)
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return Key{}, fmt.Errorf("a key of this kind cannot sign; %s", supportedKinds)
	}
	if _, err := algorithmsOf(signer.Public()); err != nil {
		return Key{}, err
	}
	return Key{Signer: signer}, nil
}

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
	key.id, key.algorithm = jwk.KeyID, jwk.Algorithm
	return key, err
}

// belongTogether tells whether the private part of a JWK is that of its public part.
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
// set that are of an unknown kind are passed over (RFC 7517 section 5).
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
