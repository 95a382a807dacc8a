// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package tokensource gets tokens: it discovers the token endpoint, chooses the client
// authentication, looks into the cache, requests a token if none can be reused, retries
// where that may help, and renews and revokes. It is the only place that does these in
// order, and that holds the rules about a client's configuration.
//
// It refuses to guess: a client that lacks something is a [*ConfigError] that names
// what is missing, and a client that the server has refused is not sent again.
package tokensource

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// Config configures a [Source]. HTTP is required.
type Config struct {
	// HTTP sends all requests.
	HTTP oauth2.Doer
	// ClientCertificate is the one that HTTP presents; nil if there is none.
	ClientCertificate *x509.Certificate
	// InsecureSkipVerify reports that HTTP does not verify servers.
	InsecureSkipVerify bool
	// Retries bounds the attempts. Its clock and logger are replaced by the source's.
	Retries httpstack.Retries
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger receives decisions, never a secret; nil discards them.
	Logger *slog.Logger
	// Cache configures with whom tokens are shared.
	Cache Cache
}

// Source gets tokens for any number of clients and shares them, see [Cache]. It is
// safe for concurrent use.
type Source struct {
	http    oauth2.Doer
	retries httpstack.Retries
	now     func() time.Time
	log     *slog.Logger

	connection  Connection
	certificate *x509.Certificate // nil if the connections have none

	cache  Cache
	tokens *tokencache.Cache[*oauth2.Token]
	// processTokens are those that no other process can use, see Client.staysInProcess.
	processTokens *tokencache.Cache[*oauth2.Token]
	clients       *tokencache.Cache[*Client] // by their configurations
	metadata      *tokencache.Cache[*oauth2.Metadata]
	identities    *tokencache.Cache[string]
	keys          *tokencache.Cache[keys.Source]
	logins        *loginBackoff
	replacements  replacementLimiter
	provers       *provers
	// queues are the [command.Queue] of each client.
	queues sync.Map
}

// New returns a source with an empty cache.
func New(config Config) *Source {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	config.Retries.Now, config.Retries.Logger = config.Now, config.Logger
	return &Source{
		http:    config.HTTP,
		retries: config.Retries,
		now:     config.Now,
		log:     config.Logger,

		connection:  newConnection(config.ClientCertificate, config.InsecureSkipVerify),
		certificate: config.ClientCertificate,

		cache:         config.Cache,
		tokens:        newTokenCache(config, config.Cache.Store),
		processTokens: newTokenCache(config, nil),
		clients:       tokencache.New(tokencache.Config[*Client]{Now: config.Now}),
		metadata:      tokencache.New(tokencache.Config[*oauth2.Metadata]{Now: config.Now}),
		identities:    tokencache.New(tokencache.Config[string]{Now: config.Now}),
		keys:          tokencache.New(tokencache.Config[keys.Source]{Now: config.Now}),
		logins:        newLoginBackoff(config.Now),
		replacements:  replacementLimiter{last: map[string]replacement{}},
		provers:       newProvers(config.Now),
	}
}

// obtain returns a token for a resolved client: a shared one that remains valid for
// long enough, or else a new one.
func (s *Source) obtain(ctx context.Context, client *Client) (*oauth2.Token, error) {
	if !s.shares(client) {
		return s.fetch(ctx, client)
	}
	fetch := func(ctx context.Context) (*oauth2.Token, error) { return s.fetch(ctx, client) }
	return s.shared(ctx, client, s.usable(client), fetch)
}

// fetch requests a token, unless the server has just refused the client.
func (s *Source) fetch(ctx context.Context, client *Client) (*oauth2.Token, error) {
	token, err := s.logins.do(ctx, client, func() (*oauth2.Token, error) {
		return retry(ctx, s, client.repeatable().decide, func() (*oauth2.Token, error) {
			return client.withProof(func(sender oauth2.Client) (*oauth2.Token, error) { return sender.Token(ctx, client.Request) })
		})
	})
	if err != nil {
		return nil, &FetchError{Client: *client, Err: err}
	}
	return token, nil
}

// errBodySent reports that a session cannot be renewed with the original grant.
var errBodySent = errors.New("the refresh token is missing or no longer valid, and request_body is not sent a second time")

// renew requests the successor of a token: with the refresh token, or else with the
// original grant. A body is not sent a second time.
func (s *Source) renew(ctx context.Context, client *Client, previous *oauth2.Token) (*oauth2.Token, error) {
	if previous.Refreshable(s.now()) {
		token, err := retry(ctx, s, ifUnprocessed.decide, func() (*oauth2.Token, error) {
			return client.withProof(func(sender oauth2.Client) (*oauth2.Token, error) {
				return sender.Refresh(ctx, client.Request, previous)
			})
		})
		if err == nil {
			return token, nil
		}
		refused, ok := errors.AsType[*oauth2.Error](err)
		if !ok || refused.Code != oauth2.InvalidGrant || !client.shareable() {
			refreshing := *client
			refreshing.Request.GrantType, refreshing.Request.Assertion = "refresh_token", nil
			return nil, &FetchError{Client: refreshing, Err: err}
		}
		s.log.InfoContext(ctx, "refresh token refused, using the original grant", "client_id", client.ClientID)
	}
	if !client.shareable() {
		return nil, errBodySent
	}
	return s.fetch(ctx, client)
}
