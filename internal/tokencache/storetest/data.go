// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

func (h handle) save(key string, data []byte, lifetime time.Duration) {
	h.Helper()
	if err := h.Save(h.soon(), key, data, lifetime); err != nil {
		h.Fatalf("save: %v", err)
	}
}

// wants loads what must be there, and returns for how long it is still valid.
func (h handle) wants(key string, want []byte) time.Duration {
	h.Helper()
	got, left, err := h.Load(h.soon(), key)
	switch {
	case err != nil:
		h.Fatalf("load: %v", err)
	case !bytes.Equal(got, want):
		h.Fatalf("loaded %s, want %s", excerpt(got), excerpt(want))
	case left <= 0:
		h.Fatalf("loaded what is valid for %v", left)
	}
	return left
}

// wantsNothing loads what must not be there.
func (h handle) wantsNothing(key string) {
	h.Helper()
	if got, left, err := h.Load(h.soon(), key); !errors.Is(err, tokencache.ErrNotFound) {
		h.Fatalf("loaded %s, %v, %v; want %v", excerpt(got), left, err, tokencache.ErrNotFound)
	}
}

func excerpt(data []byte) string {
	const most = 32
	return fmt.Sprintf("%d bytes %.*q", len(data), most, data[:min(len(data), most)])
}

func (t test) nothingStored() {
	t.open().wantsNothing(keyOf("a"))
}

func (t test) roundTrip() {
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	writer, reader := t.open(), t.open()
	for name, data := range map[string][]byte{
		"a zero":      {0},
		"a line":      []byte("\r\n"),
		"text":        []byte(`{"access_token":"a"}`),
		"every byte":  everyByte,
		"the largest": bytes.Repeat([]byte("\x00\xff12345"), tokencache.MaxSize)[:tokencache.MaxSize],
	} {
		writer.save(keyOf(name), data, time.Hour)
		writer.wants(keyOf(name), data)
		reader.wants(keyOf(name), data)
	}
}

func (t test) bytesAreCopied() {
	store, data := t.open(), []byte("token")
	store.save(keyOf("a"), data, time.Hour)
	clear(data)
	loaded, _, err := store.Load(t.Context(), keyOf("a"))
	if err != nil {
		t.Fatal(err)
	}
	clear(loaded)
	store.wants(keyOf("a"), []byte("token"))
}

func (t test) overwrite() {
	first, second := t.open(), t.open()
	first.save(keyOf("a"), []byte("a longer token"), time.Hour)
	second.save(keyOf("a"), []byte("token"), time.Hour)
	first.wants(keyOf("a"), []byte("token"))
}

func (t test) delete() {
	store, other := t.open(), t.open()
	store.save(keyOf("a"), []byte("a"), time.Hour)
	store.save(keyOf("b"), []byte("b"), time.Hour)
	for range 2 { // the second time there is nothing to delete
		if err := other.Delete(t.Context(), keyOf("a")); err != nil {
			t.Fatal(err)
		}
		store.wantsNothing(keyOf("a"))
	}
	store.wants(keyOf("b"), []byte("b"))
	store.save(keyOf("a"), []byte("again"), time.Hour)
	store.wants(keyOf("a"), []byte("again"))
}

func (t test) manyKeys() {
	const keys = 200
	store := t.open()
	name := func(i int) string { return fmt.Sprint("key ", i) }
	for i := range keys {
		store.save(keyOf(name(i)), []byte(name(i)), time.Hour)
	}
	other := t.open()
	for i := range keys {
		other.wants(keyOf(name(i)), []byte(name(i)))
	}
}

// neverAMixture writes and reads the same key at once. What is read must have been
// written by one call: a run of one byte whose value determines the length.
func (t test) neverAMixture() {
	const writers, readers, rounds = 4, 4, 50
	version := func(number int) []byte { return bytes.Repeat([]byte{byte(number)}, 1+number*1000) } //nolint:gosec // there are few
	t.open().save(keyOf("a"), version(0), time.Hour)
	var all sync.WaitGroup
	for writer := range writers {
		store := t.Open()
		all.Go(func() {
			for round := range rounds {
				if err := store.Save(t.Context(), keyOf("a"), version(writer*rounds+round), time.Hour); err != nil {
					t.Errorf("save: %v", err)
				}
			}
		})
	}
	for range readers {
		store := t.Open()
		all.Go(func() {
			for range rounds {
				got, _, err := store.Load(t.Context(), keyOf("a"))
				if err != nil || len(got) == 0 || !bytes.Equal(got, version(int(got[0]))) {
					t.Errorf("loaded %s, %v", excerpt(got), err)
				}
			}
		})
	}
	all.Wait()
}

const (
	// tick is the resolution of every storage's clock.
	tick = time.Millisecond
	// slack is for a storage whose clock runs while the test does.
	slack = 5 * time.Second
)

func (t test) lifetime() {
	store := t.open()
	store.save(keyOf("a"), []byte("token"), time.Minute)
	lasts := func(want time.Duration) {
		t.Helper()
		if left := store.wants(keyOf("a"), []byte("token")); left > want || left < want-slack {
			t.Errorf("%v left, want %v", left, want)
		}
	}
	lasts(time.Minute)
	t.advance(20 * time.Second)
	lasts(40 * time.Second)
	t.advance(40*time.Second - tick)
	lasts(tick)
	t.advance(tick)
	store.wantsNothing(keyOf("a"))
	t.advance(time.Hour)
	store.wantsNothing(keyOf("a"))
}

func (t test) extremeLifetimes() {
	const century = 100 * 365 * 24 * time.Hour
	store := t.open()
	store.save(keyOf("short"), []byte("token"), time.Nanosecond)
	store.save(keyOf("long"), []byte("token"), math.MaxInt64)
	t.advance(tick)
	store.wantsNothing(keyOf("short"))
	if left := store.wants(keyOf("long"), []byte("token")); left < 2*century {
		t.Errorf("%v left of the longest lifetime", left)
	}
}

func (t test) lifetimeIsReplaced() {
	store := t.open()
	for _, key := range []string{keyOf("a"), keyOf("b")} {
		store.save(key, []byte("old"), time.Minute)
	}
	t.advance(50 * time.Second)
	store.save(keyOf("a"), []byte("new"), time.Minute)
	store.save(keyOf("b"), []byte("new"), time.Second)
	t.advance(time.Second)
	store.wantsNothing(keyOf("b"))
	t.advance(49 * time.Second)
	store.wants(keyOf("a"), []byte("new"))
}
