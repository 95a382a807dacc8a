// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// What is asked again after a failure, and when. How often and for how long is the
// business of [httpstack.Retry].

// RetriedError is the failure of a request that was tried several times, that the
// server wants to hear again later, or that may do harm when it is repeated.
type RetriedError struct {
	httpstack.Attempts

	// Err is the error of the last attempt.
	Err error
}

// Error implements error.
func (e *RetriedError) Error() string { return fmt.Sprintf("%v (%s)", e.Err, e.Attempts) }

// Unwrap returns the error of the last attempt.
func (e *RetriedError) Unwrap() error { return e.Err }

// retried adds to an error what was tried, if there is something to tell.
func retried(err error, attempts httpstack.Attempts) error {
	if err == nil || attempts.String() == "" {
		return err
	}
	return &RetriedError{attempts, err}
}

// repetition says what a second request does where the first may have arrived.
type repetition int

const (
	// harmless: it asks once more.
	harmless repetition = iota
	// harmlessIfRefused: the first may have used something up, unless the server
	// said that it was too busy to look at it.
	harmlessIfRefused
	// harmful: the first may have used something up, whatever came back.
	harmful
)

// afterArrival tells whether a request may be sent again after an answer, which may
// have a hint at when. Without one a 503 may come from a proxy whose server broke
// off in the middle.
func (r repetition) afterArrival(status int, hint bool) bool {
	switch r {
	case harmless:
		return true
	case harmlessIfRefused: // 425 likewise says that the request was not processed (RFC 8470 section 5.2)
		return status == http.StatusTooManyRequests || status == http.StatusTooEarly ||
			status == http.StatusServiceUnavailable && hint
	default:
		return false
	}
}

// decide says whether to retry after an error.
func (r repetition) decide(err error) httpstack.Decision {
	if _, ok := errors.AsType[*clientauth.FieldError](err); ok {
		return httpstack.Decision{} // an assertion, whose request has had its own attempts
	}
	if failure, ok := errors.AsType[*httpstack.Error](err); ok && failure.Transient() {
		again := r == harmless || !failure.Sent
		return httpstack.Decision{Retry: again, Unsafe: !again, Reason: failure.Error()}
	}
	if response, ok := errors.AsType[*oauth2.Error](err); ok && response.Temporary() {
		return r.transient(response.StatusCode, response.RetryAfter, response.Endpoint)
	}
	return httpstack.Decision{}
}

// transient is the decision after a response that may be another one the next time.
func (r repetition) transient(status int, after *time.Duration, endpoint string) httpstack.Decision {
	again := r.afterArrival(status, after != nil)
	return httpstack.Decision{
		Retry:  again,
		Unsafe: !again,
		After:  after,
		Reason: strings.TrimSpace(fmt.Sprintf("the %s responded with %d %s", endpoint, status, http.StatusText(status))),
	}
}

// decideCall says whether to retry a request to an API.
func decideCall(request httpstack.Request, response *httpstack.Response, err error) httpstack.Decision {
	r := repetitionOf(request.Method)
	if err != nil {
		return r.decide(err)
	}
	status := response.StatusCode
	if !httpstack.TransientStatus(status) || slices.Contains(request.Expected, status) {
		return httpstack.Decision{}
	}
	return r.transient(status, httpstack.RetryAfter(response), request.Endpoint)
}

// repetitionOf tells requests of other than the token endpoint apart.
func repetitionOf(method string) repetition {
	if httpstack.Idempotent(method) {
		return harmless
	}
	return harmlessIfRefused
}

// repetition tells whether the client's token request presents something that is
// good for one use: a code, a refresh token, or what may be in a body of the
// user's own.
func (c Client) repetition() repetition {
	grant := c.Request.GrantType
	if replaced, ok := c.Request.Parameters["grant_type"]; ok {
		grant = replaced.Reveal()
	}
	codes := []string{"authorization_code", "device_code", "urn:ietf:params:oauth:grant-type:device_code"}
	if !c.Request.Body.IsZero() || slices.Contains(codes, grant) || c.presents("code", "device_code") {
		return harmful
	}
	if grant == "refresh_token" || c.presents("refresh_token") {
		return harmlessIfRefused
	}
	return harmless
}

// presents tells whether one of the parameters is sent.
func (c Client) presents(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return !c.Request.Parameters[name].IsZero() })
}

// retry makes attempts for as long as decide says so.
func retry[T any](ctx context.Context, s *Source, decide func(error) httpstack.Decision, attempt func() (T, error)) (T, error) {
	result, attempts, err := httpstack.Retry(ctx, s.retries, func() (T, httpstack.Decision, error) {
		result, err := attempt()
		return result, decide(err), err
	})
	return result, retried(err, attempts)
}

func (s *Source) requestToken(ctx context.Context, asking oauth2.Client, client Client) (*oauth2.Token, error) {
	return retry(ctx, s, client.repetition().decide, func() (*oauth2.Token, error) {
		return asking.Token(ctx, client.Request)
	})
}

func (s *Source) refreshToken(ctx context.Context, asking oauth2.Client, client Client, previous *oauth2.Token) (*oauth2.Token, error) {
	return retry(ctx, s, harmlessIfRefused.decide, func() (*oauth2.Token, error) {
		return asking.Refresh(ctx, client.Request, previous)
	})
}

func (s *Source) discover(ctx context.Context, issuer string) (*oauth2.Metadata, error) {
	return retry(ctx, s, harmless.decide, func() (*oauth2.Metadata, error) {
		return oauth2.Discover(ctx, s.http, issuer)
	})
}

// fetchDocument asks the platform for an assertion.
func (s *Source) fetchDocument(ctx context.Context, request oauth2.DocumentRequest) ([]byte, error) {
	return retry(ctx, s, repetitionOf(request.Method).decide, func() ([]byte, error) {
		return oauth2.FetchDocument(ctx, s.http, request)
	})
}

func (s *Source) revoke(ctx context.Context, asking oauth2.Client, client Client, token secret.String, hint string) error {
	_, err := retry(ctx, s, harmless.decide, func() (struct{}, error) {
		return struct{}{}, asking.Revoke(ctx, client.revocationEndpoint, client.Request, token, hint)
	})
	return err
}
