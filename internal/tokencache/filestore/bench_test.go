// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore_test

import (
	"strings"
	"testing"
	"time"
)

// token is as large as a JWT with a few claims, sealed.
var token = strings.Repeat("a", 1500)

func BenchmarkLoad(b *testing.B) {
	store := open(b, b.TempDir(), time.Now)
	save(b, store, key, token)
	for b.Loop() {
		if _, _, err := store.Load(b.Context(), key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSave(b *testing.B) {
	store := open(b, b.TempDir(), time.Now)
	for b.Loop() {
		save(b, store, key, token)
	}
}

func BenchmarkLock(b *testing.B) {
	store := open(b, b.TempDir(), time.Now)
	for b.Loop() {
		unlock, err := store.TryLock(b.Context(), key)
		if err != nil {
			b.Fatal(err)
		}
		unlock()
	}
}
