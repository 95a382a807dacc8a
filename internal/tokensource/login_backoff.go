// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

const (
	// refusalLifetime is how long refused credentials are not sent again. It covers
	// the resources of one run, and is over before somebody has mended the server.
	refusalLifetime = 30 * time.Second
	// longestRest bounds how long a client waits because the server asked it to.
	longestRest = 5 * time.Minute
)

// loginBackoff remembers which credentials a server refused, and which clients it
// asked to wait. A run with a hundred resources and a wrong secret must not become a
// hundred failed logins, as some servers lock the client after five; nor may it go on
// to send requests to a server that limits them.
type loginBackoff struct {
	now    func() time.Time
	mu     sync.Mutex
	states map[string]*state // by the client's identity
}

// state is what is known of one client.
type state struct {
	// semaphore admits one request at a time until the server has issued a token:
	// only then is it certain that it accepts the client.
	semaphore chan struct{}

	mu       sync.Mutex
	accepted bool
	refusals map[string]refusal // by the key of the credentials, see login
	// outages counts the requests that failed for a transient reason, outage is the
	// error of the last one.
	outages int
	outage  error
}

// refusal is an error that stands until its time is over.
type refusal struct {
	err   error
	until time.Time
}

// anyLogin is the key of refusals that hold for whatever the client presents.
const anyLogin = ""

// login names what the client presents beside its own credentials, such as the
// password of a user. The grant's assertion is part of the identity.
func (c Client) login() string {
	return tokencache.NewEntryKey(struct {
		Identity, GrantType string
		Parameters          map[string]secret.String
		Body                secret.String
	}{c.identity(), c.Request.GrantType, c.Request.Parameters, c.Request.Body}).Name()
}

func newLoginBackoff(now func() time.Time) *loginBackoff {
	return &loginBackoff{now: now, states: map[string]*state{}}
}

// ask calls question for a client. If its credentials were refused a short while ago
// it returns that error instead, and so it does if the server turns out to be
// unavailable while the call waits for another of the same client.
func (b *loginBackoff) ask(ctx context.Context, client Client, question func() (*oauth2.Token, error)) (*oauth2.Token, error) {
	known, login := b.state(client.identity()), client.login()
	outages := known.countOutages()
	select {
	case known.semaphore <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	release := sync.OnceFunc(func() { <-known.semaphore })
	defer release()
	accepted, err := known.check(login, outages, b.now())
	if err != nil {
		return nil, err
	}
	if accepted {
		release()
	}
	token, err := question()
	known.note(login, err, b.now())
	return token, err
}

// state returns what is known of a client, which may be nothing.
func (b *loginBackoff) state(identity string) *state {
	b.mu.Lock()
	defer b.mu.Unlock()
	known, ok := b.states[identity]
	if !ok {
		known = &state{semaphore: make(chan struct{}, 1), refusals: map[string]refusal{}}
		b.states[identity] = known
	}
	return known
}

func (s *state) countOutages() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outages
}

// check reports whether the server has accepted the client, or the error that stands
// against a request. Of outages the caller knew that many when it began to wait.
func (s *state) check(login string, outages int, now time.Time) (accepted bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range []string{anyLogin, login} {
		if refused, ok := s.refusals[key]; ok && now.Before(refused.until) {
			return false, refused.err
		}
	}
	if !s.accepted && s.outages > outages {
		return false, s.outage
	}
	return s.accepted, nil
}

// note learns from the outcome of a request.
func (s *state) note(login string, err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	response, answered := errors.AsType[*oauth2.Error](err)
	failure, failed := errors.AsType[*httpstack.Error](err)
	switch rest := restUntil(err, now); {
	case err == nil:
		s.accepted = true
		delete(s.refusals, anyLogin)
		delete(s.refusals, login)
	case answered && response.RefusesClient():
		s.accepted = false
		s.refusals[anyLogin] = refusal{err, now.Add(refusalLifetime)}
	case answered && response.RefusesGrant():
		s.refusals[login] = refusal{err, now.Add(refusalLifetime)}
	case now.Before(rest):
		s.refusals[anyLogin] = refusal{err, rest}
	case answered && response.Temporary(), failed && failure.Transient():
		s.outages++
		s.outage = err
	}
}

// restUntil is when the server allows the next request; the zero time if it did not
// ask to wait.
func restUntil(err error, now time.Time) time.Time {
	given, ok := errors.AsType[*RetriedError](err)
	if !ok {
		return time.Time{}
	}
	if latest := now.Add(longestRest); given.RetryAt.After(latest) {
		return latest
	}
	return given.RetryAt
}
