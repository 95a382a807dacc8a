// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokenfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokenfile"
)

// at sets the path.
func at(path string) func(*tokenfile.Config) {
	return func(c *tokenfile.Config) { c.Path = path }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestDefaultPath: the folder is private, and goes with whatever is in it.
func TestDefaultPath(t *testing.T) {
	t.Parallel()
	var issuer issuer
	file, other := issuer.start(t, at("")), issuer.start(t, at(""))
	folder := filepath.Dir(file.Path())
	if folder == filepath.Dir(other.Path()) || read(t, file.Path()) != "1" || read(t, other.Path()) != "2" {
		t.Errorf("the files are %s and %s", file.Path(), other.Path())
	}
	must(t, os.WriteFile(filepath.Join(folder, "beside"), nil, 0o600))
	closeFile(t, file)
	closeFile(t, other)
	if _, err := os.Lstat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

// TestReplacesFile: a file that was there, for example after a crash, is replaced.
func TestReplacesFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "token")
	must(t, os.WriteFile(path, []byte("old\n"), 0o600))
	old, err := os.Open(path)
	must(t, err)
	defer func() { _ = old.Close() }()
	var issuer issuer
	file := issuer.start(t, at(path))
	if got := read(t, path); got != "1" {
		t.Errorf("the file has %q", got)
	}
	if content := make([]byte, 4); true {
		if _, err := old.Read(content); err != nil || string(content) != "old\n" {
			t.Errorf("a reader of the old file got %q, %v", content, err)
		}
	}
	closeFile(t, file)
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v stays, %v", left, err)
	}
}

func TestUnusablePaths(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prepare func(path string) error
		want    error
	}{
		"no folder": {func(path string) error { return os.Remove(filepath.Dir(path)) }, tokenfile.ErrNoFolder},
		"a file in place of the folder": {func(path string) error {
			return errors.Join(os.Remove(filepath.Dir(path)), os.WriteFile(filepath.Dir(path), nil, 0o600))
		}, tokenfile.ErrNoFolder},
		"a folder": {func(path string) error { return os.Mkdir(path, 0o700) }, tokenfile.ErrNotRegular},
		"a link": {func(path string) error {
			return errors.Join(os.WriteFile(path+"2", nil, 0o600), os.Symlink(path+"2", path))
		}, tokenfile.ErrNotRegular},
		"a link to nothing": {func(path string) error { return os.Symlink("nothing", path) }, tokenfile.ErrNotRegular},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "folder", "token")
			must(t, os.Mkdir(filepath.Dir(path), 0o700))
			must(t, row.prepare(path))
			checkRefused(t, path, row.want)
		})
	}
}

// checkRefused holds that there can be no file at a path.
func checkRefused(t *testing.T, path string, want error) {
	t.Helper()
	_, err := tokenfile.Open(t.Context(), tokenfile.Config{Path: path, Now: time.Now})
	var failure *tokenfile.PathError
	if !errors.As(err, &failure) || failure.Path != path || !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// TestPathInUse: one path is for one file, however it is written, and free after Close.
func TestPathInUse(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path, linked := filepath.Join(folder, "token"), filepath.Join(t.TempDir(), "linked")
	must(t, os.Symlink(folder, linked))
	var issuer issuer
	file := issuer.start(t, at(path))
	for _, same := range []string{path, filepath.Join(linked, "token"), folder + "/./token", folder + "/x/../token"} {
		checkRefused(t, same, tokenfile.ErrInUse)
	}
	must(t, os.Remove(path))
	checkRefused(t, path, tokenfile.ErrInUse)
	beside := issuer.start(t, at(path+"2"))
	closeFile(t, file)
	again := issuer.start(t, at(path))
	closeFile(t, again)
	closeFile(t, beside)
}

// TestChangedBySomebody: what somebody did with the file is undone by the next
// replacement, but a file of theirs is not removed.
func TestChangedBySomebody(t *testing.T) {
	t.Parallel()
	changes := map[string]func(path string) error{
		"removed": os.Remove,
		"written": func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
		"renamed over": func(path string) error {
			return errors.Join(os.WriteFile(path+"2", []byte("1"), 0o600), os.Rename(path+"2", path))
		},
		"removed and written": func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, []byte("x"), 0o600)) },
		"a link":              func(path string) error { return errors.Join(os.Remove(path), os.Symlink("nothing", path)) },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				issuer := issuer{lifetime: 100 * time.Second}
				file := issuer.start(t)
				must(t, change(file.Path()))
				time.Sleep(81 * time.Second)
				synctest.Wait()
				if got := read(t, file.Path()); got != "2" {
					t.Errorf("the file has %q", got)
				}
				must(t, change(file.Path()))
				_, before := os.Lstat(file.Path())
				must(t, file.Close(t.Context()))
				if _, after := os.Lstat(file.Path()); (before == nil) != (after == nil) {
					t.Errorf("before Close %v, after it %v", before, after)
				}
			})
		})
	}
}

// TestFolderGone: without its folder a file is not replaced, and Close has nothing to do.
func TestFolderGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		issuer := issuer{lifetime: 100 * time.Second}
		path := filepath.Join(t.TempDir(), "folder", "token")
		must(t, os.Mkdir(filepath.Dir(path), 0o700))
		file := issuer.start(t, at(path))
		must(t, os.RemoveAll(filepath.Dir(path)))
		time.Sleep(81 * time.Second)
		synctest.Wait()
		if failed, err := file.Failures(); failed != 1 || !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%d failures, %v", failed, err)
		}
		closeFile(t, file)
	})
}
