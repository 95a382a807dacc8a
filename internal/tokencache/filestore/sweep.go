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

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/privatefile"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

const (
	// savesPerSweep is how often a store sweeps: after its first save, which is the only
	// one in most processes, and then rarely.
	savesPerSweep = 256
	// filesPerSweep bounds the work of a sweep.
	filesPerSweep = 1000
	// tempAge is the age from which a temporary file was left behind by a crash. Writing
	// one takes milliseconds.
	tempAge = time.Hour
)

// sweep removes expired and damaged entries, lock files without an entry, and temporary
// files that a crash left behind, but nothing that it does not know or that is locked.
// Errors are ignored: the token was saved, and the next sweep tries again.
func sweep(ctx context.Context, folder *os.Root, now time.Time) {
	swept := map[string]bool{} // an entry and its lock file are swept together
	for _, file := range someFiles(folder) {
		key := strings.TrimSuffix(file.Name(), lockSuffix)
		switch {
		case ctx.Err() != nil:
			return
		case strings.HasSuffix(file.Name(), privatefile.TempSuffix):
			sweepTemp(folder, file, now)
		case isKey(key) && !swept[key]:
			swept[key] = true
			sweepEntry(folder, key, now)
		}
	}
}

// someFiles returns the files in the folder, or a random choice if they are too many for
// one sweep.
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

// sweepEntry removes an expired entry and its lock file. It holds the lock, so that it
// removes nothing that was saved meanwhile.
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
