// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// A file begins with a header of fixed size, with numbers in big endian: a magic text,
// when the entry expires in microseconds since 1970, and how many bytes follow.
const (
	magic      = "oauth2c1"
	headerSize = len(magic) + 8 + 4
)

// encode returns the content of a file.
func encode(data []byte, expiresAt time.Time) []byte {
	content := make([]byte, 0, headerSize+len(data))
	content = append(content, magic...)
	content = binary.BigEndian.AppendUint64(content, uint64(expiresAt.UnixMicro()))
	content = binary.BigEndian.AppendUint32(content, uint32(len(data))) //nolint:gosec // at most tokencache.MaxSize
	return append(content, data...)
}

// read returns the data of an entry and for how long it is still valid.
func read(folder *os.Root, key string, now time.Time) (data []byte, left time.Duration, err error) {
	file, err := openEntry(folder, key)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }()
	size, left, err := readHeader(file, now)
	if err != nil {
		return nil, 0, err
	}
	data, err = io.ReadAll(io.LimitReader(file, int64(size)+1))
	if err == nil && len(data) != size {
		err = tokencache.ErrDamaged
	}
	if err != nil {
		return nil, 0, err
	}
	return data, left, nil
}

// openEntry opens the file of an entry if it is a regular file: not a link, nor a pipe
// that would block.
func openEntry(folder *os.Root, key string) (*os.File, error) {
	info, err := folder.Lstat(key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, tokencache.ErrNotFound
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, tokencache.ErrDamaged
	}
	file, err := folder.Open(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, tokencache.ErrNotFound
	}
	return file, err
}

// readHeader reads the header of a file, and returns the size of the data that follows
// and for how long it is still valid. The error is [tokencache.ErrNotFound] if it has
// expired.
func readHeader(file io.Reader, now time.Time) (size int, left time.Duration, err error) {
	header := make([]byte, headerSize)
	_, err = io.ReadFull(file, header)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, 0, tokencache.ErrDamaged
	} else if err != nil {
		return 0, 0, err
	}
	numbers, ours := bytes.CutPrefix(header, []byte(magic))
	expiry, length := binary.BigEndian.Uint64(numbers), binary.BigEndian.Uint32(numbers[8:])
	if !ours || length > tokencache.MaxSize {
		return 0, 0, tokencache.ErrDamaged
	}
	if left = time.UnixMicro(int64(expiry)).Sub(now); left <= 0 { //nolint:gosec // encoded in the same way
		return 0, 0, tokencache.ErrNotFound
	}
	return int(length), left, nil
}
