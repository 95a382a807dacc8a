// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// EntryKey names an entry and seals it. Make one with [NewEntryKey].
type EntryKey struct {
	name string
	root [keySize]byte // which the name and the sealing key are derived from
}

// keySize is the size of the derived keys in bytes, as AES-256 takes them.
const keySize = 32

// NewEntryKey derives a key from everything that determines an entry: the name
// under which stores have it, and the key that seals it (HKDF with SHA-256, RFC
// 5869). Equal inputs give equal keys on every machine.
//
// Every field of inputs takes part, those of nested structs, maps and slices and
// the values of secrets included, unless it is tagged `cachekey:"-"`. A field of a
// kind that has no value to compare, such as a func, must be tagged: NewEntryKey
// panics otherwise.
//
// An entry can be named and opened only by a holder of all inputs, and is as
// strong as what cannot be guessed among them.
func NewEntryKey(inputs any) EntryKey {
	var encoded bytes.Buffer
	encode(&encoded, reflect.ValueOf(inputs))
	root := must(hkdf.Extract(sha256.New, encoded.Bytes(), []byte("oauth2cc token cache")))
	return EntryKey{
		name: hex.EncodeToString(must(hkdf.Expand(sha256.New, root, "name of an entry", keySize))),
		root: [keySize]byte(root),
	}
}

// Name is what stores know the entry by: 64 hexadecimal digits that reveal none of
// the inputs.
func (k EntryKey) Name() string { return k.name }

// must unwraps what cannot fail: crypto reports wrong sizes as errors, and all of
// ours are fixed.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// encode writes a value so that no two different values of one type look alike:
// texts follow their length, and lists, maps and structs their number of elements.
func encode(to *bytes.Buffer, value reflect.Value) {
	if value.Type() == reflect.TypeFor[secret.String]() {
		hidden, _ := reflect.TypeAssert[secret.String](value)
		encodeText(to, hidden.Reveal())
		return
	}
	switch value.Kind() {
	case reflect.String:
		encodeText(to, value.String())
	case reflect.Bool:
		encodeNumber(to, map[bool]int64{true: 1}[value.Bool()])
	case reflect.Int, reflect.Int64:
		encodeNumber(to, value.Int())
	case reflect.Slice:
		encodeNumber(to, int64(value.Len()))
		for i := range value.Len() {
			encode(to, value.Index(i))
		}
	case reflect.Map:
		encodeMap(to, value)
	case reflect.Pointer:
		encodeNumber(to, map[bool]int64{true: 1}[!value.IsNil()])
		if !value.IsNil() {
			encode(to, value.Elem())
		}
	case reflect.Struct:
		encodeStruct(to, value)
	default:
		panic(fmt.Sprintf("tokencache: a %s cannot take part in a key; tag the field `cachekey:\"-\"`", value.Type()))
	}
}

func encodeMap(to *bytes.Buffer, value reflect.Value) {
	encodeNumber(to, int64(value.Len()))
	keys := value.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		encodeText(to, key.String())
		encode(to, value.MapIndex(key))
	}
}

// encodeStruct writes the fields that take part, each behind its name.
func encodeStruct(to *bytes.Buffer, value reflect.Value) {
	for i := range value.NumField() {
		if field := value.Type().Field(i); field.Tag.Get("cachekey") != "-" {
			encodeText(to, field.Name)
			encode(to, value.Field(i))
		}
	}
}

func encodeText(to *bytes.Buffer, text string) {
	encodeNumber(to, int64(len(text)))
	to.WriteString(text)
}

func encodeNumber(to *bytes.Buffer, number int64) {
	to.Write(binary.BigEndian.AppendUint64(to.AvailableBuffer(), uint64(number))) //nolint:gosec // keeps all bits
}

const timesSize = 16

// seal encrypts an entry so that only a holder of the key reads it, and notices if
// it was altered or moved to another name, whose key differs: AES-256 in Galois/Counter
// Mode with a random nonce (NIST SP 800-38D).
func (k EntryKey) seal(entry Entry[[]byte]) []byte {
	plain := make([]byte, 0, timesSize+len(entry.Value))
	plain = appendTime(plain, entry.IssuedAt)
	plain = appendTime(plain, entry.ExpiresAt)
	plain = append(plain, entry.Value...)
	return k.aead().Seal(nil, nil, plain, nil) //nolint:gosec // the cipher makes the nonce
}

// open is the inverse of seal. It accepts no byte that seal has not written.
func (k EntryKey) open(sealed []byte) (Entry[[]byte], error) {
	plain, err := k.aead().Open(nil, nil, sealed, nil)
	if err != nil || len(plain) < timesSize {
		return Entry[[]byte]{}, ErrDamaged
	}
	return Entry[[]byte]{
		IssuedAt:  readTime(plain[:timesSize/2]),
		ExpiresAt: readTime(plain[timesSize/2 : timesSize]),
		Value:     plain[timesSize:],
	}, nil
}

func (k EntryKey) aead() cipher.AEAD {
	sealing := must(hkdf.Expand(sha256.New, k.root[:], "seal of an entry", keySize))
	return must(cipher.NewGCMWithRandomNonce(must(aes.NewCipher(sealing))))
}

// appendTime writes a time in whole milliseconds, which never makes it later.
func appendTime(data []byte, at time.Time) []byte {
	return binary.BigEndian.AppendUint64(data, uint64(at.UnixMilli()))
}

// readTime is the inverse of appendTime.
func readTime(data []byte) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(data))).UTC() //nolint:gosec // written by appendTime
}
