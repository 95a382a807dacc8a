// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"math"
	"time"
)

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
