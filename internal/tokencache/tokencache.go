// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package tokencache shares values that are expensive to get, such as tokens: all
// callers that ask for the same thing get the same value, and those that ask at the
// same time wait for one fetch, in this process and, with a [Store], in all
// processes that use it.
//
// In memory, values stay values. They are encoded and sealed where they enter a
// store, and nowhere else. The package knows neither what a token is nor how to get
// one. It keeps nothing that has expired or whose expiry is unknown, and a store
// that fails never stands in the way: the cache then works in memory, and reports
// the failure once.
package tokencache

import (
	"cmp"
	"context"
	"maps"
	"sync"
	"time"
)

// Entry is a cached value.
type Entry[V any] struct {
	// Value is shared by all that ask for it and must not be changed.
	Value V
	// IssuedAt is when the value began to be valid.
	IssuedAt time.Time
	// ExpiresAt is when the value ceases to be valid. An entry without it is handed
	// to those that wait for it, and not kept.
	ExpiresAt time.Time
}

// Config configures a [Cache]. The zero value is a cache of one process.
type Config[V any] struct {
	// Store shares entries with other processes; nil keeps them in this one.
	Store Store
	// Codec is required with a Store.
	Codec Codec[V]
	// LockTimeout is how long to wait for another process that fetches the same
	// entry: as long as a fetch can take. Zero means 30 seconds.
	LockTimeout time.Duration
	// Now returns the time; nil means time.Now.
	Now func() time.Time
}

// Codec encodes values for a [Store].
type Codec[V any] struct {
	Encode func(V) ([]byte, error)
	// Decode is the inverse of Encode.
	Decode func([]byte) (V, error)
}

const defaultLockTimeout = 30 * time.Second

// minFull is the number of entries from which on expired ones are removed.
const minFull = 32

// Cache keeps entries until they expire. Make one with [New]; it is safe for
// concurrent use.
type Cache[V any] struct {
	codec       Codec[V]
	lockTimeout time.Duration
	now         func() time.Time
	store       *sharedStore // nil if entries stay in this process
	flights     SingleFlight[fetched[V]]

	mu     sync.RWMutex
	memory map[string]kept[V] // by the inputs of the key
	full   int                // how many entries of memory are looked through for expired ones
}

type kept[V any] struct {
	Entry[V]
	// sealed is what the store has of the entry; nil if it could not be saved. If it is
	// no longer there, another process has dropped it.
	sealed []byte
}

// New returns an empty cache.
func New[V any](config Config[V]) *Cache[V] {
	if config.Now == nil {
		config.Now = time.Now
	}
	cache := &Cache[V]{
		codec:       config.Codec,
		lockTimeout: cmp.Or(config.LockTimeout, defaultLockTimeout),
		now:         config.Now,
		memory:      map[string]kept[V]{},
	}
	if config.Store != nil {
		cache.store = &sharedStore{Store: config.Store, now: config.Now}
	}
	return cache
}

// Fetch gets a value from its origin.
type Fetch[V any] func(ctx context.Context) (Entry[V], error)

type fetched[V any] struct {
	entry Entry[V]
	// isNew is false if another process stored the entry in the meantime.
	isNew bool
}

// Get returns the entry for key if it has not expired and usable accepts it.
// Otherwise it calls fetch, once for all callers that wait for the same key, and
// keeps the result. An error goes to all callers that wait, and is not kept.
//
// A caller whose context ends stops waiting. The fetch goes on for the others, and
// is cancelled when the last one has left.
func (c *Cache[V]) Get(ctx context.Context, key EntryKey, usable func(Entry[V]) bool, fetch Fetch[V]) (Entry[V], error) {
	for {
		if entry, ok := c.lookup(ctx, key, usable); ok {
			return entry, nil
		}
		result, err := c.flights.Do(ctx, key.inputs, func(ctx context.Context) (fetched[V], error) {
			return c.fetch(ctx, key, usable, fetch)
		})
		// What another caller accepted in the store may not be usable for this one.
		if err != nil || result.isNew || usable(result.entry) {
			return result.entry, err
		}
	}
}

// fetch calls fetch while it holds the key's lock in the store, unless the entry
// appears there first.
func (c *Cache[V]) fetch(ctx context.Context, key EntryKey, usable func(Entry[V]) bool, fetch Fetch[V]) (fetched[V], error) {
	var entry Entry[V]
	var found bool
	look := func() bool {
		entry, found = c.lookup(ctx, key, usable)
		return found
	}
	unlock, err := c.lock(ctx, key, look)
	if err != nil {
		return fetched[V]{}, err
	}
	defer unlock()
	if found || look() { // another flight may have ended since the caller looked
		return fetched[V]{entry: entry}, nil
	}
	if entry, err = fetch(ctx); err != nil {
		return fetched[V]{}, err
	}
	c.keep(ctx, key, entry)
	return fetched[V]{entry: entry, isNew: true}, nil
}

// lookup returns the entry for key if usable accepts it. As long as the store is in
// use, memory counts only for what could not be saved there: if anything else is
// missing in the store, another process has dropped it.
func (c *Cache[V]) lookup(ctx context.Context, key EntryKey, usable func(Entry[V]) bool) (Entry[V], bool) {
	if c.store.inUse() {
		if entry, err := c.load(ctx, key); err == nil {
			return entry, usable(entry)
		}
	}
	found := c.recall(key)
	if !c.valid(found.IssuedAt, found.ExpiresAt) || found.sealed != nil && c.store.inUse() {
		return Entry[V]{}, false
	}
	return found.Entry, usable(found.Entry)
}

// recall returns what memory has for key, which may be nothing or have expired.
func (c *Cache[V]) recall(key EntryKey) kept[V] {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.memory[key.inputs]
}

// remember keeps an entry in memory. When there are twice as many as after the last time, it
// forgets those that have expired, so that a process that runs for long does not grow.
func (c *Cache[V]) remember(key EntryKey, entry kept[V]) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.memory) >= c.full {
		maps.DeleteFunc(c.memory, func(_ string, other kept[V]) bool { return !now.Before(other.ExpiresAt) })
		c.full = max(minFull, 2*len(c.memory))
	}
	c.memory[key.inputs] = entry
}

// maxSkew is how far the clock that an entry was issued by may be ahead. One that is
// ahead further, or was set back since, would have the entry reused after it expires.
const maxSkew = time.Minute

func (c *Cache[V]) valid(issued, expires time.Time) bool {
	now := c.now()
	return now.Before(expires) && !now.Add(maxSkew).Before(issued)
}

// keep saves an entry in the store, and in memory for when there is none or it fails.
func (c *Cache[V]) keep(ctx context.Context, key EntryKey, entry Entry[V]) {
	if !c.now().Before(entry.ExpiresAt) {
		return // expired, or the expiry is unknown
	}
	var sealed []byte
	if c.store.inUse() {
		sealed = c.save(ctx, key, entry)
	}
	c.remember(key, kept[V]{entry, sealed})
}

func (c *Cache[V]) forget(key EntryKey, refused func(Entry[V]) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.memory[key.inputs]; ok && refused(found.Entry) {
		delete(c.memory, key.inputs)
	}
}

// Drop removes the entry for key, here and for all that share the store, if refused
// reports that it is the one that turned out to be invalid. An entry that was
// fetched since stays.
func (c *Cache[V]) Drop(ctx context.Context, key EntryKey, refused func(Entry[V]) bool) {
	c.forget(key, refused)
	defer c.forget(key, refused) // again, as load remembers it
	// While it is locked, nobody stores another entry between load and delete.
	unlock, err := c.lock(ctx, key, func() bool { return false })
	if err != nil {
		return
	}
	defer unlock()
	if !c.store.inUse() {
		return
	}
	if entry, err := c.load(ctx, key); err == nil && refused(entry) {
		_ = c.store.call(ctx, "changed", func(ctx context.Context) error { return c.store.Delete(ctx, key.Name()) })
	}
}

// Err returns the first failure of the store, once: nil if there was none, or if it
// was returned before. It is a [*StoreError].
func (c *Cache[V]) Err() error { return c.store.report() }
