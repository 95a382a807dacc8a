// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// TokenHeader is the header field that carries a token to an API. The zero value is
// that of RFC 6750 section 2.1.
type TokenHeader struct {
	// Name of the field; "" means Authorization.
	Name string
	// Scheme precedes the token. Nil means the token's own, Bearer or DPoP, and ""
	// sends the bare token.
	Scheme *string
}

// withToken returns a copy of header that carries a token. One space separates scheme
// and token (RFC 9110 section 11.4), unless the scheme ends in the name of a parameter
// whose value is the token, such as "CwsAuth Bearer=".
func (h TokenHeader) withToken(header http.Header, token *oauth2.Token) http.Header {
	value := token.AuthorizationHeader().Reveal()
	if h.Scheme != nil {
		value = *h.Scheme
		if value != "" && !strings.HasSuffix(value, "=") {
			value += " "
		}
		value += token.AccessToken.Reveal()
	}
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set(cmp.Or(h.Name, "Authorization"), value)
	return header
}

// Response is an API's response.
type Response struct {
	*httpstack.Response
	// Attempts is the number of requests that it took, and why there was no other one.
	Attempts httpstack.Attempts
	// Tokens are those that were sent, for redacting a response that echoes them.
	Tokens []secret.String
}

// Do sends a request to an API without a token, and retries it as often as is
// permitted. The response is that of the last attempt, whatever its status.
func (s *Source) Do(ctx context.Context, request httpstack.Request) (*Response, error) {
	repeat := repeatableMethod(request.Method)
	response, attempts, err := httpstack.Retry(ctx, s.retries, func() (*httpstack.Response, httpstack.Decision, error) {
		response, err := s.http.Do(ctx, request)
		switch {
		case err != nil:
			return nil, repeat.decide(err), err
		case !httpstack.TransientStatus(response.StatusCode), slices.Contains(request.Expected, response.StatusCode):
			return response, httpstack.Decision{}, nil
		default:
			return response, repeat.decideStatus(response.StatusCode, httpstack.RetryAfter(response), request.Endpoint), nil
		}
	})
	if err != nil {
		return nil, retriedError(err, attempts)
	}
	return &Response{Response: response, Attempts: attempts}, nil
}

// DoWithToken sends a request to an API with the client's token. If the API responds
// with 401, the token is dropped and the request sent once more with a new one: it was
// refused, so nothing is done twice. A client's token is replaced in this way once in
// [replacementPause]; until then the response stands. Errors before the first request
// to the API are those of [Source.Open].
func (s *Source) DoWithToken(ctx context.Context, config ClientConfig, header TokenHeader, request httpstack.Request) (*Response, error) {
	client, err := s.resolve(ctx, config)
	if err != nil {
		return nil, err
	}
	var sent []secret.String
	send := func(token *oauth2.Token) (*Response, error) {
		authorized := request
		authorized.Header = header.withToken(request.Header, token)
		sent = append(sent, token.AccessToken)
		response, err := s.Do(ctx, authorized)
		if err != nil {
			return nil, err
		}
		response.Tokens = sent
		return response, nil
	}
	token, err := s.obtain(ctx, client)
	if err != nil {
		return nil, err
	}
	response, err := send(token)
	refused := err == nil && response.StatusCode == http.StatusUnauthorized
	if !refused || !client.shareable() || !s.replacements.allow(tokencache.NewEntryKey(client).Name(), token, s.now()) {
		return response, err
	}
	s.log.InfoContext(ctx, "the API refused the token, requesting a new one", "client_id", client.ClientID)
	httpstack.Progress(ctx, "the API responded with 401 Unauthorized; requesting a new token and retrying")
	s.drop(ctx, client, token)
	if token, err = s.obtain(ctx, client); err != nil {
		return nil, err
	}
	return send(token)
}

// replacementPause is how long the successor of a refused token is not replaced in
// turn. An API that refuses both refuses the client, and a run of many calls must not
// become as many token requests.
const replacementPause = 30 * time.Second

// replacementLimiter remembers which tokens were replaced because an API refused them.
type replacementLimiter struct {
	mu   sync.Mutex
	last map[string]replacement // by the client's key
}

// replacement is the last one of a client.
type replacement struct {
	refused string
	at      time.Time
}

// allow reports whether a refused token is to be replaced, and records that it is. Its
// later callers with the same token are allowed too: the successor is there for them.
func (r *replacementLimiter) allow(key string, refused *oauth2.Token, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	token := refused.AccessToken.Reveal()
	if last, ok := r.last[key]; ok && now.Sub(last.at) < replacementPause {
		return last.refused == token
	}
	r.last[key] = replacement{token, now}
	return true
}
