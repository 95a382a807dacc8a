// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package tokencache shares tokens: whoever asks for the same thing gets the
// same token, and those who ask at once wait for one request.
//
// It stores opaque bytes with an expiry under keys made by [Key], and knows
// neither what a token is nor how to get one. It keeps nothing that has expired
// and nothing whose expiry is unknown.
package tokencache

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
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

// Cache is a cache in the memory of one process. Make one with [New]; it is safe
// for concurrent use.
type Cache struct {
	now     func() time.Time
	flights singleflight.Group
	mu      sync.Mutex
	entries map[string]Entry
}

// New returns an empty cache that tells the time by now.
func New(now func() time.Time) *Cache {
	return &Cache{now: now, entries: map[string]Entry{}}
}

// Fetch gets a value from where it comes from.
type Fetch func(ctx context.Context) (Entry, error)

// Get returns the entry stored under key if it has not expired and usable
// accepts it. Otherwise it calls fetch, once for all callers of the same key that
// wait at the same time, and stores what comes back. An error goes to all who
// waited and is not stored.
//
// A caller whose context ends stops waiting. The fetch goes on for the others,
// so it must bound its own time.
func (c *Cache) Get(ctx context.Context, key string, usable func(Entry) bool, fetch Fetch) (Entry, error) {
	entry, landing := c.lookUpOrBoard(ctx, key, usable, fetch)
	if landing == nil {
		return entry, nil
	}
	select {
	case result := <-landing:
		fetched, _ := result.Val.(Entry)
		return fetched, result.Err
	case <-ctx.Done():
		return Entry{}, context.Cause(ctx)
	}
}

// lookUpOrBoard returns a usable entry, or else a flight that will bring one. It
// does both under one lock, and a flight stores what it brought before it ends:
// so no caller can miss both and start a second fetch.
func (c *Cache) lookUpOrBoard(
	ctx context.Context, key string, usable func(Entry) bool, fetch Fetch,
) (Entry, <-chan singleflight.Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if entry, ok := c.lookup(key); ok && usable(entry) {
		return entry, nil
	}
	return Entry{}, c.flights.DoChan(key, func() (any, error) {
		entry, err := fetch(context.WithoutCancel(ctx))
		if err == nil {
			c.store(key, entry)
		}
		return entry, err
	})
}

// Drop forgets the entry stored under key, if refused says that it is the one
// that turned out to be no good. Another one, fetched since, stays.
func (c *Cache) Drop(key string, refused func(Entry) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if entry, ok := c.entries[key]; ok && refused(entry) {
		delete(c.entries, key)
	}
}

// lookup returns an entry that has not expired, and forgets one that has. The
// caller holds the lock.
func (c *Cache) lookup(key string) (Entry, bool) {
	entry, ok := c.entries[key]
	if ok && !c.now().Before(entry.ExpiresAt) {
		delete(c.entries, key)
		return Entry{}, false
	}
	return entry, ok
}

// store keeps an entry whose expiry is known.
func (c *Cache) store(key string, entry Entry) {
	if entry.ExpiresAt.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries[key] = entry
}
