// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

var (
	// ErrNotFound means that a store has nothing under a key.
	ErrNotFound = errors.New("nothing is stored under this key")
	// ErrDamaged means that what is stored under a key was not sealed for it, or was
	// changed since.
	ErrDamaged = errors.New("the entry is damaged or has been tampered with")
	// ErrLocked means that another process holds a lock.
	ErrLocked = errors.New("another process holds the lock of the entry")
)

// StoreError reports that a store could not be used. It costs a fetch, no more.
type StoreError struct {
	// Operation is what failed: the cache could not be read, written, changed or
	// locked.
	Operation string
	// Err is the store's, or wraps [ErrDamaged] or [ErrLocked].
	Err error
}

func (e *StoreError) Error() string {
	return fmt.Sprintf("the cache could not be %s: %v", e.Operation, e.Err)
}

func (e *StoreError) Unwrap() error { return e.Err }

// MaxSize bounds what a store returns, in bytes. Responses are bounded to a fraction of
// it.
const MaxSize = 4 << 20

// Store keeps bytes under keys where others find them: the processes of a machine,
// or the machines of a fleet. It is safe for concurrent use. Every method ends soon
// after its context does, as far as the system allows.
//
// Keys are those of [EntryKey.Name]: 64 hexadecimal digits. What is stored is
// sealed, so that a store need not keep it secret.
//
// Package storetest is the conformance suite for stores.
type Store interface {
	// Load returns what is stored under key and for how long it is still valid by the
	// store's own clock, always more than zero. The error is [ErrNotFound] if there is
	// nothing, or nothing that is still valid.
	Load(ctx context.Context, key string) (data []byte, left time.Duration, err error)
	// Save stores data, at least a byte, under key for a lifetime of more than zero, in
	// place of what was there: whole or not at all, whatever interrupts it.
	Save(ctx context.Context, key string, data []byte, lifetime time.Duration) error
	// Delete removes what is stored under key, which may be nothing.
	Delete(ctx context.Context, key string) error
	// TryLock takes the lock of key, or returns [ErrLocked] if somebody holds it. It
	// does not outlive the process that holds it by more than the store documents.
	// Unlock never fails and is called once.
	TryLock(ctx context.Context, key string) (unlock func(), err error)
}

const (
	// storeTimeout bounds each call of a store. Requesting a token takes less time
	// than to wait any longer.
	storeTimeout = 5 * time.Second
	// restTime is how long a store that failed is not used. Otherwise one that is slow
	// would delay every request for a token.
	restTime = 30 * time.Second
	// Each wait between two attempts to lock is this share of the time waited so far,
	// within bounds: the end is noticed late by no more than that, and a request for a
	// token that takes long is not polled often. To subscribe to a server would be a little
	// faster, but takes another connection and rights that a user need not have.
	lockWaitShare                     = 4
	shortestLockWait, longestLockWait = 5 * time.Millisecond, 250 * time.Millisecond
)

// sharedStore is a store and what is known of its failures. The nil store is never
// in use.
type sharedStore struct {
	Store
	now func() time.Time

	mu       sync.Mutex
	restsTil time.Time
	err      error // the first
	reported bool
}

func (s *sharedStore) inUse() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.now().Before(s.restsTil)
}

// call calls the store for the operation of a [StoreError] and notes a failure. To
// find nothing or a lock that is held is not a failure, nor is a caller that left. A
// damaged entry does not make the store rest.
func (s *sharedStore) call(ctx context.Context, operation string, do func(context.Context) error) error {
	calling, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := do(calling)
	if err == nil || errors.Is(err, ErrNotFound) || errors.Is(err, ErrLocked) || ctx.Err() != nil {
		return err
	}
	s.note(operation, err, !errors.Is(err, ErrDamaged))
	return err
}

func (s *sharedStore) note(operation string, err error, rest bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = &StoreError{Operation: operation, Err: err}
	}
	if rest {
		s.restsTil = s.now().Add(restTime)
	}
}

// report returns the first failure, once.
func (s *sharedStore) report() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reported || s.err == nil {
		return nil
	}
	s.reported = true
	return s.err
}

func (c *Cache[V]) load(ctx context.Context, key EntryKey) (Entry[V], error) {
	var entry Entry[V]
	err := c.store.call(ctx, "read", func(ctx context.Context) error {
		sealed, left, err := c.store.Load(ctx, key.Name())
		if err == nil {
			entry, err = c.open(key, sealed, left)
		}
		return err
	})
	return entry, err
}

// open returns the entry that the store has. It is valid for as long as both it and the
// store say, as the clock of another machine may be wrong.
func (c *Cache[V]) open(key EntryKey, sealed []byte, left time.Duration) (Entry[V], error) {
	found := c.recall(key)
	isNew := found.sealed == nil || !bytes.Equal(found.sealed, sealed) // otherwise it was opened before
	if isNew {
		var err error
		if found, err = c.unseal(key, sealed); err != nil {
			return Entry[V]{}, err
		}
	}
	if end := c.now().Add(left); end.Before(found.ExpiresAt) {
		found.ExpiresAt = end
	}
	if !c.valid(found.IssuedAt, found.ExpiresAt) {
		return Entry[V]{}, ErrNotFound
	}
	if isNew {
		c.remember(key, found)
	}
	return found.Entry, nil
}

func (c *Cache[V]) unseal(key EntryKey, sealed []byte) (kept[V], error) {
	stored, err := key.open(sealed)
	if err != nil {
		return kept[V]{}, err
	}
	value, err := c.codec.Decode(stored.Value)
	if err != nil {
		return kept[V]{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return kept[V]{Entry[V]{Value: value, IssuedAt: stored.IssuedAt, ExpiresAt: stored.ExpiresAt}, sealed}, nil
}

// save returns what the store has of the entry; nil if it could not be saved.
func (c *Cache[V]) save(ctx context.Context, key EntryKey, entry Entry[V]) (sealed []byte) {
	err := c.store.call(ctx, "written", func(ctx context.Context) error {
		data, err := c.codec.Encode(entry.Value)
		if err != nil {
			return err
		}
		sealed = key.seal(Entry[[]byte]{Value: data, IssuedAt: entry.IssuedAt, ExpiresAt: entry.ExpiresAt})
		return c.store.Save(ctx, key.Name(), sealed, entry.ExpiresAt.Sub(c.now()))
	})
	if err != nil {
		return nil
	}
	return sealed
}

// lock waits for the key's lock in the store, and calls ready after each wait: there
// is nothing left to wait for once it returns true. Unlock does nothing if there is
// no lock: because of ready, because the store is not in use, or because the lock
// was held for too long. The error is that of a context that ended.
func (c *Cache[V]) lock(ctx context.Context, key EntryKey, ready func() bool) (unlock func(), err error) {
	for start := time.Now(); c.store.inUse(); {
		err := c.store.call(ctx, "locked", func(ctx context.Context) (err error) {
			unlock, err = c.store.TryLock(ctx, key.Name())
			return err
		})
		switch {
		case err == nil:
			return unlock, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case !errors.Is(err, ErrLocked):
			return func() {}, nil
		case time.Since(start) > c.lockTimeout:
			c.store.note("locked", fmt.Errorf("waited %s: %w", c.lockTimeout, err), false)
			return func() {}, nil
		}
		select {
		case <-time.After(min(max(time.Since(start)/lockWaitShare, shortestLockWait), longestLockWait)):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if ready() {
			break
		}
	}
	return func() {}, nil
}
