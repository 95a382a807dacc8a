// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package storetest holds what every [tokencache.Store] has to do, as one suite of
// tests that each store runs. It knows nothing of where a store keeps its data:
// what only one store can get wrong is tested beside that store.
package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// Storage is a place where stores keep their data, empty at first and used by one
// test alone.
type Storage struct {
	// Open returns one more handle on the storage, as another process would have.
	Open func() tokencache.Store
	// Advance moves the clock that entries expire by. It is nil where nobody can:
	// the tests of lifetimes are skipped then.
	Advance func(time.Duration)
}

// Run runs the suite. It asks newStorage for a storage in each test; the tests run
// in parallel.
func Run(t *testing.T, newStorage func(t *testing.T) Storage) {
	t.Helper()
	for name, run := range map[string]func(test){
		"nothing stored":                     test.nothingStored,
		"round trip":                         test.roundTrip,
		"too large":                          test.tooLarge,
		"bytes are the caller's own":         test.bytesAreCopied,
		"overwrite":                          test.overwrite,
		"delete":                             test.delete,
		"keys are independent":               test.manyKeys,
		"never a mixture":                    test.neverAMixture,
		"lifetime":                           test.lifetime,
		"lifetime, shortest and longest":     test.extremeLifetimes,
		"lifetime of what is overwritten":    test.lifetimeIsReplaced,
		"lock excludes":                      test.lockExcludes,
		"unlock lets one waiter on":          test.unlockLetsOneOn,
		"unlock outlives the context":        test.unlockOutlivesContext,
		"waiter gives up":                    test.waiterGivesUp,
		"waiter gives up at the unlock":      test.waiterGivesUpAtUnlock,
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

// Clock is a clock that stands still unless it is advanced. Make one with
// [NewClock]; it is safe for concurrent use.
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

// keyOf returns the key that has a name.
func keyOf(name string) string { return tokencache.NewEntryKey(name).Name() }

// test is one test with a storage of its own.
type test struct {
	*testing.T
	Storage
}

// handle is a store whose errors end the test.
type handle struct {
	tokencache.Store
	*testing.T
}

// open returns a new handle on the storage.
func (t test) open() handle { return handle{t.Open(), t.T} }

// advance moves the clock, or skips the test where that cannot be done.
func (t test) advance(by time.Duration) {
	t.Helper()
	if t.Advance == nil {
		t.Skip("the clock of this storage cannot be moved")
	}
	t.Advance(by)
}

// within returns a context that ends after a time: short where it is going to end,
// and longer than any test may take where it is not.
func (h handle) within(limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(h.Context(), limit)
	h.Cleanup(cancel)
	return ctx
}

const (
	// atOnce bounds what must not wait for anybody. A machine may be busy.
	atOnce = 10 * time.Second
	// aWhile is how long a test waits to see that nothing happens.
	aWhile = 50 * time.Millisecond
)
