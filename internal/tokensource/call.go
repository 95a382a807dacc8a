// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// Call is a request to an API.
type Call struct {
	httpstack.Request
	// TokenHeader carries the client's token, if one is sent.
	TokenHeader TokenHeader
}

// TokenHeader says in which header field a token is sent, and how. The zero value
// is the one of RFC 6750 section 2.1.
type TokenHeader struct {
	// Name of the field; "" means Authorization.
	Name string
	// Scheme precedes the token. Nil means the one that the token has by itself,
	// Bearer or DPoP, and "" sends the bare token.
	Scheme *string
}

// Set sends token in header, which is changed.
func (h TokenHeader) Set(header http.Header, token *oauth2.Token) {
	value := token.AuthorizationHeader().Reveal()
	if h.Scheme != nil {
		value = joinScheme(*h.Scheme, token.AccessToken.Reveal())
	}
	header.Set(cmp.Or(h.Name, "Authorization"), value)
}

// joinScheme puts one space between a scheme and a token (RFC 9110 section 11.4),
// but none if there is no scheme, or if it ends in the name of a parameter whose
// value is the token, such as "CwsAuth Bearer=".
func joinScheme(scheme, token string) string {
	if scheme == "" || strings.HasSuffix(scheme, "=") {
		return scheme + token
	}
	return scheme + " " + token
}

// Answer is what an API answered to a call.
type Answer struct {
	*httpstack.Response
	// Attempts tells how often it was asked for.
	Attempts httpstack.Attempts
	// Tokens are those that went along, for taking them out of an answer that
	// repeats them.
	Tokens []secret.String
}

// Call sends a request without a token, and retries it as often as is permitted. The
// response is that of the last attempt, whatever its status.
func (s *Source) Call(ctx context.Context, call Call) (*Answer, error) {
	response, attempts, err := httpstack.Retry(ctx, s.retries, func() (*httpstack.Response, httpstack.Decision, error) {
		response, err := s.http.Do(ctx, call.Request)
		return response, decideCall(call.Request, response, err), err
	})
	if err != nil {
		return nil, retried(err, attempts)
	}
	return &Answer{Response: response, Attempts: attempts}, nil
}

// CallAs sends a request with the client's token. If the API responds with 401, the
// token is dropped and the request sent once more with a new one: it was refused,
// so nothing is done twice. A client's token is replaced in this way once in
// [replacementPause]; until then the response stands. Errors before the first call
// are those of [Source.Open].
func (s *Source) CallAs(ctx context.Context, config ClientConfig, call Call) (*Answer, error) {
	client, err := s.resolve(ctx, config)
	if err != nil {
		return nil, err
	}
	token, err := s.obtain(ctx, client)
	if err != nil {
		return nil, err
	}
	answer, err := s.Call(ctx, call.with(token))
	refused := err == nil && answer.StatusCode == http.StatusUnauthorized
	if !refused || !client.shareable() || !s.replaced.allow(tokencache.NewEntryKey(client).Name(), token, s.now()) {
		return answer.sentWith(token), err
	}
	s.log.InfoContext(ctx, "the API refused the token, requesting a new one", "client_id", client.ClientID)
	httpstack.Progress(ctx, "the API responded with 401 Unauthorized; requesting a new token and retrying")
	s.drop(ctx, client, token)
	another, err := s.obtain(ctx, client)
	if err != nil {
		return nil, err
	}
	again, err := s.Call(ctx, call.with(another))
	return again.sentWith(token).sentWith(another), err
}

// sentWith notes the token that went along. There is no answer to note it on
// where the call failed.
func (a *Answer) sentWith(token *oauth2.Token) *Answer {
	if a != nil {
		a.Tokens = append(a.Tokens, token.AccessToken)
	}
	return a
}

// with returns the call with a token.
func (c Call) with(token *oauth2.Token) Call {
	c.Header = c.Header.Clone()
	if c.Header == nil {
		c.Header = http.Header{}
	}
	c.TokenHeader.Set(c.Header, token)
	return c
}
