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
	// the resources of one run, and is over before somebody has fixed the server.
	refusalLifetime = 30 * time.Second
	// maxRest bounds how long a client waits because the server asked it to.
	maxRest = 5 * time.Minute
)

// loginBackoff limits failed logins. A run with a hundred resources and a wrong
// secret must not become a hundred of them, as some servers lock the client after
// five; nor may it go on to send requests to a server that limits them. It is safe for
// concurrent use.
type loginBackoff struct {
	now func() time.Time

	mu sync.Mutex
	// failures are kept by the identity of the client, whose requests all fail, or by
	// its login.
	failures map[string]failure
	// semaphores, by identity, admit one request at a time until the server has issued
	// a token: only then is it certain that it accepts the client.
	semaphores map[string]chan struct{}
	accepted   map[string]bool
}

// failure is the outcome of requests that began before a time.
type failure struct {
	err   error
	until time.Time
}

// login identifies what the client presents beside its own credentials, such as the
// password of a user. The grant's assertion is part of the identity.
func (c *Client) login(identity string) string {
	return tokencache.NewEntryKey(struct {
		Identity, GrantType string
		Parameters          map[string]secret.String
		Body                secret.String
	}{identity, c.Request.GrantType, c.Request.Parameters, c.Request.Body}).Name()
}

func newLoginBackoff(now func() time.Time) *loginBackoff {
	return &loginBackoff{
		now: now, failures: map[string]failure{}, semaphores: map[string]chan struct{}{}, accepted: map[string]bool{},
	}
}

// do calls request for a client. It returns an earlier error instead if the server has
// just refused the same credentials or asked to wait, or if it became unavailable
// while this call waited for another of the same client.
func (b *loginBackoff) do(ctx context.Context, client *Client, request func() (*oauth2.Token, error)) (*oauth2.Token, error) {
	begin, identity := b.now(), client.identity()
	login := client.login(identity)
	semaphore := b.semaphore(identity)
	select {
	case semaphore <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	release := sync.OnceFunc(func() { <-semaphore })
	defer release()
	accepted, err := b.check(identity, login, begin)
	if err != nil {
		return nil, err
	}
	if accepted {
		release()
	}
	token, err := request()
	b.record(identity, login, err)
	return token, err
}

func (b *loginBackoff) semaphore(identity string) chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.semaphores[identity] == nil {
		b.semaphores[identity] = make(chan struct{}, 1)
	}
	return b.semaphores[identity]
}

// check reports whether the server has accepted the client, or returns the error of
// a request that began at that time.
func (b *loginBackoff) check(identity, login string, begin time.Time) (accepted bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range []string{identity, login} {
		if failed := b.failures[key]; begin.Before(failed.until) {
			return false, failed.err
		}
	}
	return b.accepted[identity], nil
}

func (b *loginBackoff) record(identity, login string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	fail := func(key string, until time.Time) {
		if until.After(b.failures[key].until) {
			b.failures[key] = failure{err, until}
		}
	}
	response, responded := errors.AsType[*oauth2.Error](err)
	transport, failed := errors.AsType[*httpstack.Error](err)
	switch {
	case err == nil:
		b.accepted[identity] = true
		delete(b.failures, identity)
		delete(b.failures, login)
	case responded && response.RefusesClient():
		b.accepted[identity] = false
		fail(identity, now.Add(refusalLifetime))
	case responded && response.RefusesGrant():
		fail(login, now.Add(refusalLifetime))
	case responded && response.Temporary() && response.RetryAfter != nil:
		fail(identity, now.Add(min(*response.RetryAfter, maxRest)))
	case responded && response.Temporary(), failed && transport.Transient():
		fail(identity, now)
	}
}
