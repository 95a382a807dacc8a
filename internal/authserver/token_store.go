// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"sync"
	"time"
)

// authorization is what a token stands for.
type authorization struct {
	grantID  string // shared by all tokens of one grant
	clientID string
	subject  string
	scopes   []string
	audience []string

	thumbprint string // of the certificate it is bound to; empty: not bound
	jkt        string // thumbprint of the key it is bound to; empty: not bound
}

type tokenKind int

const (
	accessToken tokenKind = iota
	refreshToken
)

// issuedToken is the record of a token.
type issuedToken struct {
	authorization
	kind    tokenKind
	expires time.Time // zero: never
	revoked bool
}

// tokenStore holds every token ever issued. The zero value is empty.
type tokenStore struct {
	mu     sync.Mutex
	tokens map[string]*issuedToken // by token
}

func (s *tokenStore) add(token string, t issuedToken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens == nil {
		s.tokens = make(map[string]*issuedToken)
	}
	s.tokens[token] = &t
}

// find returns the authorization behind a token of that kind, if it is valid.
func (s *tokenStore) find(token string, kind tokenKind, now time.Time) (authorization, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[token]
	if !ok || t.kind != kind || t.revoked || !t.expires.IsZero() && !now.Before(t.expires) {
		return authorization{}, false
	}
	return t.authorization, true
}

func (s *tokenStore) isRevoked(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[token]
	return ok && t.revoked
}

// use revokes a token that can be used once. It reports whether it was still
// valid: of two concurrent uses, one succeeds.
func (s *tokenStore) use(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[token]
	if !ok || t.revoked {
		return false
	}
	t.revoked = true
	return true
}

// revoke revokes a token of the client, and with a refresh token all tokens of
// its grant (RFC 7009 §2.1). Unknown tokens are ignored.
func (s *tokenStore) revoke(token, clientID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	revoked, ok := s.tokens[token]
	if !ok {
		return nil
	}
	if revoked.clientID != clientID {
		return refuse(invalidGrant, "the token was issued to another client")
	}
	revoked.revoked = true
	if revoked.kind == refreshToken {
		for _, t := range s.tokens {
			t.revoked = t.revoked || t.grantID == revoked.grantID
		}
	}
	return nil
}
