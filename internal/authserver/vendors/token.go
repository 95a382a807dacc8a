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

type kind string

const (
	accessToken       kind = "access_token"
	refreshToken      kind = "refresh_token"
	authorizationCode kind = "authorization_code"
)

// token is an issued token or authorization code.
type token struct {
	kind    kind
	session string // tokens of one session are revoked together
	expires time.Time
}

// tokens holds what a vendor has issued.
type tokens struct {
	now func() time.Time

	mu     sync.Mutex
	valid  map[string]token // by value
	issued []string
}

// issue records a value with a lifetime in seconds, and returns the value.
func (s *tokens) issue(value string, kind kind, session string, lifetime int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.valid[value] = token{kind, session, s.expiry(lifetime)}
	s.issued = append(s.issued, value)
	return value
}

// issueJWT issues an access token that looks like the documented RS256 tokens. Its
// signature is random, since vendors look their tokens up.
func (s *tokens) issueJWT(subject string, lifetime int) string {
	const signatureSize = 256 // bytes, of RS256 with a 2048-bit key
	// Marshaling strings and numbers cannot fail.
	claims, _ := json.Marshal(map[string]any{"sub": subject, "exp": s.expiry(lifetime).Unix()})
	value := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) +
		"." + base64.RawURLEncoding.EncodeToString(claims) +
		"." + base64.RawURLEncoding.EncodeToString(randomBytes(signatureSize))
	return s.issue(value, accessToken, "", lifetime)
}

func (s *tokens) expiry(lifetime int) time.Time {
	return s.now().Add(time.Duration(lifetime) * time.Second)
}

func (s *tokens) isAccessToken(value string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isValid(value, accessToken)
}

// isValid needs the lock.
func (s *tokens) isValid(value string, want kind) bool {
	t, ok := s.valid[value]
	return ok && t.kind == want && s.now().Before(t.expires)
}

// use ends a value that can be used once and returns its session. Of two concurrent
// uses, one succeeds.
func (s *tokens) use(value string, want kind) (session string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isValid(value, want) {
		return "", false
	}
	session = s.valid[value].session
	delete(s.valid, value)
	return session, true
}

// revoke ends a value, and with a refresh token its session (RFC 7009 section 2.1).
func (s *tokens) revoke(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	revoked := s.valid[value]
	delete(s.valid, value)
	for other, t := range s.valid {
		if revoked.kind == refreshToken && t.session == revoked.session {
			delete(s.valid, other)
		}
	}
}

// Forget ends every access token before it expires, as restarting a server without
// a database would.
func (s *tokens) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for value, t := range s.valid {
		if t.kind == accessToken {
			delete(s.valid, value)
		}
	}
}

// Issued returns every token and code issued so far, in order.
func (s *tokens) Issued() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.issued...)
}

// Valid returns the number of valid access and refresh tokens.
func (s *tokens) Valid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, t := range s.valid {
		if t.kind != authorizationCode && s.now().Before(t.expires) {
			count++
		}
	}
	return count
}

func randomBytes(size int) []byte {
	random := make([]byte, size)
	_, _ = rand.Read(random) // never fails
	return random
}

func uuid() string {
	random := randomBytes(16)
	return fmt.Sprintf("%x-%x-%x-%x-%x", random[:4], random[4:6], random[6:8], random[8:10], random[10:])
}
