// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package filestore keeps a [tokencache.Store] in a folder, where all processes of
// a user on a machine find it.
//
// An entry is a file named by its key, beside lock files and, while it is written, a
// temporary file. Files are replaced whole, so that a process may die at any point; its
// locks die with it. Although entries are sealed, the package refuses to share a folder
// with other users.
package filestore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/privatefile"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// Store is a [tokencache.Store] in a folder. Make one with [Open].
type Store struct {
	dir   string
	now   func() time.Time
	saves atomic.Uint64
}

// DefaultDir returns the default folder: the provider's own in the user's cache folder.
func DefaultDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("this user has no cache folder, so the cache needs a path: %w", err)
	}
	return filepath.Join(dir, "terraform-provider-oauth2cc"), nil
}

// Open returns the store in the folder dir, which it creates if necessary. Entries
// expire by the clock now and are in a folder below dir; dir itself may hold other
// things and belong to anybody.
//
// If the folder below dir cannot be private to the user, the error says what to do.
func Open(dir string, now func() time.Time) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	folder, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	return &Store{dir: dir, now: now}, folder.Close()
}

// Load is described at [tokencache.Store]. The error is [tokencache.ErrDamaged] if this
// package did not write the file, or not all of it.
func (s *Store) Load(ctx context.Context, key string) (data []byte, left time.Duration, err error) {
	err = s.use(ctx, key, func(folder *os.Root) error {
		data, left, err = read(folder, key, s.now())
		return err
	})
	return data, left, err
}

// Save is described at [tokencache.Store]. Occasionally it also sweeps the folder.
func (s *Store) Save(ctx context.Context, key string, data []byte, lifetime time.Duration) error {
	return s.use(ctx, key, func(folder *os.Root) error {
		header := binary.BigEndian.AppendUint64([]byte(magic), uint64(s.now().Add(lifetime).UnixMicro()))
		if err := privatefile.Replace(folder, key, append(header, data...)); err != nil {
			return err
		}
		if s.saves.Add(1)%savesPerSweep == 1 {
			sweep(ctx, folder, s.now())
		}
		return nil
	})
}

// Delete is described at [tokencache.Store].
func (s *Store) Delete(ctx context.Context, key string) error {
	return s.use(ctx, key, func(folder *os.Root) error {
		if err := folder.Remove(key); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// lockDigits is how many digits of a key name its lock file. Keys that share a file
// exclude each other, which costs a wait. In return there are never too many files, and
// none is removed: others may be about to lock it.
const lockDigits = 4

// TryLock is described at [tokencache.Store]. What counts is who holds the kernel's lock
// on the file, not its content. The kernel takes it from a process that dies.
func (s *Store) TryLock(ctx context.Context, key string) (unlock func(), err error) {
	err = s.use(ctx, key, func(folder *os.Root) error {
		unlock, err = tryLock(folder, key)
		return err
	})
	return unlock, err
}

func tryLock(folder *os.Root, key string) (unlock func(), err error) {
	path := filepath.Join(folder.Name(), key[len(key)-lockDigits:]+".lock")
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow))
	taken, err := lock.TryLock()
	switch {
	case err != nil:
		return nil, fmt.Errorf("lock: %w", err)
	case !taken:
		return nil, tokencache.ErrLocked
	}
	return func() { _ = lock.Close() }, nil
}

// use calls do with the folder, which is opened each time: users clear the cache by
// removing the folder, at any moment.
func (s *Store) use(ctx context.Context, key string, do func(folder *os.Root) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err := s.inFolder(key, do)
	if errors.Is(err, fs.ErrNotExist) { // the folder was removed meanwhile
		err = s.inFolder(key, do)
	}
	return err
}

// inFolder opens the folder, calls do and names the file in its error.
func (s *Store) inFolder(key string, do func(folder *os.Root) error) error {
	folder, err := openFolder(s.dir)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	err = do(folder)
	if err == nil || errors.Is(err, tokencache.ErrNotFound) {
		return err
	}
	return fmt.Errorf("%s: %w", filepath.Join(folder.Name(), key), err)
}

// version is the folder below the user's that holds the entries, named after the format
// of its files.
const version = "v1"

// openFolder opens the folder of the entries below dir, and creates both if necessary. A
// root does not follow links that lead out of it, and opens files in the sharing mode
// that allows to replace them on Windows.
func openFolder(dir string) (*os.Root, error) {
	path := filepath.Join(dir, version)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(path, 0o700); err == nil {
			info, err = os.Lstat(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the folder of the cache: %w", err)
	}
	if !info.IsDir() { // a link is not
		return nil, fmt.Errorf("%s is not a folder: remove it, or choose another path for the cache", path)
	}
	if err := makePrivate(path, info); err != nil {
		return nil, err
	}
	return os.OpenRoot(path)
}
