// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

const (
	// savesPerSweep is how often a store sweeps: after its first save, which is one
	// in most processes, and then rarely.
	savesPerSweep = 256
	// filesPerSweep bounds the work of a sweep.
	filesPerSweep = 1000
	// tempAge is the age at which a temporary file is one that a crash left behind.
	// Writing one takes milliseconds.
	tempAge = time.Hour
)

// sweep removes what is of no use to anybody: expired entries, damaged ones, lock
// files without an entry, and abandoned temporary files. It leaves alone what it
// does not know and what somebody has locked. What it cannot remove, it leaves to
// the next sweep: a token was just saved, and nothing is wrong with that.
func sweep(ctx context.Context, folder *os.Root, now time.Time) {
	swept := map[string]bool{} // an entry and its lock file are swept together
	for _, file := range someFiles(folder) {
		key := strings.TrimSuffix(file.Name(), lockSuffix)
		switch {
		case ctx.Err() != nil:
			return
		case strings.HasSuffix(file.Name(), tempSuffix):
			sweepTemp(folder, file, now)
		case isKey(key) && !swept[key]:
			swept[key] = true
			sweepEntry(folder, key, now)
		}
	}
}

// someFiles returns what is in the folder. Where that is too much for one sweep, it
// returns a random choice, so that every file has its turn.
func someFiles(folder *os.Root) []fs.DirEntry {
	files, err := fs.ReadDir(folder.FS(), ".")
	if err != nil || len(files) <= filesPerSweep {
		return files
	}
	chosen := make([]fs.DirEntry, 0, filesPerSweep)
	for _, i := range rand.Perm(len(files))[:filesPerSweep] { //nolint:gosec // nobody gains by guessing
		chosen = append(chosen, files[i])
	}
	return chosen
}

// sweepTemp removes a temporary file that is old.
func sweepTemp(folder *os.Root, file fs.DirEntry, now time.Time) {
	if info, err := file.Info(); err == nil && info.Mode().IsRegular() && now.Sub(info.ModTime()) > tempAge {
		_ = folder.Remove(file.Name())
	}
}

// sweepEntry removes an entry that is of no use, and its lock file. It does so
// under the lock, or not at all, so that it takes nothing away that was saved
// under the lock in the meantime.
func sweepEntry(folder *os.Root, key string, now time.Time) {
	if !expired(folder, key, now) {
		return
	}
	lock, err := tryLock(folder, key)
	if err != nil {
		return
	}
	if !expired(folder, key, now) {
		_ = lock.Close()
		return
	}
	_ = folder.Remove(key)
	discard(folder, key+lockSuffix, lock)
}

// expired reports whether nothing can be loaded under a key, now or later: the entry
// has expired, is damaged, or does not exist.
func expired(folder *os.Root, key string, now time.Time) bool {
	file, err := openEntry(folder, key)
	if err == nil {
		defer func() { _ = file.Close() }()
		_, _, err = readHeader(file, now)
	}
	return errors.Is(err, tokencache.ErrNotFound) || errors.Is(err, tokencache.ErrDamaged)
}
