// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// lockSuffix ends the name of an entry's lock file. The file itself says nothing:
// what counts is who holds the kernel's lock on it.
const lockSuffix = ".lock"

// longestPoll is how long who waits for a lock waits between two looks.
const longestPoll = 25 * time.Millisecond

// Lock is described at [tokencache.Store]. The kernel takes the lock from a process
// that dies.
func (s *Store) Lock(ctx context.Context, key string) (unlock func(), err error) {
	err = tokencache.Poll(ctx, longestPoll, func() (bool, error) {
		var lock *flock.Flock
		err := s.use(ctx, key, func(folder *os.Root) (err error) {
			lock, err = tryLock(folder, key)
			return err
		})
		if errors.Is(err, errLocked) {
			return false, nil
		}
		unlock = func() { _ = lock.Close() }
		return err == nil, err
	})
	if err != nil {
		return nil, err
	}
	return unlock, nil
}

// errLocked tells that somebody else holds a lock.
var errLocked = errors.New("locked")

// tryLock takes the lock of a key, or returns [errLocked].
//
// Since a sweep removes lock files, the file that is locked may be one that has
// lost its name in the meantime, while others lock a new one of that name. Such a
// lock is worth nothing and is given back.
func tryLock(folder *os.Root, key string) (*flock.Flock, error) {
	name := key + lockSuffix
	lock := flock.New(filepath.Join(folder.Name(), name), flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow))
	if taken, err := lock.TryLock(); err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	} else if !taken {
		return nil, errLocked
	}
	if err := hasName(lock, folder, name); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return lock, nil
}

// hasName returns [errLocked] unless the file that was locked is the one that has
// this name now.
func hasName(lock *flock.Flock, folder *os.Root, name string) error {
	locked, err := lock.Stat()
	if err != nil {
		return err
	}
	named, err := folder.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(locked, named) {
		return errLocked
	}
	return err
}
