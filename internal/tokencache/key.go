// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"maps"
	"slices"
)

// keySize is the size of the keys that are derived, in bytes: AES-256 and
// HMAC-SHA-256 take as much.
const keySize = 32

// Key names an entry by everything that makes a difference to it. Build one with
// [NewKey], add the inputs in a fixed order, and take its Sum or its Slot. The
// same inputs give the same on every machine, whatever the order of a map.
type Key struct {
	digest  hash.Hash
	sealing [keySize]byte
}

// NewKey begins a key for those who hold all of secrets. Two keys are derived
// from these (HKDF with SHA-256, RFC 5869): one under which the inputs are
// hashed (HMAC, RFC 2104), so that the name tells nothing to others, and one
// that seals the entry.
//
// Secrets that can be guessed can be found out by trying them on a sealed entry:
// what is derived is as strong as they are.
func NewKey(secrets ...string) *Key {
	var material bytes.Buffer
	for _, secret := range secrets {
		writeText(&material, secret)
	}
	root := must(hkdf.Extract(sha256.New, material.Bytes(), []byte("oauth2cc token cache")))
	key := &Key{digest: hmac.New(sha256.New, must(hkdf.Expand(sha256.New, root, "name of an entry", keySize)))}
	copy(key.sealing[:], must(hkdf.Expand(sha256.New, root, "seal of an entry", keySize)))
	return key
}

// must unwraps what cannot fail: crypto reports wrong sizes as errors, and all of
// ours are fixed.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Add takes in one input: a name and any number of values, in their order.
func (k *Key) Add(name string, values ...string) *Key {
	writeText(k.digest, name)
	writeCount(k.digest, len(values))
	for _, value := range values {
		writeText(k.digest, value)
	}
	return k
}

// AddMap takes in one input that is a map.
func (k *Key) AddMap(name string, values map[string]string) *Key {
	writeText(k.digest, name)
	writeCount(k.digest, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		writeText(k.digest, key)
		writeText(k.digest, values[key])
	}
	return k
}

// Sum returns the key as 64 hexadecimal digits.
func (k *Key) Sum() string { return hex.EncodeToString(k.digest.Sum(nil)) }

// Slot returns where the entry belongs that the key names.
func (k *Key) Slot() Slot { return Slot{name: k.Sum(), sealing: k.sealing} }

// writeText takes in a text behind its length, so that no two lists of texts look
// alike.
func writeText(to io.Writer, text string) {
	writeCount(to, len(text))
	_, _ = io.WriteString(to, text) // neither a hash nor a buffer returns an error
}

// writeCount takes in a number.
func writeCount(to io.Writer, number int) {
	_, _ = to.Write(binary.BigEndian.AppendUint64(nil, uint64(number))) //nolint:gosec // a length is never negative
}
