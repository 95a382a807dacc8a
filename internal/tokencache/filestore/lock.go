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
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// lockSuffix ends the name of an entry's lock file. The file itself says nothing:
// what counts is who holds the kernel's lock on it.
const lockSuffix = ".lock"

// longestPoll is how long who waits for a lock waits between two looks.
const longestPoll = 25 * time.Millisecond

const (
	// heartbeat is how often who holds a lock touches its file.
	heartbeat = 5 * time.Second
	// silence is how long who waits believes that somebody still works for whose lock
	// there was no heartbeat: the process may be suspended, or be none of ours.
	silence = 3 * heartbeat
)

// Lock is described at [tokencache.Store]. The kernel takes the lock from a process
// that dies.
func (s *Store) Lock(ctx context.Context, key string) (unlock func(), err error) {
	heard, beat := time.Now(), time.Time{}
	err = tokencache.Poll(ctx, longestPoll, func() (bool, error) {
		var lock *flock.Flock
		err := s.use(ctx, key, func(folder *os.Root) (err error) {
			lock, err = tryLock(folder, key)
			return err
		})
		held, isHeld := errors.AsType[*heldError](err)
		switch {
		case isHeld && !held.beat.Equal(beat):
			heard, beat = time.Now(), held.beat
			return false, nil
		case isHeld && time.Since(heard) < silence:
			return false, nil
		case isHeld:
			return false, fmt.Errorf("%w and does nothing", tokencache.ErrLocked)
		case err != nil:
			return false, err
		}
		unlock = hold(lock)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return unlock, nil
}

// hold shows that the holder of a lock is at work until it gives the lock back.
func hold(lock *flock.Flock) (unlock func()) {
	done := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() {
		ticker := time.NewTicker(heartbeat)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case now := <-ticker.C:
				_ = os.Chtimes(lock.Path(), now, now) // whoever is not shown it goes on alone
			}
		}
	})
	return func() {
		close(done)
		beating.Wait() // the file may be somebody else's afterwards
		_ = lock.Close()
	}
}

// heldError tells that somebody else holds a lock, and when there was its last
// heartbeat.
type heldError struct{ beat time.Time }

// Error implements error.
func (*heldError) Error() string { return "locked" }

// tryLock takes the lock of a key, or returns a [*heldError].
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
		return nil, lastBeat(folder, name)
	}
	if err := hasName(lock, folder, name); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return lock, nil
}

// lastBeat is the error for a lock that somebody else holds.
func lastBeat(folder *os.Root, name string) error {
	file, err := folder.Lstat(name)
	if err != nil {
		return &heldError{} // it has just been removed
	}
	return &heldError{file.ModTime()}
}

// hasName returns a [*heldError] unless the file that was locked is the one that
// has this name now.
func hasName(lock *flock.Flock, folder *os.Root, name string) error {
	locked, err := lock.Stat()
	if err != nil {
		return err
	}
	named, err := folder.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(locked, named) {
		return &heldError{}
	}
	return err
}
