// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// storeTimeout bounds each look into a store and each change of it.
	storeTimeout = 5 * time.Second
	// maxSkew is how far ahead the clock of the machine may be that stored an entry.
	// What was stored later than that comes from a time that is not to be trusted.
	maxSkew = time.Minute
)

// store is the one in use: the shared one, unless there is none or it fails.
func (c *Cache) store() Store {
	if c.shared != nil && c.health.good(c.now()) {
		return c.shared
	}
	return c.memory
}

// lookup returns the entry that is stored in key if usable accepts it. A store
// that fails is passed over, and so is one that has not got the entry because it
// could not be written.
func (c *Cache) lookup(ctx context.Context, key EntryKey, usable func(Entry) bool) (Entry, bool) {
	store := c.store()
	entry, err := c.load(ctx, store, key)
	if c.failed(ctx, store, "read", err) {
		return c.lookup(ctx, key, usable)
	}
	if _, unsaved := c.unsaved.Load(key.name); unsaved && errors.Is(err, ErrNotFound) {
		entry, err = c.load(ctx, c.memory, key)
	}
	return entry, err == nil && usable(entry)
}

// load reads an entry. It lasts for as long as it says itself and the store says:
// the clock of another machine may be wrong.
func (c *Cache) load(ctx context.Context, store Store, key EntryKey) (Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	sealed, left, err := store.Load(ctx, key.name)
	if err != nil {
		return Entry{}, err
	}
	entry, err := key.open(sealed)
	if err != nil {
		return Entry{}, err
	}
	now := c.now()
	if end := now.Add(left); end.Before(entry.ExpiresAt) {
		entry.ExpiresAt = end
	}
	if !now.Before(entry.ExpiresAt) || now.Add(maxSkew).Before(entry.IssuedAt) {
		return Entry{}, ErrNotFound
	}
	return entry, nil
}

// save stores an entry whose expiry is known. It stays in the memory of this
// process too, for when the store fails later on.
func (c *Cache) save(ctx context.Context, key EntryKey, entry Entry) {
	if entry.ExpiresAt.IsZero() {
		return
	}
	lifetime := entry.ExpiresAt.Sub(c.now())
	if lifetime <= 0 {
		return
	}
	sealed := key.seal(entry)
	_ = c.memory.Save(ctx, key.name, sealed, lifetime) // what is too large for it is not shared
	if c.shared != nil {
		c.share(ctx, key, sealed, lifetime)
	}
}

// share stores a sealed entry for other processes, and takes note of it where that
// is not possible.
func (c *Cache) share(ctx context.Context, key EntryKey, sealed []byte, lifetime time.Duration) {
	c.unsaved.Store(key.name, struct{}{})
	store := c.store()
	if store == c.memory {
		return
	}
	saving, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := store.Save(saving, key.name, sealed, lifetime)
	if err == nil {
		c.unsaved.Delete(key.name)
	}
	c.failed(ctx, store, "written", err)
}

// dropFrom forgets an entry if it is the refused one.
func (c *Cache) dropFrom(ctx context.Context, store Store, key EntryKey, refused func(Entry) bool) {
	entry, err := c.load(ctx, store, key)
	if err == nil && refused(entry) {
		deleting, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		err = store.Delete(deleting, key.name)
	}
	c.failed(ctx, store, "changed", err)
}

// lock takes the key's lock in the store in use. A store that cannot be locked
// is passed over, and a lock that is not given back is done without. The error is
// that of a context that ended.
func (c *Cache) lock(ctx context.Context, key EntryKey) (func(), error) {
	store := c.store()
	waiting, cancel := context.WithTimeoutCause(ctx, c.patience, fmt.Errorf("%w for %s", ErrLocked, c.patience))
	defer cancel()
	unlock, err := store.Lock(waiting, key.name)
	switch {
	case err == nil:
		return unlock, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case waiting.Err() != nil:
		err = context.Cause(waiting)
	}
	if c.failed(ctx, store, "locked", err) {
		return c.lock(ctx, key)
	}
	return func() {}, nil
}

// failed takes note of a store's failure, and tells whether another store is in
// use from now on: not where a single entry is at fault. Finding nothing is no
// failure, nor is a context that its owner ended.
func (c *Cache) failed(ctx context.Context, store Store, operation string, err error) bool {
	if err == nil || errors.Is(err, ErrNotFound) || store == c.memory || ctx.Err() != nil {
		return false
	}
	single := errors.Is(err, ErrDamaged) || errors.Is(err, ErrLocked)
	c.health.fail(&StoreError{Operation: operation, Err: err}, c.now(), !single)
	return !single
}
