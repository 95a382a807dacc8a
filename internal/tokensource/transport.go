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

// set makes header carry a token. One space separates scheme
// and token (RFC 9110 section 11.4), unless the scheme ends in the name of a parameter
// whose value is the token, such as "CwsAuth Bearer=".
func (h TokenHeader) set(header http.Header, token *oauth2.Token) {
	value := token.AuthorizationHeader().Reveal()
	if h.Scheme != nil {
		value = *h.Scheme
		if value != "" && !strings.HasSuffix(value, "=") {
			value += " "
		}
		value += token.AccessToken.Reveal()
	}
	header.Set(cmp.Or(h.Name, "Authorization"), value)
}

// Transport holds a client's token for requests to an API. It is safe for concurrent use.
//
// The token is replaced before a request if less than the usual validity is left, and
// after a response with status 401. Requests that need a new one at the same time share
// it. A valid token that cannot be replaced remains in use, and the next request after a
// pause tries again.
type Transport struct {
	source *Source
	client *Client
	header TokenHeader

	renewal tokencache.SingleFlight[*oauth2.Token]

	mu     sync.Mutex
	token  *oauth2.Token // nil if an API has refused it
	tokens []secret.String
	pause  time.Time // until then a valid token is not replaced
}

// Transport returns a transport that holds a token of the client: a shared one that
// remains valid for long enough, or else a new one. Its errors are those of
// [Source.Open].
func (s *Source) Transport(ctx context.Context, config ClientConfig, header TokenHeader) (*Transport, error) {
	client, err := s.resolve(ctx, config)
	if err != nil {
		return nil, err
	}
	token, err := s.obtain(ctx, client)
	if err != nil {
		return nil, err
	}
	return &Transport{source: s, client: client, header: header, token: token, tokens: []secret.String{token.AccessToken}}, nil
}

// Replaceable reports whether the token can be replaced. That of a client with a verbatim
// request body cannot, since the body is not sent twice: the token remains in use even
// when it has expired or was refused.
func (t *Transport) Replaceable() bool { return t.client.shareable() }

// Tokens returns all tokens that t has held, the current one last: for redaction, and to
// count them. All but the first are replacements.
func (t *Transport) Tokens() []secret.String {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.tokens)
}

// Over returns a RoundTripper that sends requests over base with the token, in place of a
// header field of the same name. It does not modify them, and may be called for each
// request.
//
// A token that the API refuses with 401 is dropped, for all that share it. This happens
// once in 30 seconds for a client. The request is then sent once more with a new token,
// if its body can be: there is none, it has GetBody, or it is at most [MaxReplay] bytes
// long. In all other cases the 401 is the caller's, and if the token was dropped, the next
// request has a new one. If the token is bound to a key, each request has a proof, and is
// also sent once more with the nonce that the API asks for. No other request is repeated.
//
// Errors of base are returned as they are. If there is no token, the error is one of
// [Source.Open]: a [*FetchError] says that a token request failed, and may wrap the same
// types as errors of base. Token requests have the context of the request that needs the
// token, and the timeout of their own attempts.
func (t *Transport) Over(base http.RoundTripper) http.RoundTripper { return authorized{t, base} }

type authorized struct {
	*Transport

	base http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (a authorized) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	token, err := a.current(ctx)
	if err != nil {
		if request.Body != nil {
			_ = request.Body.Close()
		}
		return nil, err
	}
	request, body := keepBody(request)
	response, err := a.exchange(request, body, token)
	if err != nil || response.StatusCode != http.StatusUnauthorized || a.asksForNonce(response) || !a.refused(ctx, token) {
		body.release()
		return response, err
	}
	again := body.again(request)
	if again == nil {
		return response, nil
	}
	discard(response.Body)
	successor, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	if sameToken(successor, token) { // some servers issue one token until it expires
		a.source.replacements.vain(a.client, token)
	}
	return a.exchange(again, body, successor)
}

// exchange sends a request with the token, and once more if the API asks for a nonce in
// the DPoP proof (RFC 9449 section 9), which refuses neither token nor key.
func (a authorized) exchange(request *http.Request, body *keptBody, token *oauth2.Token) (*http.Response, error) {
	base := a.base
	if a.client.prover != nil {
		base = a.client.prover.API(base, token.AccessToken)
	}
	response, err := base.RoundTrip(a.present(request, token))
	if err != nil || !a.asksForNonce(response) {
		return response, err
	}
	again := body.again(request)
	if again == nil {
		return response, nil
	}
	discard(response.Body)
	return base.RoundTrip(a.present(again, token))
}

// asksForNonce reports whether a response asks for a nonce in the proof.
func (t *Transport) asksForNonce(response *http.Response) bool {
	return t.client.prover != nil && response.StatusCode == http.StatusUnauthorized && oauth2.RequiresNonce(response.Header)
}

// present returns a copy of request that carries a token. It is called for each exchange.
func (t *Transport) present(request *http.Request, token *oauth2.Token) *http.Request {
	request = request.WithContext(request.Context())
	request.Header = request.Header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	t.header.set(request.Header, token)
	return request
}

// current returns the token for a request.
func (t *Transport) current(ctx context.Context) (*oauth2.Token, error) {
	t.mu.Lock()
	held, pause := t.token, t.pause
	t.mu.Unlock()
	if held == nil {
		return t.renewal.Do(ctx, "", t.renew)
	}
	now := t.source.now()
	remaining, _ := held.Remaining(now)
	switch {
	case !t.Replaceable(), t.fresh(held), remaining > 0 && now.Before(pause):
		return held, nil
	case remaining <= 0:
		return t.renewal.Do(ctx, "", t.renew)
	}
	// A token endpoint that does not respond must not use up what is left.
	waiting, cancel := context.WithTimeout(ctx, remaining/2)
	defer cancel()
	token, err := t.renewal.Do(waiting, "", t.renew)
	if err == nil || ctx.Err() != nil {
		return token, err
	}
	t.postpone(ctx, held)
	return held, nil
}

// fresh reports whether a token has the usual validity left. An unknown lifetime ends
// when an API refuses the token.
func (t *Transport) fresh(token *oauth2.Token) bool {
	return token.ExpiresAt.IsZero() || validFor(nil, entry{IssuedAt: token.RequestedAt, ExpiresAt: token.ExpiresAt}, t.source.now())
}

// renew replaces the token, unless that has just happened.
func (t *Transport) renew(ctx context.Context) (*oauth2.Token, error) {
	t.mu.Lock()
	held := t.token
	t.mu.Unlock()
	if held != nil && t.fresh(held) {
		return held, nil
	}
	token, err := t.source.obtain(ctx, t.client)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token = token
	if last := t.tokens[len(t.tokens)-1]; last.Reveal() != token.AccessToken.Reveal() {
		t.tokens = append(t.tokens, token.AccessToken)
	}
	return token, nil
}

// postpone begins a pause after a failed renewal of a token that is still valid.
func (t *Transport) postpone(ctx context.Context, held *oauth2.Token) {
	now := t.source.now()
	remaining, _ := held.Remaining(now)
	pause := max(minRenewalPause, min(retryPause, remaining/2))
	t.source.log.WarnContext(ctx, "the token was not replaced, and remains in use until it expires",
		"client_id", t.client.ClientID, "expires_at", held.ExpiresAt, "retry_in", pause)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pause = now.Add(pause)
}

// expiring reports whether an API may take a token for expired: the exp claim of a JWT is
// often in whole seconds (RFC 7519 section 2), and then ends up to a second early.
func expiring(token *oauth2.Token, now time.Time) bool {
	remaining, known := token.Remaining(now)
	return known && remaining < min(time.Second, token.ExpiresAt.Sub(token.RequestedAt)/2)
}

// refused drops a token that an API refused, and reports whether there is or can be
// another one.
func (t *Transport) refused(ctx context.Context, token *oauth2.Token) bool {
	s := t.source
	t.mu.Lock()
	replaced := t.token == nil || !sameToken(t.token, token)
	t.mu.Unlock()
	switch {
	case replaced:
		return true
	case !t.Replaceable():
		return false
	case expiring(token, s.now()): // no refusal of the client, whose pause it would begin
	case !s.replacements.allow(t.client, token, s.now()):
		return false
	}
	s.log.InfoContext(ctx, "the API refused the token, requesting a new one", "client_id", t.client.ClientID)
	httpstack.Progress(ctx, "the API responded with 401 Unauthorized; requesting a new token and retrying")
	s.drop(ctx, t.client, token)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != nil && sameToken(t.token, token) {
		t.token = nil
	}
	return true
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
	refused string // "" if it was replaced by itself
	at      time.Time
}

// allow reports whether a refused token is to be replaced, and records that it is. Its
// later callers with the same token are allowed too: the successor is there for them.
func (r *replacementLimiter) allow(client *Client, refused *oauth2.Token, now time.Time) bool {
	key, token := client.key.Name(), refused.AccessToken.Reveal()
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, ok := r.last[key]; ok && now.Sub(last.at) < replacementPause {
		return last.refused == token
	}
	r.last[key] = replacement{token, now}
	return true
}

// vain records that the server issued a refused token again.
func (r *replacementLimiter) vain(client *Client, refused *oauth2.Token) {
	key := client.key.Name()
	r.mu.Lock()
	defer r.mu.Unlock()
	if last := r.last[key]; last.refused == refused.AccessToken.Reveal() {
		r.last[key] = replacement{at: last.at}
	}
}
