// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
)

// Key names an entry by everything that makes a difference to it. Build one with
// [NewKey], add the inputs in a fixed order, and take its Sum. The same inputs
// give the same sum on every machine, whatever the order of a map.
type Key struct{ digest hash.Hash }

// NewKey begins a key. The sum is an HMAC under credentials, so that it tells
// nothing about them to those who do not hold them.
func NewKey(credentials []byte) *Key {
	return &Key{hmac.New(sha256.New, credentials)}
}

// Add takes in one input: a name and any number of values, in their order.
func (k *Key) Add(name string, values ...string) *Key {
	k.write(name)
	k.count(len(values))
	for _, value := range values {
		k.write(value)
	}
	return k
}

// AddMap takes in one input that is a map.
func (k *Key) AddMap(name string, values map[string]string) *Key {
	k.write(name)
	k.count(len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		k.write(key)
		k.write(values[key])
	}
	return k
}

// Sum returns the key as hexadecimal text.
func (k *Key) Sum() string { return hex.EncodeToString(k.digest.Sum(nil)) }

// write takes in a text behind its length, so that no two lists of texts look
// alike.
func (k *Key) write(text string) {
	k.count(len(text))
	k.digest.Write([]byte(text)) // a hash never returns an error
}

// count takes in a number.
func (k *Key) count(number int) {
	k.digest.Write(binary.BigEndian.AppendUint64(nil, uint64(number))) //nolint:gosec // a length is never negative
}
