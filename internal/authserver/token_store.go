// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"sync"
	"time"
)

// authorization is what a token stands for.
type authorization struct {
	id       string // of the grant: tokens with the same id fall together
	clientID string
	subject  string
	scopes   []string
	audience []string

	thumbprint string // of the certificate it is bound to; empty: none
}

// issued is a token on the books.
type issued struct {
	authorization
	expires time.Time // zero: never
	revoked bool
}

func (t *issued) valid(now time.Time) bool {
	return t != nil && !t.revoked && (t.expires.IsZero() || now.Before(t.expires))
}

// tokenStore holds every token ever issued, by its value.
type tokenStore struct {
	mu      sync.Mutex
	access  map[string]*issued
	refresh map[string]*issued
}

func (s *tokenStore) addAccess(token string, t issued)  { s.add(&s.access, token, t) }
func (s *tokenStore) addRefresh(token string, t issued) { s.add(&s.refresh, token, t) }

func (s *tokenStore) add(to *map[string]*issued, token string, t issued) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *to == nil {
		*to = make(map[string]*issued)
	}
	(*to)[token] = &t
}

func (s *tokenStore) findAccess(token string, now time.Time) (authorization, bool) {
	return s.find(&s.access, token, now)
}

func (s *tokenStore) findRefresh(token string, now time.Time) (authorization, bool) {
	return s.find(&s.refresh, token, now)
}

func (s *tokenStore) find(in *map[string]*issued, token string, now time.Time) (authorization, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := (*in)[token]
	if !t.valid(now) {
		return authorization{}, false
	}
	return t.authorization, true
}

// spendRefresh ends a refresh token and reports whether it was still good: of
// two that use it at once, one wins.
func (s *tokenStore) spendRefresh(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.refresh[token]
	if t == nil || t.revoked {
		return false
	}
	t.revoked = true
	return true
}

// revokedAccess reports whether a token that proves itself was taken back.
func (s *tokenStore) revokedAccess(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.access[token]
	return t != nil && t.revoked
}

// revoke takes back a token of the client: an access token alone, a refresh
// token with all of its grant (RFC 7009 §2.1). A token nobody knows is fine.
func (s *tokenStore) revoke(token, clientID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	access, refresh := s.access[token], s.refresh[token]
	for _, t := range []*issued{access, refresh} {
		if t != nil && t.clientID != clientID {
			return refuse(invalidGrant, "the token was issued to another client")
		}
	}
	if access != nil {
		access.revoked = true
	}
	if refresh != nil {
		s.revokeWhere(func(t *issued) bool { return t.id == refresh.id })
	}
	return nil
}

func (s *tokenStore) revokeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revokeWhere(func(*issued) bool { return true })
}

// revokeWhere needs the lock held.
func (s *tokenStore) revokeWhere(match func(*issued) bool) {
	for _, tokens := range []map[string]*issued{s.access, s.refresh} {
		for _, t := range tokens {
			if match(t) {
				t.revoked = true
			}
		}
	}
}
