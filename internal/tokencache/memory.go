// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Memory is a [Store] in the memory of this process. Its locks end with the
// process. Make one with [NewMemory].
type Memory struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[string]remembered
	locks   map[string]*memoryLock
}

// remembered is what is stored under one key.
type remembered struct {
	data      []byte
	expiresAt time.Time
}

// memoryLock is the lock of one key. It is there for as long as somebody holds it
// or waits for it.
type memoryLock struct {
	held  chan struct{} // full while somebody holds the lock
	users int           // who hold it or wait for it; guarded by Memory.mu
}

// NewMemory returns an empty store that tells the time by now.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, entries: map[string]remembered{}, locks: map[string]*memoryLock{}}
}

// Load is described at [Store].
func (m *Memory) Load(_ context.Context, key string) (data []byte, left time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	entry := m.entries[key]
	if left := entry.expiresAt.Sub(m.now()); left > 0 {
		return slices.Clone(entry.data), left, nil
	}
	delete(m.entries, key)
	return nil, 0, ErrNotFound
}

// Save is described at [Store]. It also forgets all that has expired, so that a
// process that runs for long does not grow: there are few entries, and a request
// was made before each call.
func (m *Memory) Save(_ context.Context, key string, data []byte, lifetime time.Duration) error {
	if len(data) > MaxSize {
		return fmt.Errorf("%d bytes are more than the %d that can be stored", len(data), MaxSize)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	maps.DeleteFunc(m.entries, func(_ string, entry remembered) bool { return !now.Before(entry.expiresAt) })
	m.entries[key] = remembered{slices.Clone(data), now.Add(lifetime)}
	return nil
}

// Delete is described at [Store].
func (m *Memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, key)
	return nil
}

// Lock is described at [Store].
func (m *Memory) Lock(ctx context.Context, key string) (unlock func(), err error) {
	if ctx.Err() != nil { // select would toss a coin
		return nil, context.Cause(ctx)
	}
	lock := m.join(key)
	select {
	case lock.held <- struct{}{}:
		return func() { <-lock.held; m.leave(key, lock) }, nil
	case <-ctx.Done():
		m.leave(key, lock)
		return nil, context.Cause(ctx)
	}
}

// join counts in one more user of the lock of key.
func (m *Memory) join(key string) *memoryLock {
	m.mu.Lock()
	defer m.mu.Unlock()
	lock, ok := m.locks[key]
	if !ok {
		lock = &memoryLock{held: make(chan struct{}, 1)}
		m.locks[key] = lock
	}
	lock.users++
	return lock
}

// leave counts out a user, and forgets the lock with the last one.
func (m *Memory) leave(key string, lock *memoryLock) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if lock.users--; lock.users == 0 {
		delete(m.locks, key)
	}
}
