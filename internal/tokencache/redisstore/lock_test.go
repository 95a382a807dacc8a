// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
)

// within returns a context that ends soon, for what is not going to happen.
func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// lock takes a lock that must be free.
func lock(t *testing.T, store *redisstore.Store) (unlock func()) {
	t.Helper()
	unlock, err := store.Lock(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return unlock
}

func TestLockEndsAfterItsOwner(t *testing.T) {
	t.Parallel()
	double := miniredis.RunT(t)
	owner, other := open(t, "redis://"+double.Addr(), nil), open(t, "redis://"+double.Addr(), nil)
	lock(t, owner)
	_ = owner.Close() // now it can no more extend the lock than if it were dead
	double.FastForward(redisstore.LockTTL - time.Millisecond)
	if _, err := other.Lock(within(t, 200*time.Millisecond), key); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a millisecond early: %v", err)
	}
	double.FastForward(time.Millisecond)
	lock(t, other)()
}

// TestEndlessLock: what another program left under the name of a lock ends as the
// lock of a dead process does.
func TestEndlessLock(t *testing.T) {
	t.Parallel()
	double := miniredis.RunT(t)
	name := redisstore.Prefix + key + redisstore.LockSuffix
	if err := double.Set(name, "somebody else's"); err != nil {
		t.Fatal(err)
	}
	taken := make(chan error)
	go func() {
		unlock, err := open(t, "redis://"+double.Addr(), nil).Lock(t.Context(), key)
		if err == nil {
			unlock()
		}
		taken <- err
	}()
	eventually(t, func() bool { return double.TTL(name) > 0 })
	double.FastForward(redisstore.LockTTL)
	if err := <-taken; err != nil {
		t.Error(err)
	}
}

func TestLockIsExtended(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	left := func() int {
		number, err := strconv.Atoi(strings.TrimPrefix(server.Do(t, "PTTL", "oauth2cc:v1:"+key+":lock"), ":"))
		if err != nil {
			t.Fatal(err)
		}
		return number
	}
	ctx, cancel := context.WithCancel(t.Context())
	unlock, err := open(t, server.URL("", ""), nil).Lock(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	cancel() // which is no reason to lose the lock
	last := left()
	eventually(t, func() bool {
		before := last
		last = left()
		return last > before
	})
	unlock()
	if got := left(); got != -2 { // there is no such key
		t.Errorf("PTTL of a lock that was given back: %d", got)
	}
}

func TestUnlockLeavesTheLockOfAnother(t *testing.T) {
	t.Parallel()
	double := miniredis.RunT(t)
	slow, other := open(t, "redis://"+double.Addr(), nil), open(t, "redis://"+double.Addr(), nil)
	unlock := lock(t, slow)
	double.FastForward(redisstore.LockTTL)
	defer lock(t, other)()
	unlock()
	if _, err := slow.Lock(within(t, 200*time.Millisecond), key); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("took the lock of another: %v", err)
	}
}

func TestUnlockEndsWithoutServer(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *redistest.Server){
		"killed": func(_ *testing.T, server *redistest.Server) { server.Kill() },
		"paused": pause,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, redistest.Options{})
			unlock := lock(t, open(t, server.URL("", ""), nil))
			end(t, server)
			start := time.Now()
			unlock()
			if took := time.Since(start); took > bound {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestWaiterLearnsThatTheServerIsGone(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	lock(t, open(t, server.URL("", ""), nil))
	waiter, failed := open(t, server.URL("", ""), nil), make(chan error)
	go func() {
		_, err := waiter.Lock(t.Context(), key)
		failed <- err
	}()
	server.Kill()
	if err := <-failed; !errors.Is(err, redisstore.ErrUnavailable) {
		t.Errorf("got %v, want %v", err, redisstore.ErrUnavailable)
	}
}
