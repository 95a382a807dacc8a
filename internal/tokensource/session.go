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
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/panics"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

const (
	// closeTimeout bounds the revocation of all tokens of a session. OpenTofu cuts
	// off the closing of an ephemeral resource after ten seconds.
	closeTimeout = 5 * time.Second
	// renewalPart of the time to close is left to a renewal under way: a token that
	// has been issued can only be revoked once it has arrived.
	renewalPart = 0.4
)

// errClosed tells that a session is over.
var errClosed = errors.New("the session is closed")

// Session is a token in use: it can be renewed, and revoked when it is over. It
// is safe for concurrent use.
type Session struct {
	source *Source
	client Client
	own    bool

	// turn holds one value while a renewal is under way, and for good once the
	// session is closed. over is closed when a renewal has to end.
	turn, over chan struct{}

	mu     sync.Mutex
	issued []*oauth2.Token // the current one last
}

// newSession returns a session whose first token is token.
func newSession(source *Source, client Client, own bool, token *oauth2.Token) *Session {
	return &Session{
		source: source, client: client, own: own, issued: []*oauth2.Token{token},
		turn: make(chan struct{}, 1), over: make(chan struct{}),
	}
}

// Open begins a session. Its token is a shared one that is valid for long enough,
// or else a new one. With own it is nobody else's: it neither comes from the cache
// nor goes there, and Close revokes it.
//
// The error is a [*ConfigError] where the client lacks something, a server whose
// revocation endpoint is not known included, and a [*FetchError] or a
// [*DiscoveryError] where something was asked for and not got.
func (s *Source) Open(ctx context.Context, config ClientConfig, own bool) (*Session, error) {
	client, err := s.resolve(ctx, config)
	if err != nil {
		return nil, err
	}
	var token *oauth2.Token
	if own {
		if client.revocationEndpoint, err = s.revocationEndpoint(ctx, config.Server); err != nil {
			return nil, err
		}
		token, err = s.fetch(ctx, client)
	} else {
		token, err = s.obtain(ctx, client)
	}
	if err != nil {
		return nil, err
	}
	return newSession(s, client, own, token), nil
}

// revocationEndpoint is the configured one, or else that of the metadata.
func (s *Source) revocationEndpoint(ctx context.Context, server Server) (string, error) {
	if server.RevocationEndpoint != "" {
		return server.RevocationEndpoint, nil
	}
	if server.Issuer == "" {
		return "", missing("revocation_endpoint")
	}
	metadata, err := s.Metadata(ctx, server.Issuer)
	if err != nil {
		return "", err
	}
	endpoint, err := metadata.EndpointFor("revocation_endpoint", s.connection.hasCertificate())
	if err != nil {
		return "", &ConfigError{Attribute: "revocation_endpoint", Err: err}
	}
	return endpoint, nil
}

// Token returns the current token.
func (session *Session) Token() *oauth2.Token {
	session.mu.Lock()
	defer session.mu.Unlock()
	return session.issued[len(session.issued)-1]
}

// RequestedScopes are the scopes that were asked for, see [Client.RequestedScopes].
func (session *Session) RequestedScopes() []string { return session.client.RequestedScopes() }

// Renew gets a new token with the refresh token (RFC 6749 section 6), or from the
// start where the server no longer takes that. Sessions that share a token share
// its successor too: a refresh token is presented once. Close ends a renewal.
func (session *Session) Renew(ctx context.Context) error {
	ctx, cancel := session.whileOpen(ctx)
	defer cancel(nil)
	if err := session.takeTurn(ctx); err != nil {
		return err
	}
	defer func() { <-session.turn }()
	token, err := session.successor(ctx)
	if err != nil {
		return err
	}
	session.mu.Lock()
	defer session.mu.Unlock()
	session.issued = append(session.stillValid(), token)
	return nil
}

// whileOpen returns a context that ends when the session is over.
func (session *Session) whileOpen(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-session.over:
			cancel(errClosed)
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// takeTurn waits until no renewal is under way.
func (session *Session) takeTurn(ctx context.Context) error {
	select {
	case session.turn <- struct{}{}:
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
	fresh := source.validFor(nil)
	return source.shared(ctx, session.client, func(entry tokencache.Entry) bool {
		return fresh(entry) && !holds(entry, previous)
	}, renew)
}

// stillValid lists the tokens that have not expired, as far as is known. The caller
// holds the lock.
func (session *Session) stillValid() []*oauth2.Token {
	var valid []*oauth2.Token
	for _, token := range session.issued {
		if remaining, known := token.Remaining(session.source.now()); !known || remaining > 0 {
			valid = append(valid, token)
		}
	}
	return valid
}

// Close revokes the tokens of a session that owns them: every access token that
// is still valid and the refresh token (RFC 7009). Equal tokens in the cache are
// dropped: some servers hand out one token for equal requests. It takes at most five
// seconds, is called once, and ends the session. Its error joins those of all
// revocations, in the order in which the tokens were issued, the refresh token last.
func (session *Session) Close(ctx context.Context) error {
	if !session.own {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	session.endRenewal(ctx)
	issued, refresh := session.revocable()
	failures := make([]error, len(issued)+1)
	var revoking sync.WaitGroup
	for i, token := range issued {
		revoking.Go(func() { failures[i] = session.revokeIssued(ctx, token) })
	}
	if !refresh.IsZero() {
		revoking.Go(func() { failures[len(issued)] = session.revoke(ctx, refresh, oauth2.HintRefreshToken) })
	}
	revoking.Wait()
	return errors.Join(failures...)
}

// endRenewal waits for a renewal under way, for a while, and then breaks it off.
// No other one begins.
func (session *Session) endRenewal(ctx context.Context) {
	deadline, _ := ctx.Deadline()
	patience, cancel := context.WithTimeout(ctx, time.Duration(renewalPart*float64(time.Until(deadline))))
	defer cancel()
	err := session.takeTurn(patience)
	close(session.over)
	if err != nil {
		_ = session.takeTurn(ctx) // there is no more time where it fails
	}
}

// revocable returns the tokens whose access tokens are to be revoked, each access
// token once, and the refresh token if there is one.
func (session *Session) revocable() (issued []*oauth2.Token, refresh secret.String) {
	refresh = session.Token().RefreshToken
	session.mu.Lock()
	defer session.mu.Unlock()
	for _, token := range session.stillValid() {
		again := func(other *oauth2.Token) bool { return other.AccessToken.Reveal() == token.AccessToken.Reveal() }
		if !slices.ContainsFunc(issued, again) {
			issued = append(issued, token)
		}
	}
	return issued, refresh
}

// revokeIssued revokes an access token and drops it from the cache.
func (session *Session) revokeIssued(ctx context.Context, token *oauth2.Token) (err error) {
	defer panics.Into(&err)
	err = session.revoke(ctx, token.AccessToken, oauth2.HintAccessToken)
	session.source.drop(ctx, session.client, token)
	return err
}

// revoke revokes one token.
func (session *Session) revoke(ctx context.Context, token secret.String, hint string) (err error) {
	defer panics.Into(&err)
	auth, err := session.client.auth()
	if err != nil {
		return err
	}
	return session.source.revoke(ctx, oauth2.Client{HTTP: session.source.http, Auth: auth}, session.client, token, hint)
}

const (
	// renewShare and renewMargin say how long before its end a session is renewed:
	// a tenth of its lifetime, and at most a minute.
	renewShare  = 10
	renewMargin = time.Minute
	// renewFloor keeps renewals from following each other without a pause, and
	// renewPause is how long to wait after one that failed.
	renewFloor = time.Second
	renewPause = 30 * time.Second
	// renewGrace is for how long beyond the end of all tokens it is tried.
	renewGrace = time.Hour
)

// RenewAt is when to renew the session: before the access token expires, or the
// refresh token where that is sooner. It is never in the past. The zero time
// means never: there is no refresh token, or no end is known.
func (session *Session) RenewAt() time.Time {
	token, now := session.Token(), session.source.now()
	end := sessionEnd(token)
	if end.IsZero() || token.RefreshToken.IsZero() {
		return time.Time{}
	}
	lifetime := end.Sub(token.RequestedAt)
	return latest(end.Add(-min(renewMargin, lifetime/renewShare)), now.Add(renewFloor))
}

// RetryAt is when to try again to renew after a failure, and the zero time when
// it is too late for that.
func (session *Session) RetryAt() time.Time {
	now, token := session.source.now(), session.Token()
	if !now.Before(session.lastRenewal(token)) {
		return time.Time{}
	}
	pause := renewPause
	if remaining := sessionEnd(token).Sub(now); remaining > 0 {
		pause = min(pause, remaining/2)
	}
	return now.Add(max(renewFloor, pause))
}

// lastRenewal is until when it makes sense to renew the session: as long as its
// refresh token lives. Where that is unknown, or a token can be asked for without
// it, a server that has been down for long is still worth a try.
func (session *Session) lastRenewal(token *oauth2.Token) time.Time {
	refreshEnd := token.RefreshExpiresAt()
	if refreshEnd.IsZero() || session.client.shareable() {
		return latest(token.ExpiresAt, refreshEnd).Add(renewGrace)
	}
	return refreshEnd
}

// sessionEnd is when the first of the two tokens expires, the zero time where
// neither is known to.
func sessionEnd(token *oauth2.Token) time.Time {
	refreshEnd := token.RefreshExpiresAt()
	if token.ExpiresAt.IsZero() || (!refreshEnd.IsZero() && refreshEnd.Before(token.ExpiresAt)) {
		return refreshEnd
	}
	return token.ExpiresAt
}

// latest returns the later of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
