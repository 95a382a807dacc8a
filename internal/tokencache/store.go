// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"context"
	"errors"
	"fmt"
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

// MaxSize bounds what a store takes and returns, in bytes. Responses are bounded to
// a fraction of it.
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
	// Save stores data under key for a lifetime of more than zero, in place of what
	// was there: whole or not at all, whatever interrupts it.
	Save(ctx context.Context, key string, data []byte, lifetime time.Duration) error
	// Delete removes what is stored under key, which may be nothing.
	Delete(ctx context.Context, key string) error
	// TryLock takes the lock of key, or returns [ErrLocked] if somebody holds it. It
	// does not outlive the process that holds it by more than the store documents.
	// Unlock never fails and is called once.
	TryLock(ctx context.Context, key string) (unlock func(), err error)
}
