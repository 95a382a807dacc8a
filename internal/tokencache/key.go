// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
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
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// EntryKey names an entry and seals it. Make one with [NewEntryKey].
type EntryKey struct {
	inputs  string // encoded; names the entry in memory
	derived *derived
}

// derived is what stores need of a key. It is derived when it is first needed, as memory
// needs none of it.
type derived struct {
	once sync.Once
	name string
	aead cipher.AEAD
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
	buffer, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	*buffer = encode((*buffer)[:0], reflect.ValueOf(inputs))
	return EntryKey{inputs: string(*buffer), derived: &derived{}}
}

// buffers are those that inputs are encoded in.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

func (k EntryKey) derive() *derived {
	k.derived.once.Do(func() {
		root := must(hkdf.Extract(sha256.New, []byte(k.inputs), []byte("oauth2cc token cache")))
		k.derived.name = hex.EncodeToString(must(hkdf.Expand(sha256.New, root, "name of an entry", keySize)))
		sealing := must(hkdf.Expand(sha256.New, root, "seal of an entry", keySize))
		k.derived.aead = must(cipher.NewGCMWithRandomNonce(must(aes.NewCipher(sealing))))
	})
	return k.derived
}

// Name is what stores know the entry by: 64 hexadecimal digits that reveal none of
// the inputs.
func (k EntryKey) Name() string { return k.derive().name }

// must unwraps what cannot fail: crypto reports wrong sizes as errors, and all of
// ours are fixed.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// encode appends a value so that no two different values of one type look alike: texts
// follow their length, lists and maps their number of elements, and fields their names.
// Empty fields are left out, which are most, and the end of a struct is marked.
func encode(to []byte, value reflect.Value) []byte {
	if value.Type() == reflect.TypeFor[secret.String]() {
		hidden, _ := reflect.TypeAssert[secret.String](value)
		return encodeText(to, hidden.Reveal())
	}
	switch value.Kind() {
	case reflect.String:
		return encodeText(to, value.String())
	case reflect.Bool:
		return encodeBool(to, value.Bool())
	case reflect.Int, reflect.Int64:
		return encodeNumber(to, value.Int())
	case reflect.Slice:
		to = encodeNumber(to, int64(value.Len()))
		for i := range value.Len() {
			to = encode(to, value.Index(i))
		}
		return to
	case reflect.Map:
		return encodeMap(to, value)
	case reflect.Pointer:
		to = encodeBool(to, !value.IsNil())
		if value.IsNil() {
			return to
		}
		return encode(to, value.Elem())
	case reflect.Struct:
		for _, field := range fieldsOf(value.Type()) {
			if one := value.Field(field.index); !isEmpty(one) {
				to = encode(append(to, field.name...), one)
			}
		}
		return encodeNumber(to, -1) // the length of no name
	default:
		panic(fmt.Sprintf("tokencache: a %s cannot take part in a key; tag the field `cachekey:\"-\"`", value.Type()))
	}
}

func isEmpty(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return value.Len() == 0
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Pointer:
		return value.IsZero()
	default:
		return false
	}
}

// encodeMap appends a map whose keys are texts, sorted by them.
func encodeMap(to []byte, value reflect.Value) []byte {
	to = encodeNumber(to, int64(value.Len()))
	if value.CanInterface() { // the usual types need no reflection
		if texts, ok := reflect.TypeAssert[map[string]string](value); ok {
			return encodeTexts(to, texts, encodeText)
		}
		if secrets, ok := reflect.TypeAssert[map[string]secret.String](value); ok {
			return encodeTexts(to, secrets, func(to []byte, hidden secret.String) []byte { return encodeText(to, hidden.Reveal()) })
		}
	}
	keys := value.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		to = encode(encodeText(to, key.String()), value.MapIndex(key))
	}
	return to
}

func encodeTexts[V any](to []byte, texts map[string]V, encodeValue func([]byte, V) []byte) []byte {
	names := make([]string, 0, 16)
	for name := range texts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		to = encodeValue(encodeText(to, name), texts[name])
	}
	return to
}

// field is a field that takes part in keys.
type field struct {
	name  string // encoded
	index int
}

// fields has those of each type of struct: to read its tags takes longer than to encode it.
var fields sync.Map

func fieldsOf(of reflect.Type) []field {
	if known, ok := fields.Load(of); ok {
		return known.([]field) //nolint:forcetypeassert // it has no others
	}
	var taking []field
	for i := range of.NumField() {
		if one := of.Field(i); one.Tag.Get("cachekey") != "-" {
			taking = append(taking, field{string(encodeText(nil, one.Name)), i})
		}
	}
	fields.Store(of, taking)
	return taking
}

func encodeText(to []byte, text string) []byte {
	return append(encodeNumber(to, int64(len(text))), text...)
}

func encodeBool(to []byte, set bool) []byte {
	if set {
		return encodeNumber(to, 1)
	}
	return encodeNumber(to, 0)
}

func encodeNumber(to []byte, number int64) []byte {
	return binary.BigEndian.AppendUint64(to, uint64(number)) //nolint:gosec // keeps all bits
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
	return k.derive().aead.Seal(nil, nil, plain, nil) //nolint:gosec // the cipher makes the nonce
}

// open is the inverse of seal. It accepts no byte that seal has not written.
func (k EntryKey) open(sealed []byte) (Entry[[]byte], error) {
	plain, err := k.derive().aead.Open(nil, nil, sealed, nil)
	if err != nil || len(plain) < timesSize {
		return Entry[[]byte]{}, ErrDamaged
	}
	return Entry[[]byte]{
		IssuedAt:  readTime(plain[:timesSize/2]),
		ExpiresAt: readTime(plain[timesSize/2 : timesSize]),
		Value:     plain[timesSize:],
	}, nil
}

// appendTime writes a time in whole milliseconds, which never makes it later.
func appendTime(data []byte, at time.Time) []byte {
	return binary.BigEndian.AppendUint64(data, uint64(at.UnixMilli()))
}

// readTime is the inverse of appendTime.
func readTime(data []byte) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(data))).UTC() //nolint:gosec // written by appendTime
}
