// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

func sealedKey() EntryKey {
	return NewEntryKey(struct {
		Secret     secret.String
		Scopes     []string
		Parameters map[string]string
	}{secret.New("gX1fBat3bV"), []string{"b", "a"}, map[string]string{"z": "1", "a": "2"}})
}

func TestNameIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	// Computed with Python's hmac and struct modules, from the description of
	// NewEntryKey.
	const want = "d97f4794de391f45a70144d3fe65ccdd5b9517e242081f7ef825993286c95db2"
	if got := sealedKey().Name(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// sealed was made with Node.js' crypto module from the description of
// [EntryKey.seal], with the nonce 000102…0b.
const sealed = "000102030405060708090a0bff426b78eb852d012b5f78776dc355eac01b70326a3fb097b33321925eaa795db78c3edc09"

func decoded(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOpen(t *testing.T) {
	t.Parallel()
	entry, err := sealedKey().open(decoded(t, sealed))
	if err != nil {
		t.Fatal(err)
	}
	issued := time.Date(2011, 3, 22, 17, 43, 0, 0, time.UTC)
	if string(entry.Value) != "token" || entry.IssuedAt != issued || entry.ExpiresAt != issued.Add(time.Hour) {
		t.Errorf("got %+v", entry)
	}
}

func TestSealedDiffersEachTime(t *testing.T) {
	t.Parallel()
	key, entry := sealedKey(), Entry[[]byte]{Value: []byte("token"), ExpiresAt: time.Unix(1, 0)}
	if bytes.Equal(key.seal(entry), key.seal(entry)) {
		t.Error("the same entry, sealed twice, looks the same: a nonce was used twice")
	}
}

// TestOpenRefuses what was not sealed under the key: every change of every bit.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	whole := decoded(t, sealed)
	refused := map[string][]byte{
		"nothing":                nil,
		"cut short":              whole[:len(whole)-1],
		"with more":              append(slices.Clone(whole), 0),
		"twice":                  append(slices.Clone(whole), whole...),
		"plaintext":              []byte("token"),
		"shorter than it can be": whole[:10],
	}
	for i := range len(whole) * 8 {
		flipped := slices.Clone(whole)
		flipped[i/8] ^= 1 << (i % 8)
		refused["bit "+string(rune('0'+i%8))+" of byte "+hex.EncodeToString([]byte{byte(i / 8)})] = flipped
	}
	for name, data := range refused {
		if entry, err := sealedKey().open(data); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: got %v, %v", name, entry, err)
		}
	}
}

// TestOnlyHoldersOfAllInputsOpen: an entry is sealed under everything that
// determines it, so that no part of that opens it.
func TestOnlyHoldersOfAllInputsOpen(t *testing.T) {
	t.Parallel()
	type inputs struct {
		EncryptionKey string
		Parameters    map[string]string
	}
	key := NewEntryKey(inputs{"key", map[string]string{"api_key": "gX1fBat3bV"}})
	other := NewEntryKey(inputs{"key", map[string]string{"api_key": "another"}})
	data := key.seal(Entry[[]byte]{Value: []byte("token")})
	for name, opening := range map[string]EntryKey{
		"another parameter":      other,
		"another encryption key": NewEntryKey(inputs{"another", map[string]string{"api_key": "gX1fBat3bV"}}),
	} {
		if _, err := opening.open(data); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// FuzzOpen holds that nothing is opened but what was sealed.
func FuzzOpen(f *testing.F) {
	f.Add(decoded(f, sealed))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		entry, err := sealedKey().open(data)
		if err == nil && hex.EncodeToString(data) != sealed {
			t.Errorf("opened %x: %+v", data, entry)
		}
	})
}
