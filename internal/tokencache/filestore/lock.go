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

	"github.com/gofrs/flock"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// lockSuffix ends the name of an entry's lock file. What counts is who holds the
// kernel's lock on it, not its content.
const lockSuffix = ".lock"

// TryLock is described at [tokencache.Store]. The kernel takes the lock from a
// process that dies.
func (s *Store) TryLock(ctx context.Context, key string) (unlock func(), err error) {
	err = s.use(ctx, key, func(folder *os.Root) error {
		lock, err := tryLock(folder, key)
		unlock = func() { _ = lock.Close() }
		return err
	})
	if err != nil {
		return nil, err
	}
	return unlock, nil
}

// tryLock takes the lock of a key.
//
// A sweep removes lock files. The file that is locked may have lost its name
// meanwhile, and others lock a new one of that name: such a lock excludes nobody and
// is given back.
func tryLock(folder *os.Root, key string) (*flock.Flock, error) {
	name := key + lockSuffix
	lock := flock.New(filepath.Join(folder.Name(), name), flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow))
	taken, err := lock.TryLock()
	switch {
	case err != nil:
		return nil, fmt.Errorf("lock: %w", err)
	case !taken:
		return nil, tokencache.ErrLocked
	}
	if err := hasName(lock, folder, name); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return lock, nil
}

// hasName returns [tokencache.ErrLocked] unless the locked file is the one that has
// this name now.
func hasName(lock *flock.Flock, folder *os.Root, name string) error {
	locked, err := lock.Stat()
	if err != nil {
		return err
	}
	named, err := folder.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(locked, named) {
		return tokencache.ErrLocked
	}
	return err
}
