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

const (
	// refusalLifetime is how long a refused client is not tried again. It covers
	// the resources of one run, and is over before somebody has mended the server.
	refusalLifetime = 30 * time.Second
	// longestRest bounds how long a client is not tried again because the server
	// wants to be asked later.
	longestRest = 5 * time.Minute
)

// refusals remembers which clients a server did not recognise, or does not want to
// hear from for a while. A run with a hundred resources and a wrong secret must not
// become a hundred failed logins, as some servers lock the client after five; nor
// may it go on to ask a server that limits requests.
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
	refused error
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
	known.note(err, r.now())
	return token, err
}

// at tells whether the client was tried, and the error if it was refused so that
// it is not to be tried again yet.
func (s *standing) at(now time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused != nil && now.Before(s.until) {
		return true, s.refused
	}
	return s.tried, nil
}

// note learns from the outcome of a request.
func (s *standing) note(err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until := refusedUntil(err, now); now.Before(until) {
		s.tried, s.refused, s.until = false, err, until
		return
	}
	s.tried, s.refused = true, nil
}

// refusedUntil is when a client may be tried again after an outcome; the zero time
// where nothing is against doing so at once.
func refusedUntil(err error, now time.Time) time.Time {
	answer, ok := errors.AsType[*oauth2.Error](err)
	if ok && answer.RefusesClient() {
		return now.Add(refusalLifetime)
	}
	given, ok := errors.AsType[*RetriedError](err)
	if ok && given.RetryAt.After(now.Add(longestRest)) {
		return now.Add(longestRest)
	}
	if ok {
		return given.RetryAt
	}
	return time.Time{}
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
