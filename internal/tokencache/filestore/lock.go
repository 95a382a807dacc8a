// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockSuffix ends the name of an entry's lock file. The file itself says nothing:
// what counts is who holds the kernel's lock on it.
const lockSuffix = ".lock"

// Lock is described at [tokencache.Store]. The kernel takes the lock from a process
// that dies.
func (s *Store) Lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		var lock *flock.Flock
		err := s.use(ctx, key, func(folder *os.Root) (err error) {
			lock, err = tryLock(folder, key)
			return err
		})
		switch {
		case err == nil:
			return func() { _ = lock.Close() }, nil
		case !errors.Is(err, errLocked):
			return nil, err
		}
		select {
		case <-time.After(pause()):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// pause returns how long to wait between two attempts to lock: not noticeable
// beside a token request, and not the same for all who wait.
func pause() time.Duration {
	const shortest, longest = 5 * time.Millisecond, 25 * time.Millisecond
	return shortest + rand.N(longest-shortest) //nolint:gosec // nothing depends on this being secret
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
