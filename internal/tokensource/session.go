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
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// closeTimeout bounds the revocation of all tokens of a session. OpenTofu cuts
// off the closing of an ephemeral resource after ten seconds.
const closeTimeout = 5 * time.Second

// Session is a token in use: it can be renewed, and revoked when it is over. It
// is safe for concurrent use.
type Session struct {
	source *Source
	client Client
	own    bool

	mu     sync.Mutex
	issued []*oauth2.Token // the current one last
}

// Open begins a session. With own its token is nobody else's: it neither comes
// from the cache nor goes there, and Close revokes it. Errors are those of
// [Source.Token]; a server whose revocation endpoint is not known is a
// [*ConfigError] before anything is asked.
func (s *Source) Open(ctx context.Context, client Client, own bool) (*Session, error) {
	client, err := s.resolve(ctx, client)
	if err != nil {
		return nil, err
	}
	var token *oauth2.Token
	if own {
		if client.RevocationEndpoint, err = s.revocationEndpoint(ctx, client); err != nil {
			return nil, err
		}
		token, err = s.fetch(ctx, client)
	} else {
		token, err = s.obtain(ctx, client)
	}
	if err != nil {
		return nil, err
	}
	return &Session{source: s, client: client, own: own, issued: []*oauth2.Token{token}}, nil
}

// revocationEndpoint is the client's, or else the one that the metadata names.
func (s *Source) revocationEndpoint(ctx context.Context, client Client) (string, error) {
	if client.RevocationEndpoint != "" {
		return client.RevocationEndpoint, nil
	}
	if client.Issuer == "" {
		return "", missing("revocation_endpoint")
	}
	metadata, err := s.Metadata(ctx, client.Issuer)
	if err != nil {
		return "", err
	}
	endpoint, err := metadata.EndpointFor("revocation_endpoint", s.certificate.present)
	if err != nil {
		return "", &ConfigError{Attribute: "revocation_endpoint", Err: err}
	}
	return endpoint, nil
}

// Token returns the current token.
func (session *Session) Token() *oauth2.Token {
	session.mu.Lock()
	defer session.mu.Unlock()
	return session.current()
}

// RequestedScopes are the scopes that were asked for; nil where a parameter was
// sent in their place.
func (session *Session) RequestedScopes() []string {
	request := session.client.Request
	if _, replaced := request.Parameters["scope"]; replaced {
		return nil
	}
	return slices.Clone(request.Scopes)
}

// current is Token for those who hold the lock.
func (session *Session) current() *oauth2.Token { return session.issued[len(session.issued)-1] }

// Renew gets a new token with the refresh token (RFC 6749 section 6), or from the
// start where the server no longer takes that. Sessions that share a token share
// its successor too: a refresh token is presented once.
func (session *Session) Renew(ctx context.Context) error {
	session.mu.Lock()
	defer session.mu.Unlock()
	token, err := session.successor(ctx)
	if err != nil {
		return err
	}
	session.issued = append(session.stillValid(), token)
	return nil
}

// successor gets the token that follows the current one.
func (session *Session) successor(ctx context.Context) (*oauth2.Token, error) {
	source, previous := session.source, session.current()
	renew := func(ctx context.Context) (*oauth2.Token, error) { return source.renew(ctx, session.client, previous) }
	if session.own || !source.shares(session.client) {
		return renew(ctx)
	}
	fresh := source.validFor(nil)
	return source.shared(ctx, session.client, func(entry tokencache.Entry) bool {
		return fresh(entry) && !holds(entry, previous)
	}, renew)
}

// stillValid lists the tokens that have not expired, as far as is known.
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
// is still valid and the refresh token (RFC 7009). It takes five seconds at the
// most. Its error joins those of all revocations.
func (session *Session) Close(ctx context.Context) error {
	if !session.own {
		return nil
	}
	session.mu.Lock()
	defer session.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	var revoking sync.WaitGroup
	hints := session.revocable()
	failures := make(chan error, len(hints))
	for token, hint := range hints {
		revoking.Go(func() { failures <- session.revoke(ctx, secret.New(token), hint) })
	}
	revoking.Wait()
	close(failures)
	var all []error
	for err := range failures {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// revocable lists what there is to revoke, with its hint.
func (session *Session) revocable() map[string]string {
	hints := map[string]string{}
	for _, token := range session.stillValid() {
		hints[token.AccessToken.Reveal()] = oauth2.HintAccessToken
	}
	if refresh := session.current().RefreshToken; !refresh.IsZero() {
		hints[refresh.Reveal()] = oauth2.HintRefreshToken
	}
	return hints
}

// revoke revokes one token.
func (session *Session) revoke(ctx context.Context, token secret.String, hint string) error {
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
	now := session.source.now()
	remaining := sessionEnd(session.Token()).Sub(now)
	if remaining <= 0 {
		return time.Time{}
	}
	return now.Add(max(renewFloor, min(renewPause, remaining/2)))
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
