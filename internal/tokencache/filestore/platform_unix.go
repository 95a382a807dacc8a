// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package filestore

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/gofrs/flock"
)

// noFollow makes opening a link fail.
const noFollow = syscall.O_NOFOLLOW

// makePrivate closes a folder of this user to others. It does not take over a
// folder of somebody else, who could open it again.
func makePrivate(path string, info fs.FileInfo) error {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to another user (%d): choose another path for the cache", path, stat.Uid)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(path, 0o700) //nolint:gosec // a folder without x cannot be used
}

// discard removes a lock file and gives up its lock. In this order nobody takes
// the lock of a file that is about to go; who waits for it looks whether it went.
func discard(folder *os.Root, name string, lock *flock.Flock) {
	_ = folder.Remove(name) // what stays is swept another time
	_ = lock.Close()
}
