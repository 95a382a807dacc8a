// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/filestore"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/storetest"
)

// key is any key.
var key = strings.Repeat("0a", 32)

const lockFile = "0a0a.lock"

// open opens the store in dir.
func open(tb testing.TB, dir string, now func() time.Time) *filestore.Store {
	tb.Helper()
	store, err := filestore.Open(dir, now)
	if err != nil {
		tb.Fatal(err)
	}
	return store
}

// save stores a token for an hour.
func save(tb testing.TB, store *filestore.Store, key, token string) {
	tb.Helper()
	if err := store.Save(tb.Context(), key, []byte(token), time.Hour); err != nil {
		tb.Fatal(err)
	}
}

// wants loads a token that must be there.
func wants(tb testing.TB, store *filestore.Store, key, token string) {
	tb.Helper()
	if got, _, err := store.Load(tb.Context(), key); err != nil || string(got) != token {
		tb.Errorf("loaded %q, %v; want %q", got, err, token)
	}
}

// entries returns the names of the files in the store's folder.
func entries(tb testing.TB, dir string) []string {
	tb.Helper()
	files, err := os.ReadDir(filepath.Join(dir, "v1"))
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, file.Name())
	}
	return names
}

// must ends the test on an error of what prepares it.
func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Storage {
		t.Helper()
		dir, clock := t.TempDir(), storetest.NewClock()
		return storetest.Storage{
			Open:    func() tokencache.Store { return open(t, dir, clock.Now) },
			Advance: clock.Advance,
		}
	})
}

func TestDefaultDir(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("set through other variables here")
	}
	t.Setenv("XDG_CACHE_HOME", "/caches")
	if got, err := filestore.DefaultDir(); err != nil || got != "/caches/terraform-provider-oauth2cc" {
		t.Errorf("got %q, %v", got, err)
	}
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	if got, err := filestore.DefaultDir(); err == nil || !strings.Contains(err.Error(), "needs a path") {
		t.Errorf("without a home: got %q, %v", got, err)
	}
}

// TestClearedMeanwhile removes the folder of a store that is in use, as users do to clear
// the cache.
func TestClearedMeanwhile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	store := open(t, dir, time.Now)
	save(t, store, key, "token")
	must(t, os.RemoveAll(dir))
	if _, _, err := store.Load(t.Context(), key); !errors.Is(err, tokencache.ErrNotFound) {
		t.Errorf("load: %v", err)
	}
	must(t, os.RemoveAll(dir))
	save(t, store, key, "token")
	wants(t, store, key, "token")
}

// TestFailuresLoseNothing has each method meet something in its way.
func TestFailuresLoseNothing(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(t *testing.T, store *filestore.Store, folder string) error{
		"the entry is a folder": func(t *testing.T, store *filestore.Store, folder string) error {
			t.Helper()
			must(t, os.MkdirAll(filepath.Join(folder, key, "full"), 0o700))
			return store.Save(t.Context(), key, []byte("token"), time.Hour)
		},
		"the entry to delete is a full folder": func(t *testing.T, store *filestore.Store, folder string) error {
			t.Helper()
			must(t, os.MkdirAll(filepath.Join(folder, key, "full"), 0o700))
			return store.Delete(t.Context(), key)
		},
		"the lock file is a folder": func(t *testing.T, store *filestore.Store, folder string) error {
			t.Helper()
			must(t, os.Mkdir(filepath.Join(folder, lockFile), 0o700))
			_, err := store.TryLock(t.Context(), key)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, other := t.TempDir(), strings.Repeat("0b", 32)
			store, folder := open(t, dir, time.Now), filepath.Join(dir, "v1")
			save(t, store, other, "kept")
			err := fail(t, store, folder)
			if err == nil || !strings.Contains(err.Error(), folder) {
				t.Errorf("got %v, want an error that names %s", err, folder)
			}
			wants(t, store, other, "kept")
			for _, name := range entries(t, dir) {
				if strings.HasSuffix(name, ".tmp") {
					t.Errorf("%s was left behind", name)
				}
			}
		})
	}
}

// TestForeignFiles loads what no store has saved. A later save puts it right.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir, time.Now)
	save(t, store, key, "token")
	path := filepath.Join(dir, "v1", key)
	whole, err := os.ReadFile(path)
	must(t, err)
	for name, content := range map[string][]byte{
		"empty":                   {},
		"half a header":           whole[:10],
		"something else":          []byte(`{"access_token":"a"}`),
		"all zeros":               make([]byte, 4096),
		"larger than the maximum": slices.Concat([]byte("oauth2c1"), bytes.Repeat([]byte{0x7f}, 8), make([]byte, tokencache.MaxSize+1)),
	} {
		must(t, os.WriteFile(path, content, 0o600))
		if got, _, err := store.Load(t.Context(), key); !errors.Is(err, tokencache.ErrDamaged) {
			t.Errorf("%s: loaded %d bytes, %v", name, len(got), err)
		}
		save(t, store, key, "token")
		wants(t, store, key, "token")
	}
}
