// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// TestSweepAndLock has the lock file removed all the time while a crowd takes turns
// with the lock. It is here because from outside a sweep is too rare to hit the
// moment between opening a lock file and locking it.
func TestSweepAndLock(t *testing.T) {
	t.Parallel()
	folder, err := openFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	key := strings.Repeat("0a", 32)
	ctx, cancel := context.WithCancel(t.Context())
	var sweepers, crowd sync.WaitGroup
	for range 2 {
		sweepers.Go(func() {
			for ctx.Err() == nil {
				sweepEntry(folder, key, time.Now())
			}
		})
	}
	var holders atomic.Int32
	for range 4 {
		crowd.Go(func() { takeTurns(t, folder, key, &holders) })
	}
	crowd.Wait()
	cancel()
	sweepers.Wait()
}

// takeTurns takes a lock many times and sees that no other holds it.
func takeTurns(t *testing.T, folder *os.Root, key string, holders *atomic.Int32) {
	t.Helper()
	for turns := 0; turns < 500; {
		lock, err := tryLock(folder, key)
		if errors.Is(err, tokencache.ErrLocked) {
			continue
		} else if err != nil {
			t.Errorf("lock: %v", err)
			return
		}
		if others := holders.Add(1) - 1; others > 0 {
			t.Errorf("%d others hold the lock", others)
		}
		for range 10 {
			runtime.Gosched() // holds it for a while
		}
		holders.Add(-1)
		_ = lock.Close()
		turns++
	}
}
