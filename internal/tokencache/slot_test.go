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
)

func sealedSlot() Slot {
	return NewKey("key", "").
		Add("scopes", "b", "a").
		AddMap("parameters", map[string]string{"z": "1", "a": "2"}).
		Slot()
}

func TestNameIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	// Computed with Python's hmac and struct modules, from the description of Key.
	const want = "e7cb6ad8a13ff820d9f0254ef3b61659651ab8f31fa61292c6da74e0dc04206b"
	if got := sealedSlot().Name(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// sealed was made with Python's cryptography package from the description of
// [Slot.seal], with the nonce 000102…0b.
const sealed = "01000102030405060708090a0bd710b7b9f0ac28633522cc5c067477d1370d0082440fa76ca2d30a1f693dfda71a335771f8"

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
	entry, err := sealedSlot().open(decoded(t, sealed))
	if err != nil {
		t.Fatal(err)
	}
	issued := time.Date(2011, 3, 22, 17, 43, 0, 0, time.UTC)
	if string(entry.Data) != "token" || entry.IssuedAt != issued || entry.ExpiresAt != issued.Add(time.Hour) {
		t.Errorf("got %+v", entry)
	}
}

func TestSealedDiffersEachTime(t *testing.T) {
	t.Parallel()
	slot, entry := sealedSlot(), Entry{Data: []byte("token"), ExpiresAt: time.Unix(1, 0)}
	if bytes.Equal(slot.seal(entry), slot.seal(entry)) {
		t.Error("the same entry, sealed twice, looks the same: a nonce was used twice")
	}
}

// TestOpenRefuses what was not sealed for the slot: every change of every bit.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	whole := decoded(t, sealed)
	refused := map[string][]byte{
		"nothing":                nil,
		"version alone":          {formatVersion},
		"cut short":              whole[:len(whole)-1],
		"with more":              append(slices.Clone(whole), 0),
		"twice":                  append(slices.Clone(whole), whole...),
		"plaintext":              []byte("\x01token"),
		"shorter than it can be": whole[:10],
	}
	for i := range len(whole) * 8 {
		flipped := slices.Clone(whole)
		flipped[i/8] ^= 1 << (i % 8)
		refused["bit "+string(rune('0'+i%8))+" of byte "+hex.EncodeToString([]byte{byte(i / 8)})] = flipped
	}
	for name, data := range refused {
		if entry, err := sealedSlot().open(data); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: got %v, %v", name, entry, err)
		}
	}
}

// TestSealBelongsToSlot: what was sealed for one slot cannot be put into another,
// and only who holds all secrets opens it.
func TestSealBelongsToSlot(t *testing.T) {
	t.Parallel()
	key := func(secrets ...string) Slot { return NewKey(secrets...).Add("scopes", "b").Slot() }
	data := key("a", "b").seal(Entry{Data: []byte("token")})
	others := map[string]Slot{
		"another input":    NewKey("a", "b").Add("scopes", "c").Slot(),
		"another secret":   key("a", "c"),
		"one secret alone": key("a"),
		"swapped":          key("b", "a"),
		"joined":           key("ab"),
		"same name":        {name: key("a", "b").name, sealing: key("a", "c").sealing},
		"same key":         {name: key("a", "c").name, sealing: key("a", "b").sealing},
	}
	for name, slot := range others {
		if _, err := slot.open(data); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// FuzzOpen holds that nothing is opened but what was sealed.
func FuzzOpen(f *testing.F) {
	f.Add(decoded(f, sealed))
	f.Add([]byte{formatVersion})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		entry, err := sealedSlot().open(data)
		if err == nil && hex.EncodeToString(data) != sealed {
			t.Errorf("opened %x: %+v", data, entry)
		}
	})
}
