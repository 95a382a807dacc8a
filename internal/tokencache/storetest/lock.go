// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// lock takes a lock that is free or becomes free.
func (h handle) lock(key string) (unlock func()) {
	h.Helper()
	unlock, err := h.Lock(h.within(atOnce), key)
	if err != nil {
		h.Fatalf("lock: %v", err)
	}
	return unlock
}

// cannotLock sees that a lock stays with somebody else.
func (h handle) cannotLock(key string) {
	h.Helper()
	if _, err := h.Lock(h.within(aWhile), key); !errors.Is(err, context.DeadlineExceeded) {
		h.Fatalf("a lock that another holds: %v; want %v", err, context.DeadlineExceeded)
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
	t.crowdExcludes()
}

// crowdExcludes has many take the same lock in turn, and counts who hold it.
func (t test) crowdExcludes() {
	t.Helper()
	const crowd, rounds = 8, 10
	var holders atomic.Int32
	var all sync.WaitGroup
	for range crowd {
		store := t.Open()
		all.Go(func() {
			for range rounds {
				unlock, err := store.Lock(t.Context(), keyOf("a"))
				if err != nil {
					t.Errorf("lock: %v", err)
					return
				}
				if others := holders.Add(1) - 1; others > 0 {
					t.Errorf("%d others hold the lock", others)
				}
				holders.Add(-1)
				unlock()
			}
		})
	}
	all.Wait()
}

func (t test) unlockLetsOneOn() {
	const waiters = 3
	store := t.open()
	unlock := store.lock(keyOf("a"))
	taken := make(chan func())
	for range waiters {
		waiter := t.Open()
		go func() {
			unlock, err := waiter.Lock(t.Context(), keyOf("a"))
			if err != nil {
				t.Errorf("lock: %v", err)
			}
			taken <- unlock
		}()
	}
	for range waiters {
		unlock()
		unlock = <-taken
		store.cannotLock(keyOf("a"))
		select {
		case <-taken:
			t.Fatal("one unlock let two on")
		default:
		}
	}
	unlock()
	store.lock(keyOf("a"))()
}

func (t test) unlockOutlivesContext() {
	store := t.open()
	ctx, cancel := context.WithCancel(t.Context())
	unlock, err := store.Lock(ctx, keyOf("a"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	store.cannotLock(keyOf("a"))
	unlock()
	store.lock(keyOf("a"))()
}

func (t test) waiterGivesUp() {
	store, other := t.open(), t.open()
	unlock := store.lock(keyOf("a"))
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() {
		_, err := other.Lock(ctx, keyOf("a"))
		gaveUp <- err
	}()
	cancel()
	select {
	case err := <-gaveUp:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	case <-time.After(atOnce):
		t.Fatal("a waiter whose context has ended still waits")
	}
	store.cannotLock(keyOf("a"))
	unlock()
	store.lock(keyOf("a"))()
}

// waiterGivesUpAtUnlock has a waiter's context end while the lock becomes
// free. Whether it gets the lock is chance; that nobody has it afterwards is not.
func (t test) waiterGivesUpAtUnlock() {
	store, other := t.open(), t.open()
	for range 50 {
		unlock := store.lock(keyOf("a"))
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if unlock, err := other.Lock(ctx, keyOf("a")); err == nil {
				unlock()
			} else if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
		})
		all.Go(cancel)
		all.Go(unlock)
		all.Wait()
		store.lock(keyOf("a"))()
	}
}

func (t test) lockWithEndedContext() {
	store := t.open()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // a choice between two open ways would be chance
		if _, err := store.Lock(ctx, keyOf("a")); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want %v", err, context.Canceled)
		}
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
