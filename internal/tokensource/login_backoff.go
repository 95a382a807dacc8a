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

// loginBackoff remembers which clients a server did not recognise, or does not want to
// hear from for a while. A run with a hundred resources and a wrong secret must not
// become a hundred failed logins, as some servers lock the client after five; nor
// may it go on to ask a server that limits requests.
type loginBackoff struct {
	now    func() time.Time
	mu     sync.Mutex
	states map[string]*state
}

// state is what is known of one client.
type state struct {
	// semaphore holds back the others while the first request is under way: whether the
	// server knows the client is learned from one answer.
	semaphore chan struct{}

	mu      sync.Mutex
	tried   bool
	refused error
	until   time.Time
}

func newLoginBackoff(now func() time.Time) *loginBackoff {
	return &loginBackoff{now: now, states: map[string]*state{}}
}

// ask calls question for a client, unless that was refused a short while ago: then
// it returns that error.
func (r *loginBackoff) ask(ctx context.Context, client string, question func() (*oauth2.Token, error)) (*oauth2.Token, error) {
	known := r.state(client)
	select {
	case known.semaphore <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	leave := sync.OnceFunc(func() { <-known.semaphore })
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
func (s *state) at(now time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused != nil && now.Before(s.until) {
		return true, s.refused
	}
	return s.tried, nil
}

// note learns from the outcome of a request.
func (s *state) note(err error, now time.Time) {
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

// state returns what is known of a client, which may be nothing.
func (r *loginBackoff) state(client string) *state {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.states[client]
	if !ok {
		known = &state{semaphore: make(chan struct{}, 1)}
		r.states[client] = known
	}
	return known
}
