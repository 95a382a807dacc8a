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
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
)

// lock takes a lock that must be free.
func lock(t *testing.T, store *redisstore.Store) (unlock func()) {
	t.Helper()
	unlock, err := store.TryLock(t.Context(), key)
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
	if _, err := other.TryLock(t.Context(), key); !errors.Is(err, tokencache.ErrLocked) {
		t.Fatalf("a millisecond early: %v", err)
	}
	double.FastForward(time.Millisecond)
	lock(t, other)()
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
	unlock, err := open(t, server.URL("", ""), nil).TryLock(ctx, key)
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
	if _, err := slow.TryLock(t.Context(), key); !errors.Is(err, tokencache.ErrLocked) {
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
