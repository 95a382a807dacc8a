// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

const (
	// closeTimeout bounds the revocation of all tokens of a session. OpenTofu aborts
	// the closing of an ephemeral resource after ten seconds.
	closeTimeout = 5 * time.Second
	// renewalShare of the time to close is left to a renewal under way: a token that
	// has been issued can only be revoked once it has arrived.
	renewalShare = 0.4
)

var errClosed = errors.New("the session is closed")

// Session is a token in use, which can be renewed, and revoked at the end. It is safe
// for concurrent use.
type Session struct {
	source *Source
	client *Client
	own    bool
	// revocationEndpoint is empty unless the session has a token of its own.
	revocationEndpoint string

	// renewals are begun by the first one: most sessions have none.
	renewals renewals
	begin    sync.Once

	mu     sync.Mutex
	issued []*oauth2.Token // the current one last
}

// renewals are those of one session.
type renewals struct {
	// running is a semaphore: it holds a value during a renewal, and for good once the
	// session is closed.
	running chan struct{}
	// closed is cancelled when a renewal under way has to end.
	closed context.Context // of the session, not of a call
	cancel context.CancelFunc
}

func (session *Session) renewing() *renewals {
	session.begin.Do(func() {
		closed, cancel := context.WithCancel(context.Background())
		session.renewals = renewals{make(chan struct{}, 1), closed, cancel}
	})
	return &session.renewals
}

// Open begins a session. Its token is a shared one that remains valid for long enough,
// or else a new one. With own it is this session's alone: it is neither taken from the
// cache nor stored there, and Close revokes it.
//
// The error is a [*ConfigError] if the client lacks something, which includes the
// revocation endpoint. If a request failed, it is a [*FetchError] or wraps an
// [*oauth2.MetadataError].
func (s *Source) Open(ctx context.Context, config ClientConfig, own bool) (*Session, error) {
	client, err := s.resolve(ctx, config)
	if err != nil {
		return nil, err
	}
	session := &Session{source: s, client: client, own: own}
	var token *oauth2.Token
	if own {
		if session.revocationEndpoint, err = s.revocationEndpoint(ctx, config.Server); err != nil {
			return nil, err
		}
		token, err = s.fetch(ctx, client)
	} else {
		token, err = s.obtain(ctx, client)
	}
	if err != nil {
		return nil, err
	}
	session.issued = []*oauth2.Token{token}
	return session, nil
}

// Token returns the current token.
func (session *Session) Token() *oauth2.Token {
	session.mu.Lock()
	defer session.mu.Unlock()
	return session.issued[len(session.issued)-1]
}

// RequestedScopes returns the scopes that were requested, see [Client.RequestedScopes].
func (session *Session) RequestedScopes() []string { return session.client.RequestedScopes() }

// Renew gets a new token with the refresh token (RFC 6749 section 6), or with the
// original grant if the server no longer accepts that. Sessions that share a token
// share its successor too: a refresh token is presented once. Close ends a renewal.
func (session *Session) Renew(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(session.renewing().closed, func() { cancel(errClosed) })() //nolint:contextcheck // the session ends it
	if err := session.startRenewing(ctx); err != nil {
		return err
	}
	defer func() { <-session.renewing().running }()
	token, err := session.successor(ctx)
	if err != nil {
		return err
	}
	session.mu.Lock()
	defer session.mu.Unlock()
	session.issued = append(session.issued, token)
	return nil
}

func (session *Session) startRenewing(ctx context.Context) error {
	select {
	case session.renewing().running <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// successor gets the token that follows the current one.
func (session *Session) successor(ctx context.Context) (*oauth2.Token, error) {
	source, previous := session.source, session.Token()
	renew := func(ctx context.Context) (*oauth2.Token, error) { return source.renew(ctx, session.client, previous) }
	if session.own || !source.shares(session.client) {
		return renew(ctx)
	}
	return source.shared(ctx, session.client, func(cached entry) bool {
		return validFor(nil, cached, source.now()) && !sameToken(cached.Value, previous)
	}, renew)
}

// Replaceable reports whether [Session.Replace] can get another token: the request can be
// sent again, or there is a refresh token.
func (session *Session) Replaceable() bool {
	return session.client.shareable() || session.Token().Refreshable(session.source.now())
}

// Replace gets a new token, which also replaces the shared one. A shared token is taken
// only if it was requested since a time: by another session that replaces the same one.
func (session *Session) Replace(ctx context.Context, since time.Time) (*oauth2.Token, error) {
	source, client := session.source, session.client
	var token *oauth2.Token
	var err error
	if source.shares(client) {
		usable := source.usable(client)
		token, err = source.shared(ctx, client, func(cached entry) bool {
			return usable(cached) && !cached.IssuedAt.Before(since)
		}, func(ctx context.Context) (*oauth2.Token, error) { return source.fetch(ctx, client) })
	} else {
		token, err = source.renew(ctx, client, session.Token())
	}
	if err != nil {
		return nil, err
	}
	session.mu.Lock()
	defer session.mu.Unlock()
	session.issued = []*oauth2.Token{token}
	return token, nil
}

// Close revokes the tokens of a session that owns them: every access token that may
// still be valid, and the refresh token (RFC 7009). The same tokens in the cache are
// dropped: some servers issue one token for equal requests. It takes at most five
// seconds, is called once, and ends the session. The error joins those of all
// revocations, in the order in which the tokens were issued, the refresh token last.
func (session *Session) Close(ctx context.Context) error {
	if !session.own {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	session.endRenewal(ctx)
	issued := session.unexpired()
	failures := make([]error, len(issued)+1)
	var revoking sync.WaitGroup
	for i, token := range issued {
		revoking.Go(func() {
			failures[i] = session.revoke(ctx, token.AccessToken, oauth2.HintAccessToken)
			session.source.drop(ctx, session.client, token)
		})
	}
	if refresh := session.Token().RefreshToken; !refresh.IsZero() {
		revoking.Go(func() { failures[len(issued)] = session.revoke(ctx, refresh, oauth2.HintRefreshToken) })
	}
	revoking.Wait()
	return errors.Join(failures...)
}

// endRenewal waits for a renewal under way, for a while, and then cancels it. No other
// one begins.
func (session *Session) endRenewal(ctx context.Context) {
	deadline, _ := ctx.Deadline()
	waiting, cancel := context.WithTimeout(ctx, time.Duration(renewalShare*float64(time.Until(deadline))))
	defer cancel()
	err := session.startRenewing(waiting)
	session.renewing().cancel()
	if err != nil {
		_ = session.startRenewing(ctx) // it fails when the time is up
	}
}

// unexpired lists the tokens that may still be valid, each access token once.
func (session *Session) unexpired() []*oauth2.Token {
	session.mu.Lock()
	defer session.mu.Unlock()
	now := session.source.now()
	var tokens []*oauth2.Token
	for _, token := range session.issued {
		same := func(other *oauth2.Token) bool { return sameToken(other, token) }
		remaining, known := token.Remaining(now)
		if (!known || remaining > 0) && !slices.ContainsFunc(tokens, same) {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

func (session *Session) revoke(ctx context.Context, token secret.String, hint string) error {
	client := session.client
	_, err := retry(ctx, session.source, always.decide, func() (struct{}, error) {
		return struct{}{}, client.sender.Revoke(ctx, session.revocationEndpoint, client.Request, token, hint)
	})
	return err
}

const (
	// A session is renewed when a tenth of its lifetime is left, and at most a minute.
	renewalMarginShare = 10
	maxRenewalMargin   = time.Minute
	// minRenewalPause keeps renewals from following each other without a pause, and
	// retryPause is how long to wait after one that failed.
	minRenewalPause = time.Second
	retryPause      = 30 * time.Second
	// renewalGrace is how long after the end of all tokens renewals are retried.
	renewalGrace = time.Hour
)

// RenewAt is when to renew the session: before the access token or the refresh token
// expires, whichever is sooner. It is never in the past. The zero time means never:
// there is no refresh token, or neither end is known.
func (session *Session) RenewAt() time.Time {
	token, now := session.Token(), session.source.now()
	end := sessionEnd(token)
	if end.IsZero() || token.RefreshToken.IsZero() {
		return time.Time{}
	}
	margin := min(maxRenewalMargin, end.Sub(token.RequestedAt)/renewalMarginShare)
	return later(end.Add(-margin), now.Add(minRenewalPause))
}

// RetryAt is when to retry a renewal that failed. The zero time means never: the
// refresh token has expired. If its end is unknown, or the original grant can be used
// in its place, a server that is down for long may still come back.
func (session *Session) RetryAt() time.Time {
	now, token := session.source.now(), session.Token()
	last := token.RefreshExpiresAt()
	if last.IsZero() || session.client.shareable() {
		last = later(token.ExpiresAt, last).Add(renewalGrace)
	}
	if !now.Before(last) {
		return time.Time{}
	}
	pause := retryPause
	if remaining := sessionEnd(token).Sub(now); remaining > 0 {
		pause = min(pause, remaining/2)
	}
	return now.Add(max(minRenewalPause, pause))
}

// sessionEnd is when the first of the two tokens expires; the zero time if neither is
// known to.
func sessionEnd(token *oauth2.Token) time.Time {
	refreshEnd := token.RefreshExpiresAt()
	if token.ExpiresAt.IsZero() || (!refreshEnd.IsZero() && refreshEnd.Before(token.ExpiresAt)) {
		return refreshEnd
	}
	return token.ExpiresAt
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
