// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/storetest"
)

// keyNumber returns one of many keys.
func keyNumber(number int) string { return fmt.Sprintf("%064x", number) }

func TestSweep(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), storetest.NewClock()
	store, folder := open(t, dir, clock.Now), filepath.Join(dir, "v1")
	const expired, damaged, current, deleted, held, saved = 1, 2, 3, 4, 5, 6
	lock := func(key int) (unlock func()) {
		unlock, err := store.TryLock(t.Context(), keyNumber(key))
		must(t, err)
		return unlock
	}
	for key, lifetime := range map[int]time.Duration{expired: time.Minute, damaged: time.Hour, current: 3 * time.Hour, deleted: time.Hour, held: time.Minute} {
		must(t, store.Save(t.Context(), keyNumber(key), []byte("token"), lifetime))
		lock(key)()
	}
	must(t, os.WriteFile(filepath.Join(folder, keyNumber(damaged)), []byte("half a"), 0o600))
	must(t, store.Delete(t.Context(), keyNumber(deleted)))
	for name, age := range map[string]time.Duration{keyNumber(1) + ".A.tmp": 0, keyNumber(1) + ".B.tmp": time.Hour, "foreign": 0} {
		path, when := filepath.Join(folder, name), clock.Now().Add(-age)
		must(t, os.WriteFile(path, nil, 0o600))
		must(t, os.Chtimes(path, when, when))
	}
	must(t, os.Mkdir(filepath.Join(folder, "old.tmp"), 0o700))
	must(t, os.Chtimes(filepath.Join(folder, "old.tmp"), time.Unix(0, 0), time.Unix(0, 0)))
	unlock := lock(held)
	clock.Advance(30 * time.Minute)

	save(t, open(t, dir, clock.Now), keyNumber(saved), "token")
	want := []string{
		keyNumber(1) + ".A.tmp", // may be being written
		keyNumber(current),
		keyNumber(held), // expired, but the holder of the lock is about to save
		keyNumber(saved),
		"foreign", "old.tmp",
	}
	if got := withoutLocks(entries(t, dir)); !slices.Equal(got, want) {
		t.Errorf("left\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	unlock()
	save(t, open(t, dir, clock.Now), keyNumber(saved), "token")
	if slices.Contains(entries(t, dir), keyNumber(held)) {
		t.Error("an expired entry stayed after its lock was free")
	}
}

// TestSweepNowAndThen counts how often one store sweeps.
func TestSweepNowAndThen(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), storetest.NewClock()
	store := open(t, dir, clock.Now)
	sweeps := 0
	for range 600 {
		// An expired entry, which only a sweep removes.
		other := filepath.Join(dir, "v1", keyNumber(7))
		must(t, os.WriteFile(other, append([]byte("oauth2c1"), make([]byte, 8)...), 0o600))
		save(t, store, key, "token")
		if _, err := os.Lstat(other); err != nil {
			sweeps++
		}
	}
	if sweeps != 3 {
		t.Errorf("%d sweeps in 600 saves, want 3", sweeps)
	}
}

// TestSweepIsBounded has a sweep find more than it takes on at a time. Those that

func withoutLocks(names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, ".lock") })
}
