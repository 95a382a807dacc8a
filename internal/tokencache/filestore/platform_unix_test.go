// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package filestore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/filestore"
)

// wantsMode checks the permissions of a file.
func wantsMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	must(t, err)
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %v, want %v", path, got, want)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	must(t, os.Chmod(top, 0o755)) //nolint:gosec // what the test is about
	dir := filepath.Join(top, "a", "b")
	store := open(t, dir, time.Now)
	unlock, err := store.TryLock(t.Context(), key)
	must(t, err)
	defer unlock()
	save(t, store, key, "token")
	wantsMode(t, top, 0o755)
	for _, folder := range []string{filepath.Join(top, "a"), dir, filepath.Join(dir, "v1")} {
		wantsMode(t, folder, 0o700)
	}
	wantsMode(t, filepath.Join(dir, "v1", key), 0o600)
	wantsMode(t, filepath.Join(dir, "v1", lockFile), 0o600)
}

// TestWidePermissions opens a folder that others can use. Only the entries' own
// folder is the provider's to close.
func TestWidePermissions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder := filepath.Join(dir, "v1")
	must(t, os.Mkdir(folder, 0o700))
	for _, path := range []string{dir, folder} {
		must(t, os.Chmod(path, 0o777)) //nolint:gosec // what the test is about
	}
	store := open(t, dir, time.Now)
	wantsMode(t, dir, 0o777)
	wantsMode(t, folder, 0o700)
	must(t, os.Chmod(folder, 0o750)) //nolint:gosec // what the test is about
	save(t, store, key, "token")
	wantsMode(t, folder, 0o700)
}

func TestUnusableFolders(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		prepare func(t *testing.T, folder string)
		want    string
	}{
		"a link": {
			prepare: func(t *testing.T, folder string) {
				t.Helper()
				must(t, os.Symlink(t.TempDir(), folder))
			},
			want: "v1 is not a folder: remove it, or choose another path",
		},
		"a link to nothing": {
			prepare: func(t *testing.T, folder string) {
				t.Helper()
				must(t, os.Symlink(folder+"/nothing", folder))
			},
			want: "v1 is not a folder: remove it, or choose another path",
		},
		"a file": {
			prepare: func(t *testing.T, folder string) {
				t.Helper()
				must(t, os.WriteFile(folder, nil, 0o600))
			},
			want: "v1 is not a folder: remove it, or choose another path",
		},
		"somebody else's": {
			prepare: func(t *testing.T, folder string) {
				t.Helper()
				if os.Geteuid() != 0 {
					t.Skip("only root can give folders away")
				}
				must(t, os.Mkdir(folder, 0o700))
				must(t, os.Chown(folder, 12345, 12345))
			},
			want: "v1 belongs to another user (12345): choose another path",
		},
		"below a folder without access": {
			prepare: func(t *testing.T, folder string) {
				t.Helper()
				if os.Geteuid() == 0 {
					t.Skip("root has access everywhere")
				}
				must(t, os.Chmod(filepath.Dir(folder), 0o500)) //nolint:gosec // what the test is about
			},
			want: "permission denied",
		},
		"below a file": {
			prepare: func(t *testing.T, folder string) {
				t.Helper()
				must(t, os.Remove(filepath.Dir(folder)))
				must(t, os.WriteFile(filepath.Dir(folder), nil, 0o600))
			},
			want: "open the folder of the cache",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "cache")
			must(t, os.Mkdir(dir, 0o700))
			row.prepare(t, filepath.Join(dir, "v1"))
			if _, err := filestore.Open(dir, time.Now); err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("got %v, want an error that says %q and names %s", err, row.want, dir)
			}
		})
	}
}

// TestReadOnlyFolder uses a folder that its user has made read-only: what is there
// can be loaded, and nothing can be saved.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere")
	}
	dir := t.TempDir()
	store, folder := open(t, dir, time.Now), filepath.Join(dir, "v1")
	save(t, store, key, "token")
	must(t, os.Chmod(folder, 0o500))                       //nolint:gosec // what the test is about
	t.Cleanup(func() { must(t, os.Chmod(folder, 0o700)) }) //nolint:gosec // to be removed
	if err := store.Save(t.Context(), key, []byte("new"), time.Hour); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("save: %v", err)
	}
	if _, err := store.TryLock(t.Context(), key); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("lock: %v", err)
	}
	wants(t, store, key, "token")
}

// TestLinksAreNotFollowed puts links and pipes where the files of an entry belong.
// What they point to is another entry that could be loaded.
func TestLinksAreNotFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, folder := open(t, dir, time.Now), filepath.Join(dir, "v1")
	target := strings.Repeat("0b", 32)
	save(t, store, target, "target")
	for name, make := range map[string]func(path string) error{
		"link within the folder":  func(path string) error { return os.Symlink(target, path) },
		"link by the whole path":  func(path string) error { return os.Symlink(filepath.Join(folder, target), path) },
		"link to nothing":         func(path string) error { return os.Symlink(filepath.Join(folder, "new"), path) },
		"pipe nobody writes into": func(path string) error { return syscall.Mkfifo(path, 0o600) },
	} {
		must(t, make(filepath.Join(folder, key)))
		if got, _, err := store.Load(t.Context(), key); !errors.Is(err, tokencache.ErrDamaged) {
			t.Errorf("%s: loaded %q, %v", name, got, err)
		}
		save(t, store, key, "token")
		wants(t, store, key, "token")
		must(t, store.Delete(t.Context(), key))
	}
	wants(t, store, target, "target")

	must(t, os.Symlink(filepath.Join(folder, "new"), filepath.Join(folder, lockFile)))
	if _, err := store.TryLock(t.Context(), key); err == nil || errors.Is(err, tokencache.ErrLocked) {
		t.Errorf("the lock file is a link: got %v", err)
	}
	if _, err := os.Lstat(filepath.Join(folder, "new")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a link points to was created: %v", err)
	}
	if _, _, err := store.Load(t.Context(), key); !errors.Is(err, tokencache.ErrNotFound) {
		t.Errorf("load: %v", err)
	}
}
