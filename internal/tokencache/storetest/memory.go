// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// Memory is a [tokencache.Store] for tests, shared by the caches of one process. Make
// one with [NewMemory].
type Memory struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[string]stored
	locked  map[string]bool
}

type stored struct {
	data      []byte
	expiresAt time.Time
}

// NewMemory returns an empty store.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, entries: map[string]stored{}, locked: map[string]bool{}}
}

// Load is described at [tokencache.Store].
func (m *Memory) Load(_ context.Context, key string) (data []byte, left time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	entry := m.entries[key]
	if left = entry.expiresAt.Sub(m.now()); left <= 0 {
		return nil, 0, tokencache.ErrNotFound
	}
	return slices.Clone(entry.data), left, nil
}

// Save is described at [tokencache.Store].
func (m *Memory) Save(_ context.Context, key string, data []byte, lifetime time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[key] = stored{slices.Clone(data), m.now().Add(lifetime)}
	return nil
}

// Delete is described at [tokencache.Store].
func (m *Memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, key)
	return nil
}

// TryLock is described at [tokencache.Store].
func (m *Memory) TryLock(ctx context.Context, key string) (unlock func(), err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case m.locked[key]:
		return nil, tokencache.ErrLocked
	}
	m.locked[key] = true
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.locked, key)
	}, nil
}
