// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/privatefile"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// A file begins with a magic text and when the entry expires, in microseconds since 1970
// in big endian. The data follows, which is sealed, so that nothing else need be checked.
const (
	magic      = "oauth2c1"
	headerSize = len(magic) + 8
	maxSize    = int64(headerSize + tokencache.MaxSize)
)

func read(folder *os.Root, key string, now time.Time) (data []byte, left time.Duration, err error) {
	info, err := folder.Lstat(key)
	if err == nil && !info.Mode().IsRegular() { // a link, or a pipe that would block
		return nil, 0, tokencache.ErrDamaged
	}
	var file *os.File
	if err == nil {
		file, err = folder.Open(key)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, tokencache.ErrNotFound
	} else if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }()
	// With this much room it is read at once.
	buffer := bytes.NewBuffer(make([]byte, 0, min(info.Size(), maxSize)+bytes.MinRead))
	if _, err := buffer.ReadFrom(io.LimitReader(file, maxSize+1)); err != nil {
		return nil, 0, err
	}
	content := buffer.Bytes()
	if !bytes.HasPrefix(content, []byte(magic)) || len(content) < headerSize || int64(len(content)) > maxSize {
		return nil, 0, tokencache.ErrDamaged
	}
	expiry := binary.BigEndian.Uint64(content[len(magic):])
	if left = time.UnixMicro(int64(expiry)).Sub(now); left <= 0 { //nolint:gosec // encoded by Save
		return nil, 0, tokencache.ErrNotFound
	}
	return content[headerSize:], left, nil
}

// isKey reports whether the name of a file is a key, and so the file an entry.
func isKey(name string) bool {
	return len(name) == 2*sha256.Size && strings.Trim(name, "0123456789abcdef") == ""
}

const (
	// savesPerSweep is how often a store sweeps: after its first save, which is the only
	// one in most processes, and then rarely.
	savesPerSweep = 256
	// tempAge is the age from which a temporary file was left behind by a crash. Writing
	// one takes milliseconds.
	tempAge = time.Hour
)

// sweep removes expired and damaged entries and temporary files that a crash left behind,
// but nothing that it does not know or that is locked. Errors are ignored: the token was
// saved, and the next sweep tries again.
func sweep(ctx context.Context, folder *os.Root, now time.Time) {
	files, _ := fs.ReadDir(folder.FS(), ".")
	for _, file := range files {
		switch {
		case ctx.Err() != nil:
			return
		case strings.HasSuffix(file.Name(), privatefile.TempSuffix):
			if info, err := file.Info(); err == nil && info.Mode().IsRegular() && now.Sub(info.ModTime()) > tempAge {
				_ = folder.Remove(file.Name())
			}
		case isKey(file.Name()) && expired(folder, file.Name(), now):
			// Under the lock nothing is saved between the second look and the removal.
			if unlock, err := tryLock(folder, file.Name()); err == nil {
				if expired(folder, file.Name(), now) {
					_ = folder.Remove(file.Name())
				}
				unlock()
			}
		}
	}
}

// expired reports whether nothing can be loaded under a key, now or later.
func expired(folder *os.Root, key string, now time.Time) bool {
	_, _, err := read(folder, key, now)
	return errors.Is(err, tokencache.ErrNotFound) || errors.Is(err, tokencache.ErrDamaged)
}
