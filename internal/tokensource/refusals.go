// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// refusalLifetime is how long a refused client is not tried again. It covers
// the resources of one run, and is over before somebody has mended the server.
const refusalLifetime = 30 * time.Second

// refusals remembers which clients a server did not recognise. A run with a
// hundred resources and a wrong secret must not become a hundred failed logins:
// some servers lock the client after five.
type refusals struct {
	now       func() time.Time
	mu        sync.Mutex
	standings map[string]*standing
}

// standing is what is known of one client.
type standing struct {
	// turn holds back the others while the first request is under way: whether the
	// server knows the client is learned from one answer.
	turn chan struct{}

	mu      sync.Mutex
	tried   bool
	refused *oauth2.Error
	until   time.Time
}

func newRefusals(now func() time.Time) *refusals {
	return &refusals{now: now, standings: map[string]*standing{}}
}

// ask calls question for a client, unless that was refused a short while ago: then
// it returns that error.
func (r *refusals) ask(ctx context.Context, client string, question func() (*oauth2.Token, error)) (*oauth2.Token, error) {
	known := r.standing(client)
	select {
	case known.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	leave := sync.OnceFunc(func() { <-known.turn })
	defer leave()
	tried, refused := known.at(r.now())
	if refused != nil {
		return nil, refused
	}
	if tried {
		leave()
	}
	token, err := question()
	known.note(err, r.now().Add(refusalLifetime))
	return token, err
}

// at tells whether the client was tried, and the error if it was refused so that
// it is not to be tried again yet.
func (s *standing) at(now time.Time) (bool, *oauth2.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused != nil && now.Before(s.until) {
		return true, s.refused
	}
	return s.tried, nil
}

// note learns from the outcome of a request.
func (s *standing) note(err error, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refused, ok := errors.AsType[*oauth2.Error](err)
	if ok && refused.RefusesClient() {
		s.tried, s.refused, s.until = false, refused, until
		return
	}
	s.tried, s.refused = true, nil
}

// standing returns what is known of a client, which may be nothing.
func (r *refusals) standing(client string) *standing {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.standings[client]
	if !ok {
		known = &standing{turn: make(chan struct{}, 1)}
		r.standings[client] = known
	}
	return known
}
