// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// lock takes a lock that must be free.
func (h handle) lock(key string) (unlock func()) {
	h.Helper()
	unlock, err := h.TryLock(h.soon(), key)
	if err != nil {
		h.Fatalf("lock: %v", err)
	}
	return unlock
}

// cannotLock holds that somebody else has a lock.
func (h handle) cannotLock(key string) {
	h.Helper()
	if _, err := h.TryLock(h.soon(), key); !errors.Is(err, tokencache.ErrLocked) {
		h.Fatalf("a lock that another holds: %v; want %v", err, tokencache.ErrLocked)
	}
}

func (t test) lockExcludes() {
	first, second := t.open(), t.open()
	unlock := first.lock(keyOf("a"))
	first.cannotLock(keyOf("a"))
	second.cannotLock(keyOf("a"))
	unlock()
	unlock = second.lock(keyOf("a"))
	first.cannotLock(keyOf("a"))
	unlock()
}

// crowdExcludes has many try to take the same lock, and counts the holders.
func (t test) crowdExcludes() {
	const crowd, rounds = 8, 10
	var holders atomic.Int32
	var all sync.WaitGroup
	for range crowd {
		store := t.open()
		all.Go(func() {
			for taken := 0; taken < rounds; {
				unlock, err := store.TryLock(t.Context(), keyOf("a"))
				if errors.Is(err, tokencache.ErrLocked) {
					time.Sleep(time.Millisecond) // as the cache does
					continue
				} else if err != nil {
					t.Errorf("lock: %v", err)
					return
				}
				if others := holders.Add(1) - 1; others > 0 {
					t.Errorf("%d others hold the lock", others)
				}
				holders.Add(-1)
				unlock()
				taken++
			}
		})
	}
	all.Wait()
}

func (t test) unlockOutlivesContext() {
	store := t.open()
	ctx, cancel := context.WithCancel(t.Context())
	unlock, err := store.TryLock(ctx, keyOf("a"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	store.cannotLock(keyOf("a"))
	unlock()
	store.lock(keyOf("a"))()
}

// contextEndsMeanwhile has the context end while the lock is being taken. Whether it
// is taken is chance; that it is free afterwards is not.
func (t test) contextEndsMeanwhile() {
	store, other := t.open(), t.open()
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if unlock, err := other.TryLock(ctx, keyOf("a")); err == nil {
				unlock()
			} else if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
		})
		all.Go(cancel)
		all.Wait()
		store.lock(keyOf("a"))()
	}
}

func (t test) lockWithEndedContext() {
	store := t.open()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.TryLock(ctx, keyOf("a")); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want %v", err, context.Canceled)
	}
	store.lock(keyOf("a"))()
}

func (t test) locksAreIndependent() {
	store := t.open()
	unlockA, unlockB := store.lock(keyOf("a")), store.lock(keyOf("b"))
	unlockA()
	store.cannotLock(keyOf("b"))
	unlockB()
}

func (t test) lockAndData() {
	store, other := t.open(), t.open()
	unlock := store.lock(keyOf("a"))
	other.wantsNothing(keyOf("a"))
	other.save(keyOf("a"), []byte("a"), time.Hour)
	other.wants(keyOf("a"), []byte("a"))
	other.cannotLock(keyOf("a"))
	if err := other.Delete(t.Context(), keyOf("a")); err != nil {
		t.Fatal(err)
	}
	other.cannotLock(keyOf("a"))
	store.save(keyOf("a"), []byte("b"), time.Hour)
	unlock()
	other.wants(keyOf("a"), []byte("b"))
}
