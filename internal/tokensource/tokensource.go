// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package tokensource is where a token comes from, whole: it finds the token
// endpoint, chooses the client authentication, looks into the cache, and asks
// the server where there is nothing to reuse, again where that may help. It is the
// only place that does these in their order.
//
// It refuses to guess: a client that lacks something is a [*ConfigError] that
// names what is missing, and a server that has refused a client is not asked
// again.
package tokensource

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// Config holds what a [Source] works with. HTTP is required.
type Config struct {
	// HTTP sends all requests.
	HTTP oauth2.Doer
	// ClientCertificate is the one that HTTP presents, nil where it presents none.
	ClientCertificate *x509.Certificate
	// InsecureSkipVerify reports that HTTP does not verify servers.
	InsecureSkipVerify bool
	// Retries says how often what fails is tried again. It tells the time and logs as
	// the source does.
	Retries httpstack.Retries
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// Logger receives what was decided, never a secret; nil discards it.
	Logger *slog.Logger
	// Cache says with whom tokens are shared.
	Cache Cache
}

// Source gets tokens for any number of clients and shares them, see [Cache]. It is
// safe for concurrent use.
type Source struct {
	http      oauth2.Doer
	retries   httpstack.Retries
	now       func() time.Time
	log       *slog.Logger
	cache     Cache
	tokens    *tokencache.Cache
	documents *tokencache.Cache
	logins    *loginBackoff
	replaced  replacementLimiter

	connection Connection
	// certificate is nil if the connections have none.
	certificate *x509.Certificate
}

// New returns a source that has nothing cached.
func New(config Config) *Source {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	config.Retries.Now, config.Retries.Logger = config.Now, config.Logger
	return &Source{
		http:      config.HTTP,
		retries:   config.Retries,
		now:       config.Now,
		log:       config.Logger,
		cache:     config.Cache,
		tokens:    tokencache.New(tokencache.Config{Store: config.Cache.Store, Patience: config.Retries.Budget() + patienceMargin, Now: config.Now}),
		documents: tokencache.New(tokencache.Config{Now: config.Now}),
		logins:    newLoginBackoff(config.Now),

		connection:  newConnection(config.ClientCertificate, config.InsecureSkipVerify),
		certificate: config.ClientCertificate,
	}
}

// obtain returns a token for a client that is resolved: a shared one that is valid
// for long enough, or else a new one.
func (s *Source) obtain(ctx context.Context, client Client) (*oauth2.Token, error) {
	fetch := func(ctx context.Context) (*oauth2.Token, error) { return s.fetch(ctx, client) }
	if !s.shares(client) {
		return fetch(ctx)
	}
	return s.shared(ctx, client, s.validFor(client.minValidity), fetch)
}

// fetch asks the server for a token, unless it has refused the client before.
func (s *Source) fetch(ctx context.Context, client Client) (*oauth2.Token, error) {
	return s.ask(client, func(asking oauth2.Client) (*oauth2.Token, error) {
		return s.logins.ask(ctx, client, func() (*oauth2.Token, error) {
			return s.requestToken(ctx, asking, client)
		})
	})
}

// errBodySent tells that a session cannot be renewed from the start.
var errBodySent = errors.New("there is no refresh token that is still good, and request_body is not sent a second time")

// renew asks the server for the successor of a token: with the refresh token, or
// else from the start. A body is not sent a second time.
func (s *Source) renew(ctx context.Context, client Client, previous *oauth2.Token) (*oauth2.Token, error) {
	if previous.Refreshable(s.now()) {
		token, err := s.ask(client, func(asking oauth2.Client) (*oauth2.Token, error) {
			return s.refreshToken(ctx, asking, client, previous)
		})
		refused, ok := errors.AsType[*oauth2.Error](err)
		if !ok || refused.Code != oauth2.InvalidGrant || !client.shareable() {
			return token, asRefresh(err)
		}
		s.log.InfoContext(ctx, "refresh token refused, asking anew", "client_id", client.ClientID)
	}
	if !client.shareable() {
		return nil, errBodySent
	}
	return s.fetch(ctx, client)
}

// asRefresh has an error tell which grant was asked for.
func asRefresh(err error) error {
	if fetch, ok := errors.AsType[*FetchError](err); ok {
		fetch.Client.Request.GrantType, fetch.Client.Request.Assertion = "refresh_token", nil
	}
	return err
}

// ask has a question put to the token endpoint, and tells in the error who asked.
func (s *Source) ask(client Client, question func(oauth2.Client) (*oauth2.Token, error)) (*oauth2.Token, error) {
	auth, err := client.auth()
	if err != nil {
		return nil, err
	}
	token, err := question(oauth2.Client{HTTP: s.http, Auth: auth})
	if err != nil {
		return nil, &FetchError{Client: client, Err: err}
	}
	return token, nil
}
