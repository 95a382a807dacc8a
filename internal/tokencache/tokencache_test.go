// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// The values of the tests are numbers.
type (
	cache = tokencache.Cache[int64]
	entry = tokencache.Entry[int64]
)

// inMemory is a cache of one process.
func inMemory() *cache { return tokencache.New(tokencache.Config[int64]{}) }

// sharing is a cache that shares a store.
func sharing(store tokencache.Store) *cache {
	return tokencache.New(tokencache.Config[int64]{Store: store, Codec: decimal})
}

// decimal encodes numbers as text.
var decimal = tokencache.Codec[int64]{
	Encode: func(number int64) ([]byte, error) { return strconv.AppendInt(nil, number, 10), nil },
	Decode: func(data []byte) (int64, error) { return strconv.ParseInt(string(data), 10, 64) },
}

// source hands out numbered entries and counts them.
type source struct {
	number   int64 // of the entry before the first
	fetches  atomic.Int64
	lifetime time.Duration
	err      error
	gate     chan struct{}
}

func (s *source) fetch(ctx context.Context) (entry, error) {
	number := s.number + s.fetches.Add(1)
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return entry{}, ctx.Err()
		}
	}
	got := entry{Value: number}
	if s.lifetime > 0 {
		got.ExpiresAt = time.Now().Add(s.lifetime)
	}
	return got, s.err
}

// key is that of the entry that the tests store.
func key() tokencache.EntryKey { return tokencache.NewEntryKey("s6BhdRkqt3") }

func anyEntry(entry) bool { return true }

// get asks the cache and fails the test on an error.
func get(t *testing.T, cache *cache, from *source) int64 {
	t.Helper()
	got, err := cache.Get(t.Context(), key(), anyEntry, from.fetch)
	if err != nil {
		t.Fatal(err)
	}
	return got.Value
}

func TestOneFetchForAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := inMemory()
		from := &source{gate: make(chan struct{})} // of unknown lifetime: shared, but not kept
		var waiting sync.WaitGroup
		for range 100 {
			waiting.Go(func() {
				if got := get(t, cache, from); got != 1 {
					t.Errorf("got entry %d", got)
				}
			})
		}
		synctest.Wait()
		close(from.gate)
		waiting.Wait()
		if got := from.fetches.Load(); got != 1 {
			t.Errorf("%d fetches", got)
		}
	})
}

func TestEntriesExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := inMemory()
		from := &source{lifetime: time.Minute}
		get(t, cache, from)
		time.Sleep(time.Minute - time.Nanosecond)
		if got := get(t, cache, from); got != 1 {
			t.Errorf("a nanosecond before its expiry: entry %d", got)
		}
		time.Sleep(time.Nanosecond)
		if got := get(t, cache, from); got != 2 {
			t.Errorf("at its expiry: entry %d", got)
		}
	})
}

func TestUnknownExpiryIsNotStored(t *testing.T) {
	t.Parallel()
	cache, from := inMemory(), &source{}
	get(t, cache, from)
	if got := get(t, cache, from); got != 2 {
		t.Errorf("got entry %d again", got)
	}
}

func TestUnusableEntryIsReplaced(t *testing.T) {
	t.Parallel()
	cache, from := inMemory(), &source{lifetime: time.Hour}
	get(t, cache, from)
	never := func(entry) bool { return false }
	if _, err := cache.Get(t.Context(), key(), never, from.fetch); err != nil {
		t.Fatal(err)
	}
	if got := get(t, cache, from); got != 2 {
		t.Errorf("got entry %d, want the one that replaced it", got)
	}
}

func TestErrorsAreNotStored(t *testing.T) {
	t.Parallel()
	cache, refusal := inMemory(), errors.New("refused")
	_, err := cache.Get(t.Context(), key(), anyEntry, (&source{lifetime: time.Hour, err: refusal}).fetch)
	if !errors.Is(err, refusal) {
		t.Fatalf("got %v", err)
	}
	get(t, cache, &source{lifetime: time.Hour})
}

func TestWaiterLeavesAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := inMemory()
		from := &source{gate: make(chan struct{}), lifetime: time.Hour}
		leader, leave := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if _, err := cache.Get(leader, key(), anyEntry, from.fetch); !errors.Is(err, context.Canceled) {
				t.Errorf("the caller that left got %v", err)
			}
		})
		synctest.Wait()
		waiting.Go(func() {
			if got := get(t, cache, from); got != 1 {
				t.Errorf("the caller that stayed got entry %d", got)
			}
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		close(from.gate)
		waiting.Wait()
	})
}

func TestDrop(t *testing.T) {
	t.Parallel()
	is := func(number int64) func(entry) bool {
		return func(entry entry) bool { return entry.Value == number }
	}
	cache, from := inMemory(), &source{lifetime: time.Hour}
	get(t, cache, from)
	cache.Drop(t.Context(), key(), is(9))
	if got := get(t, cache, from); got != 1 {
		t.Errorf("dropping another entry took this one away: got entry %d", got)
	}
	cache.Drop(t.Context(), key(), is(1))
	if got := get(t, cache, from); got != 2 {
		t.Errorf("the dropped entry is still there: got entry %d", got)
	}
}

// TestDropAtOnce: callers that drop the same entry at the same time replace it once.
func TestDropAtOnce(t *testing.T) {
	t.Parallel()
	for range 500 {
		cache, from := inMemory(), &source{lifetime: time.Hour}
		get(t, cache, from)
		var dropping sync.WaitGroup
		for range 10 {
			dropping.Go(func() {
				cache.Drop(t.Context(), key(), func(entry entry) bool { return entry.Value == 1 })
				get(t, cache, from)
			})
		}
		dropping.Wait()
		if got := from.fetches.Load(); got != 2 {
			t.Fatalf("%d fetches", got)
		}
	}
}
