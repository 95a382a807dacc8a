// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package tokencache shares tokens: whoever asks for the same thing gets the
// same token, and those who ask at once wait for one request, in this process
// and, with a [Store] that others use too, in all of them.
//
// It stores opaque bytes with an expiry under keys made by [Key], and knows
// neither what a token is nor how to get one. It keeps nothing that has expired
// and nothing whose expiry is unknown, hands nothing to a store that is not
// sealed, and never lets a store that fails stand in the way: then it goes on in
// the memory of this process, and says so once.
package tokencache

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// Entry is one stored value.
type Entry struct {
	// Data is the value. It is not copied and must not be changed.
	Data []byte
	// IssuedAt is when the value began to be good.
	IssuedAt time.Time
	// ExpiresAt is when the value ceases to be good. An entry without it is given
	// to those who wait for it, and never stored.
	ExpiresAt time.Time
}

// Cache gets entries from a store, or from where they come from. Make one with
// [New]; it is safe for concurrent use.
type Cache struct {
	now      func() time.Time
	shared   Store // nil where entries stay in this process
	patience time.Duration
	memory   *Memory
	health   health
	flights  flights
	unsaved  sync.Map // names of entries that did not get into shared
}

// Config says what a [Cache] works with. Its zero value is a cache of one process.
type Config struct {
	// Store is where entries go; nil keeps them in the memory of this process.
	Store Store
	// Patience is how long to wait for another process that is getting the same: as
	// long as one may take that is getting it. Zero means half a minute.
	Patience time.Duration
	// Now tells the time; nil means time.Now.
	Now func() time.Time
}

// usualPatience is the Patience of those who name none.
const usualPatience = 30 * time.Second

// New returns a cache.
func New(config Config) *Cache {
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Cache{
		now:      config.Now,
		shared:   config.Store,
		patience: cmp.Or(config.Patience, usualPatience),
		memory:   NewMemory(config.Now),
	}
}

// Fetch gets a value from where it comes from.
type Fetch func(ctx context.Context) (Entry, error)

// Get returns the entry stored in key if it has not expired and usable accepts
// it. Otherwise it calls fetch, once for all callers of the same key that wait
// at the same time, and stores what comes back. An error goes to all of this
// process who waited, and is not stored.
//
// A caller whose context ends stops waiting. The fetch goes on for the others,
// and is cancelled when nobody waits any more.
func (c *Cache) Get(ctx context.Context, key EntryKey, usable func(Entry) bool, fetch Fetch) (Entry, error) {
	for {
		if entry, ok := c.lookup(ctx, key, usable); ok {
			return entry, nil
		}
		landed, err := c.flights.fly(ctx, key.name, func(ctx context.Context) (landing, error) {
			return c.settle(ctx, key, usable, fetch)
		})
		// What another caller found in the store may not do for this one.
		if err != nil || landed.fetched || usable(landed.entry) {
			return landed.entry, err
		}
	}
}

// settle gets an entry while it holds the key's lock, so that other processes
// wait for this one's.
func (c *Cache) settle(ctx context.Context, key EntryKey, usable func(Entry) bool, fetch Fetch) (landing, error) {
	unlock, err := c.lock(ctx, key)
	if err != nil {
		return landing{}, err
	}
	defer unlock()
	if entry, ok := c.lookup(ctx, key, usable); ok {
		return landing{entry: entry}, nil
	}
	entry, err := fetch(ctx)
	if err != nil {
		return landing{}, err
	}
	c.save(ctx, key, entry)
	return landing{entry: entry, fetched: true}, nil
}

// Drop forgets the entry stored in key, here and for all who share the store, if
// refused says that it is the one that turned out to be no good. Another one,
// fetched since, stays.
func (c *Cache) Drop(ctx context.Context, key EntryKey, refused func(Entry) bool) {
	unlock, err := c.lock(ctx, key) // nobody stores another one between the look and the end
	if err != nil {
		return
	}
	defer unlock()
	c.dropFrom(ctx, c.memory, key, refused)
	if store := c.store(); store != c.memory {
		c.dropFrom(ctx, store, key, refused)
	}
}

// Trouble returns the first failure of the shared store, once: nil if there was
// none, or if it was returned before. It is a [*StoreError].
func (c *Cache) Trouble() error { return c.health.tell() }
