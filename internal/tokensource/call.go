// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"context"
	"net/http"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Answer is what an API answered to a call.
type Answer struct {
	*httpstack.Response
	// Attempts tells how often it was asked for.
	Attempts httpstack.Attempts
	// Tokens are those that went along, for taking them out of an answer that
	// repeats them.
	Tokens []secret.String
}

// Call sends a request without a token. The answer may be one that it was repeated
// for, as often as is permitted.
func (s *Source) Call(ctx context.Context, request httpstack.Request) (*Answer, error) {
	response, attempts, err := httpstack.Retry(ctx, s.retries, func() (*httpstack.Response, httpstack.Decision, error) {
		response, err := s.http.Do(ctx, request)
		return response, decideCall(request, response, err), err
	})
	if err != nil {
		return nil, retried(err, attempts)
	}
	return &Answer{Response: response, Attempts: attempts}, nil
}

// CallAs sends a request with the client's token in its Authorization header (RFC
// 6750 section 2.1). When the API answers 401 the token is dropped and the
// request sent once more with a new one: it was refused, so that nothing is done
// twice. A client's token is replaced so every [replacementPause] at the most, and
// the answer stands until then. Errors before the first call are those of
// [Source.Open].
func (s *Source) CallAs(ctx context.Context, client Client, request httpstack.Request) (*Answer, error) {
	client, err := s.resolve(ctx, client)
	if err != nil {
		return nil, err
	}
	token, err := s.obtain(ctx, client)
	if err != nil {
		return nil, err
	}
	answer, err := s.Call(ctx, authorized(request, token))
	refused := err == nil && answer.StatusCode == http.StatusUnauthorized
	if !refused || !client.shareable() || !s.replaced.allow(client.key().Sum(), token, s.now()) {
		return answer.sentWith(token), err
	}
	s.log.InfoContext(ctx, "the API refused the token, asking for another", "client_id", client.ClientID)
	s.drop(ctx, client, token)
	another, err := s.obtain(ctx, client)
	if err != nil {
		return nil, err
	}
	again, err := s.Call(ctx, authorized(request, another))
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

// authorized returns the request with a token.
func authorized(request httpstack.Request, token *oauth2.Token) httpstack.Request {
	header := request.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Authorization", token.AuthorizationHeader().Reveal())
	request.Header = header
	return request
}
