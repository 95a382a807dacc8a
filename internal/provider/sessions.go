// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"crypto/rand"
	"encoding/json"
	"sync"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// sessionKey is where the private data of an ephemeral resource has the handle of
// its session. Terraform gives Close what Open stored and OpenTofu the latest;
// as the handle never changes, both are the same, and there is no secret in it.
const sessionKey = "session"

// sessions are those that are open, by their handles. The zero value has none.
type sessions struct {
	mu   sync.Mutex
	open map[string]*tokensource.Session
}

// put remembers a session and returns a handle to it, as JSON.
func (s *sessions) put(session *tokensource.Session) []byte {
	handle, _ := json.Marshal(rand.Text()) // text is always JSON
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[string]*tokensource.Session{}
	}
	s.open[string(handle)] = session
	return handle
}

// get returns the session of a handle, and whether it is open.
func (s *sessions) get(handle []byte) (*tokensource.Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session, ok := s.open[string(handle)]
	return session, ok
}

// take is get for the last time.
func (s *sessions) take(handle []byte) (*tokensource.Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session, ok := s.open[string(handle)]
	delete(s.open, string(handle))
	return session, ok
}
