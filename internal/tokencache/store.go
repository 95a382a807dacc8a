// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"context"
	"errors"
	"time"
)

// ErrNotFound tells that a store has nothing under a key.
var ErrNotFound = errors.New("nothing is stored under this key")

// MaxSize bounds what a store takes and gives, in bytes. Bodies of answers are
// bounded to a fraction of it.
const MaxSize = 4 << 20

// Store keeps bytes under keys where others find them: the processes of a
// machine, the machines of a fleet. It is safe for concurrent use, and every
// method ends when its context does, as far as the system lets it. Keys are those of [EntryKey.Name]: 64 hexadecimal
// digits. What is stored is sealed, so that a store need not keep it secret.
//
// Package storetest holds what all stores have in common.
type Store interface {
	// Load returns what is stored under key and how long that still lasts by the
	// store's own clock, always more than zero. The error is [ErrNotFound] where
	// there is nothing, or nothing any more.
	Load(ctx context.Context, key string) (data []byte, left time.Duration, err error)
	// Save stores data under key for a lifetime of more than zero, in place of what
	// was there: whole or not at all, whatever interrupts it.
	Save(ctx context.Context, key string, data []byte, lifetime time.Duration) error
	// Delete removes what is stored under key, which may be nothing.
	Delete(ctx context.Context, key string) error
	// Lock waits until nobody holds the lock of key, and takes it. It does not
	// outlive the process that holds it by more than the store documents. Unlock
	// gives it back; it never fails and may be called once.
	Lock(ctx context.Context, key string) (unlock func(), err error)
}
