// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// source hands out numbered entries and counts them.
type source struct {
	fetches  atomic.Int64
	lifetime time.Duration
	err      error
	gate     chan struct{}
}

func (s *source) fetch(ctx context.Context) (tokencache.Entry, error) {
	number := s.fetches.Add(1)
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return tokencache.Entry{}, ctx.Err()
		}
	}
	entry := tokencache.Entry{Data: []byte{byte(number)}} //nolint:gosec // there are few
	if s.lifetime > 0 {
		entry.ExpiresAt = time.Now().Add(s.lifetime)
	}
	return entry, s.err
}

// key is that of the entry that the tests store.
func key() tokencache.EntryKey { return tokencache.NewEntryKey("s6BhdRkqt3") }

func anyEntry(tokencache.Entry) bool { return true }

// get asks the cache and fails the test on an error.
func get(t *testing.T, cache *tokencache.Cache, from *source) byte {
	t.Helper()
	entry, err := cache.Get(t.Context(), key(), anyEntry, from.fetch)
	if err != nil {
		t.Fatal(err)
	}
	return entry.Data[0]
}

func TestOneFetchForAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := tokencache.New(tokencache.Config{})
		from := &source{gate: make(chan struct{})} // of unknown lifetime: shared, though never stored
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
		cache := tokencache.New(tokencache.Config{})
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
	cache, from := tokencache.New(tokencache.Config{}), &source{}
	get(t, cache, from)
	if got := get(t, cache, from); got != 2 {
		t.Errorf("got entry %d again", got)
	}
}

func TestUnusableEntryIsReplaced(t *testing.T) {
	t.Parallel()
	cache, from := tokencache.New(tokencache.Config{}), &source{lifetime: time.Hour}
	get(t, cache, from)
	never := func(tokencache.Entry) bool { return false }
	if _, err := cache.Get(t.Context(), key(), never, from.fetch); err != nil {
		t.Fatal(err)
	}
	if got := get(t, cache, from); got != 2 {
		t.Errorf("got entry %d, want the one that replaced it", got)
	}
}

func TestErrorsAreNotStored(t *testing.T) {
	t.Parallel()
	cache, refusal := tokencache.New(tokencache.Config{}), errors.New("refused")
	_, err := cache.Get(t.Context(), key(), anyEntry, (&source{lifetime: time.Hour, err: refusal}).fetch)
	if !errors.Is(err, refusal) {
		t.Fatalf("got %v", err)
	}
	get(t, cache, &source{lifetime: time.Hour})
}

func TestWaiterLeavesAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := tokencache.New(tokencache.Config{})
		from := &source{gate: make(chan struct{}), lifetime: time.Hour}
		leader, leave := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if _, err := cache.Get(leader, key(), anyEntry, from.fetch); !errors.Is(err, context.Canceled) {
				t.Errorf("the one who left got %v", err)
			}
		})
		synctest.Wait()
		waiting.Go(func() {
			if got := get(t, cache, from); got != 1 {
				t.Errorf("the one who stayed got entry %d", got)
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
	is := func(number byte) func(tokencache.Entry) bool {
		return func(entry tokencache.Entry) bool { return entry.Data[0] == number }
	}
	cache, from := tokencache.New(tokencache.Config{}), &source{lifetime: time.Hour}
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

// TestDropAtOnce: those who drop the same entry at the same time replace it once.
func TestDropAtOnce(t *testing.T) {
	t.Parallel()
	for range 500 {
		cache, from := tokencache.New(tokencache.Config{}), &source{lifetime: time.Hour}
		get(t, cache, from)
		var dropping sync.WaitGroup
		for range 10 {
			dropping.Go(func() {
				cache.Drop(t.Context(), key(), func(entry tokencache.Entry) bool { return entry.Data[0] == 1 })
				get(t, cache, from)
			})
		}
		dropping.Wait()
		if got := from.fetches.Load(); got != 2 {
			t.Fatalf("%d fetches", got)
		}
	}
}
