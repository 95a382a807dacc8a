// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// kind is what an issued value is good for.
type kind string

const (
	accessToken       kind = "access_token"
	refreshToken      kind = "refresh_token"
	authorizationCode kind = "authorization_code"
)

// ledger holds what a vendor has issued.
type ledger struct {
	now func() time.Time

	mu     sync.Mutex
	valid  map[string]voucher // by value
	issued []string
}

// voucher is an issued value.
type voucher struct {
	kind kind
	// session is what falls together with it; empty where nothing does.
	session string
	ends    time.Time
}

// issue notes a value and returns it.
func (l *ledger) issue(value string, v voucher) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.valid == nil {
		l.valid = map[string]voucher{}
	}
	l.valid[value] = v
	l.issued = append(l.issued, value)
	return value
}

// in is the time after a lifetime in seconds.
func (l *ledger) in(seconds int) time.Time { return l.now().Add(time.Duration(seconds) * time.Second) }

// find returns what a value stands for, if it is good for of.
func (l *ledger) find(value string, of kind) (voucher, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.valid[value]
	return v, v.kind == of && l.now().Before(v.ends)
}

// spend is find for what can be used once: of two that use it at the same time,
// one gets it.
func (l *ledger) spend(value string, of kind) (voucher, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.valid[value]
	good := v.kind == of && l.now().Before(v.ends)
	if good {
		delete(l.valid, value)
	}
	return v, good
}

// revoke ends a value, and with a refresh token its session (RFC 7009 section
// 2.1).
func (l *ledger) revoke(value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	revoked := l.valid[value]
	delete(l.valid, value)
	for other, v := range l.valid {
		if revoked.kind == refreshToken && v.session == revoked.session {
			delete(l.valid, other)
		}
	}
}

// Forget ends every access token before its time, as the restart of a server
// without a database would.
func (l *ledger) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for value, v := range l.valid {
		if v.kind == accessToken {
			delete(l.valid, value)
		}
	}
}

// Issued lists every token and code so far, in the order of their issue.
func (l *ledger) Issued() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.issued...)
}

// Valid counts the access and refresh tokens that are good.
func (l *ledger) Valid() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	count := 0
	for _, v := range l.valid {
		if v.kind != authorizationCode && l.now().Before(v.ends) {
			count++
		}
	}
	return count
}

// jwtLike is a token that looks like the RS256 tokens of the documents. Its
// signature is random: a vendor knows its tokens by heart.
func jwtLike(claims map[string]any) string {
	payload, _ := json.Marshal(claims) // texts and numbers are always JSON
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) +
		"." + base64.RawURLEncoding.EncodeToString(payload) +
		"." + base64.RawURLEncoding.EncodeToString(randomBytes(signatureSize))
}

// signatureSize is that of RS256 with a key of 2048 bits, in bytes.
const signatureSize = 256

func randomBytes(size int) []byte {
	random := make([]byte, size)
	_, _ = rand.Read(random) // never fails
	return random
}

// uuid is a random UUID, as session identifiers are written.
func uuid() string {
	random := randomBytes(16)
	return fmt.Sprintf("%x-%x-%x-%x-%x", random[:4], random[4:6], random[6:8], random[8:10], random[10:])
}
