// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"time"
)

// Slot is where an entry belongs: the name under which stores have it, and the key
// that opens it. Get one from [Key.Slot].
type Slot struct {
	name    string
	sealing [keySize]byte
}

// Name is what stores know the slot by: 64 hexadecimal digits, which tell nothing
// of what they stand for.
func (s Slot) Name() string { return s.name }

// formatVersion is the first byte of a sealed entry. Whoever changes what follows
// changes it.
const formatVersion = 1

// timesSize is the size of the two times in front of the data.
const timesSize = 16

// seal encrypts an entry so that only a holder of the slot's key reads it, and
// finds out if it was altered or moved to another slot: AES-256 in Galois/Counter
// Mode with a random nonce, which authenticates the format's version and the
// slot's name along with the entry (NIST SP 800-38D).
func (s Slot) seal(entry Entry) []byte {
	plain := make([]byte, 0, timesSize+len(entry.Data))
	plain = appendTime(plain, entry.IssuedAt)
	plain = appendTime(plain, entry.ExpiresAt)
	plain = append(plain, entry.Data...)
	return s.aead().Seal([]byte{formatVersion}, nil, plain, s.authenticated(formatVersion)) //nolint:gosec // the cipher makes the nonce
}

// open is the inverse of seal. It accepts no byte that seal has not written.
func (s Slot) open(sealed []byte) (Entry, error) {
	if len(sealed) == 0 || sealed[0] != formatVersion {
		return Entry{}, fmt.Errorf("%w: it is not of format %d", ErrDamaged, formatVersion)
	}
	plain, err := s.aead().Open(nil, nil, sealed[1:], s.authenticated(sealed[0]))
	if err != nil || len(plain) < timesSize {
		return Entry{}, ErrDamaged
	}
	return Entry{
		IssuedAt:  readTime(plain[:timesSize/2]),
		ExpiresAt: readTime(plain[timesSize/2 : timesSize]),
		Data:      plain[timesSize:],
	}, nil
}

// authenticated is what an entry is bound to without being encrypted.
func (s Slot) authenticated(version byte) []byte {
	return append([]byte("oauth2cc token cache entry\x00"+s.name+"\x00"), version)
}

func (s Slot) aead() cipher.AEAD {
	return must(cipher.NewGCMWithRandomNonce(must(aes.NewCipher(s.sealing[:]))))
}

// appendTime writes a time in whole milliseconds, which never makes it later.
func appendTime(data []byte, at time.Time) []byte {
	return binary.BigEndian.AppendUint64(data, uint64(at.UnixMilli()))
}

// readTime is the inverse of appendTime.
func readTime(data []byte) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(data))).UTC() //nolint:gosec // written by appendTime
}
