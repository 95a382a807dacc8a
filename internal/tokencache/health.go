// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

var (
	// ErrDamaged tells that an entry was not sealed by a holder of the key for the
	// key that it was found in, or was changed since.
	ErrDamaged = errors.New("an entry is damaged, or somebody has tampered with it")
	// ErrLocked tells that another process did not give a lock back.
	ErrLocked = errors.New("another process has held the lock of an entry")
)

// StoreError tells that a store could not be used. It costs a fetch, no more.
type StoreError struct {
	// Operation is what the store could not be: read, written, changed or locked.
	Operation string
	// Err comes from the store, or is [ErrDamaged] or [ErrLocked].
	Err error
}

// Error implements error.
func (e *StoreError) Error() string {
	return fmt.Sprintf("the cache could not be %s: %v", e.Operation, e.Err)
}

// Unwrap returns the cause.
func (e *StoreError) Unwrap() error { return e.Err }

// restTime is how long a store that failed is left alone. Without it, one that
// answers slowly would hold up every request for a token.
const restTime = 30 * time.Second

// health is how a store does. The zero value is good.
type health struct {
	mu    sync.Mutex
	until time.Time // when it may be used again
	first error
	told  bool
}

// good tells whether the store can be used.
func (h *health) good(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !now.Before(h.until)
}

// fail notes a failure, after which the store may have to rest.
func (h *health) fail(err error, now time.Time, rest bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.first == nil {
		h.first = err
	}
	if rest {
		h.until = now.Add(restTime)
	}
}

// tell returns the first failure, once.
func (h *health) tell() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.told || h.first == nil {
		return nil
	}
	h.told = true
	return h.first
}
