// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package tokenfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokenfile"
)

func checkMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	must(t, err)
	if got := info.Mode(); got != want {
		t.Errorf("%s has the mode %v, want %v", path, got, want)
	}
}

// TestModes: only this user reads the file, also if others could read the one before it.
func TestModes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		private := new(issuer).start(t, at(""))
		checkMode(t, filepath.Dir(private.Path()), fs.ModeDir|0o700)
		checkMode(t, private.Path(), 0o600)
		path := filepath.Join(t.TempDir(), "token")
		must(t, os.WriteFile(path, nil, 0o600))
		must(t, os.Chmod(path, 0o644)) //nolint:gosec // what the test is about
		issuer := issuer{lifetime: 100 * time.Second}
		file := issuer.start(t, at(path))
		checkMode(t, path, 0o600)
		time.Sleep(81 * time.Second)
		synctest.Wait()
		checkMode(t, path, 0o600)
		closeFile(t, private)
		closeFile(t, file)
	})
}

func TestUnusableFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(path, 0o600))
	checkRefused(t, path, tokenfile.ErrNotRegular)
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	path = filepath.Join(t.TempDir(), "token")
	must(t, errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, 12345, 12345)))
	checkRefused(t, path, tokenfile.ErrOtherUser)
}

// TestCannotBeRemoved: Close says so, and of which file.
func TestCannotBeRemoved(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root removes everything")
	}
	var issuer issuer
	path := filepath.Join(t.TempDir(), "token")
	file := issuer.start(t, at(path))
	must(t, os.Chmod(filepath.Dir(path), 0o500))                       //nolint:gosec // what the test is about
	t.Cleanup(func() { must(t, os.Chmod(filepath.Dir(path), 0o700)) }) //nolint:gosec // to be removed
	var failure *tokenfile.PathError
	if err := file.Close(t.Context()); !errors.As(err, &failure) || failure.Path != path || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("closed with %v", err)
	}
}
