// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// Which failed requests are retried. How often, and for how long, is up to
// [httpstack.Retry].

// RetriedError is the failure of a request of which more is known than its last
// error, see [httpstack.Attempts].
type RetriedError struct {
	httpstack.Attempts

	Err error
}

func (e *RetriedError) Error() string { return fmt.Sprintf("%v (%s)", e.Err, e.Attempts) }
func (e *RetriedError) Unwrap() error { return e.Err }

// retry makes attempts for as long as decide says so.
func retry[T any](ctx context.Context, s *Source, decide func(error) httpstack.Decision, attempt func() (T, error)) (T, error) {
	result, attempts, err := httpstack.Retry(ctx, s.retries, func() (T, httpstack.Decision, error) {
		result, err := attempt()
		return result, decide(err), err
	})
	return result, retriedError(err, attempts)
}

// retriedError adds to an error what is known of the attempts, if anything.
func retriedError(err error, attempts httpstack.Attempts) error {
	if err == nil || attempts.String() == "" {
		return err
	}
	return &RetriedError{attempts, err}
}

// repeatable says when a request may be sent again although the server may have
// received it.
type repeatable int

const (
	// always: the request has no effect that a second one would change.
	always repeatable = iota
	// ifUnprocessed: only if the server says that it has not processed the request.
	ifUnprocessed
	// never: the request may have used something up, whatever the response.
	never
)

func (r repeatable) decide(err error) httpstack.Decision {
	_, assertion := errors.AsType[*clientauth.AssertionError](err)
	if _, token := errors.AsType[*FetchError](err); token || assertion {
		return httpstack.Decision{} // requests for these have been retried
	}
	if failure, ok := errors.AsType[*httpstack.Error](err); ok && failure.Transient() {
		retry := r == always || !failure.Sent
		return httpstack.Decision{Retry: retry, Unsafe: !retry, Reason: failure.Error()}
	}
	if response, ok := errors.AsType[*oauth2.Error](err); ok && response.Temporary() {
		return r.decideStatus(response.StatusCode, response.RetryAfter, response.Endpoint)
	}
	return httpstack.Decision{}
}

// decideStatus says whether to retry after a response with a transient status. A 425
// was not processed (RFC 8470 section 5.2), and neither was a 429 or a 503 that says
// when to retry. Any other 503 may come from a proxy whose server failed on the way.
func (r repeatable) decideStatus(status int, after *time.Duration, endpoint string) httpstack.Decision {
	unprocessed := status == http.StatusTooManyRequests || status == http.StatusTooEarly ||
		status == http.StatusServiceUnavailable && after != nil
	retry := r == always || r == ifUnprocessed && unprocessed
	reason := fmt.Sprintf("the %s responded with %s", endpoint, httpstack.ShowStatus(status))
	return httpstack.Decision{Retry: retry, Unsafe: !retry, After: after, Reason: reason}
}

// repeatableMethod is for requests to other than the token endpoint.
func repeatableMethod(method string) repeatable {
	if httpstack.Idempotent(method) {
		return always
	}
	return ifUnprocessed
}

// repeatable says whether the client's token request presents something that is good
// for one use: a code, a refresh token, or anything in a body of the user's own.
func (c *Client) repeatable() repeatable {
	grant := c.Request.GrantType
	if replaced, ok := c.Request.Parameters["grant_type"]; ok {
		grant = replaced.Reveal()
	}
	presents := func(name string) bool { return !c.Request.Parameters[name].IsZero() }
	codeGrants := []string{"authorization_code", "device_code", "urn:ietf:params:oauth:grant-type:device_code"}
	switch {
	case !c.Request.Body.IsZero(), slices.Contains(codeGrants, grant), presents("code"), presents("device_code"):
		return never
	case grant == "refresh_token", presents("refresh_token"):
		return ifUnprocessed
	default:
		return always
	}
}
