// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package storetest is the conformance suite that every [tokencache.Store] runs. It
// knows nothing of where a store keeps its data: what only one store can get wrong is
// tested beside that store.
package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// Storage is a place where stores keep their data, empty at first and used by one
// test only.
type Storage struct {
	// Open returns another handle on the storage, as another process would have.
	Open func() tokencache.Store
	// Advance moves the clock that entries expire by. If it is nil, the tests of
	// lifetimes are skipped.
	Advance func(time.Duration)
}

// Run runs the suite in parallel, each test with a storage from newStorage.
func Run(t *testing.T, newStorage func(t *testing.T) Storage) {
	t.Helper()
	for name, run := range map[string]func(test){
		"nothing stored":                     test.nothingStored,
		"round trip":                         test.roundTrip,
		"bytes are the caller's own":         test.bytesAreCopied,
		"overwrite":                          test.overwrite,
		"delete":                             test.delete,
		"keys are independent":               test.manyKeys,
		"never a mixture":                    test.neverAMixture,
		"lifetime":                           test.lifetime,
		"lifetime, shortest and longest":     test.extremeLifetimes,
		"lifetime of what is overwritten":    test.lifetimeIsReplaced,
		"lock excludes":                      test.lockExcludes,
		"lock excludes in a crowd":           test.crowdExcludes,
		"unlock outlives the context":        test.unlockOutlivesContext,
		"context ends while locking":         test.contextEndsMeanwhile,
		"lock with a context that has ended": test.lockWithEndedContext,
		"locks are independent":              test.locksAreIndependent,
		"lock and data are independent":      test.lockAndData,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(test{t, newStorage(t)})
		})
	}
}

// Clock is a clock that stands still until it is advanced. Make one with [NewClock]; it
// is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows the present.
func NewClock() *Clock { return &Clock{now: time.Now()} }

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

func keyOf(name string) string { return tokencache.NewEntryKey(name).Name() }

type test struct {
	*testing.T
	Storage
}

// handle is a store whose errors end the test.
type handle struct {
	tokencache.Store
	*testing.T
}

func (t test) open() handle { return handle{t.Open(), t.T} }

// advance moves the clock, or skips the test if that cannot be done.
func (t test) advance(by time.Duration) {
	t.Helper()
	if t.Advance == nil {
		t.Skip("the clock of this storage cannot be moved")
	}
	t.Advance(by)
}

// soon returns a context for an operation that must not wait for anybody. A machine
// may be busy.
func (h handle) soon() context.Context {
	ctx, cancel := context.WithTimeout(h.Context(), 10*time.Second)
	h.Cleanup(cancel)
	return ctx
}
