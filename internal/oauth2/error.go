// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// Error codes of RFC 6749 section 5.2 and of extensions.
const (
	InvalidRequest       = "invalid_request"
	InvalidClient        = "invalid_client"
	InvalidGrant         = "invalid_grant"
	UnauthorizedClient   = "unauthorized_client"
	UnsupportedGrantType = "unsupported_grant_type"
	InvalidScope         = "invalid_scope"
	// AccessDenied and TemporarilyUnavailable are registered for the authorization
	// endpoint (RFC 6749 section 4.1.2.1), but token endpoints return them too.
	AccessDenied           = "access_denied"
	TemporarilyUnavailable = "temporarily_unavailable"
	ServerError            = "server_error"
	// InvalidTarget is RFC 8707 section 2.
	InvalidTarget = "invalid_target"
	// UseDPoPNonce and InvalidDPoPProof are RFC 9449 sections 8 and 5.
	UseDPoPNonce     = "use_dpop_nonce"
	InvalidDPoPProof = "invalid_dpop_proof"
	// InvalidToken and InsufficientScope are returned by APIs (RFC 6750 section 3.1).
	InvalidToken      = "invalid_token"
	InsufficientScope = "insufficient_scope"
)

// Error is a response without a usable token or document. Its texts come from the
// server, are redacted, and have no control characters.
type Error struct {
	// Endpoint names the endpoint and its address.
	Endpoint   string
	StatusCode int
	// Code is the error code (RFC 6749 section 5.2); empty if there is none.
	Code string
	// Description and URI are error_description and error_uri.
	Description, URI string
	// RetryAfter is how long the server asks to wait, see [httpstack.RetryAfter]; nil if
	// it does not.
	RetryAfter *time.Duration
	// Excerpt is the beginning of a body without an error code, at most 512 bytes.
	Excerpt     string
	ContentType string
	// NonJSONBody reports that the body is neither JSON nor a form. It usually comes from
	// a proxy in front of the server.
	NonJSONBody bool
	// Challenge is what WWW-Authenticate says; nil if it gives no reason.
	Challenge *Challenge
	// Reasons may explain the failure if there is no error code.
	Reasons []Reason
	// TokenPlace is the JSON Pointer of a member that resembles an access token, where the
	// response has none at its place.
	TokenPlace string
	// Assertion is the decoded assertion of the request; nil if there was none.
	Assertion *JWT
	// ClockOffset is how far the server's clock is ahead of this machine's, by the Date
	// field (RFC 9110 section 6.6.1); zero if unknown.
	ClockOffset time.Duration
	// Err is why a response with status 2xx is unusable; nil if the server reported an
	// error.
	Err error
}

// ReadError reads an error response (RFC 6749 section 5.2) of any endpoint.
func ReadError(endpoint string, response *httpstack.Response) *Error {
	return newResponseReader(endpoint, response, nil).serverError()
}

func (r *responseReader) serverError() *Error {
	failure := r.unusable(nil)
	failure.NonJSONBody = r.document == nil && len(bytes.TrimSpace(r.response.Body)) > 0
	object, _ := r.document.(map[string]any)
	uri, _ := object["error_uri"].(string)
	description, _ := r.fields.text(r.document, FieldErrorDescription)
	failure.Code = r.show(r.fields.errorCode(r.document))
	failure.Description, failure.URI = r.show(description), r.show(uri)
	others := len(object) // beside the two that are shown
	for _, name := range []string{FieldError, "error_uri"} {
		if _, ok := object[name]; ok {
			others--
		}
	}
	if failure.Code == "" || failure.Description == "" && others > 0 {
		failure.Excerpt = r.excerpt()
	}
	if failure.Code == "" {
		failure.Reasons = r.reasons()
	}
	return failure
}

// unusable is the error for a response that fails for cause. The body may hold a token
// and is not shown.
func (r *responseReader) unusable(cause error) *Error {
	failure := &Error{
		Endpoint:    r.endpoint,
		StatusCode:  r.response.StatusCode,
		RetryAfter:  httpstack.RetryAfter(r.response),
		ContentType: r.show(mediaType(r.response.Header)),
		Challenge:   r.challenge(),
		Err:         cause,
	}
	if date, err := http.ParseTime(r.response.Header.Get("Date")); err == nil && !r.response.RequestedAt.IsZero() {
		failure.ClockOffset = date.Sub(r.response.RequestedAt)
	}
	return failure
}

func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "the %s returned %s", e.Endpoint, e.Status())
	for _, part := range []string{e.Code, e.Description} {
		if part != "" {
			text.WriteString(": " + part)
		}
	}
	if e.Err != nil {
		text.WriteString(": " + e.Err.Error())
	}
	return text.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether the same request may succeed a moment later, because the
// server or a proxy is unavailable. An error code that blames the request or the client
// is final, whatever the status.
func (e *Error) Temporary() bool {
	if e.Code == TemporarilyUnavailable {
		return true
	}
	return httpstack.TransientStatus(e.StatusCode) && !blames(strings.ToLower(e.Code))
}

// RefusesClient reports whether the server may have refused the client itself, so that
// sending the same credentials again may count as another failed login. Not all servers
// use invalid_client for it (RFC 6749 section 5.2), so every refusal counts that is not
// known to be about the request.
func (e *Error) RefusesClient() bool {
	code := strings.ToLower(e.Code)
	switch {
	case e.Temporary() || e.RefusesGrant() || code == UseDPoPNonce:
		return false
	case e.StatusCode == http.StatusUnauthorized:
		return true
	case code != "" && blames(code):
		return !blamesRequest(code)
	case isSuccess(e.StatusCode):
		return e.Err == nil
	default:
		return e.StatusCode/100 == 4 && !slices.Contains(requestStatuses, e.StatusCode)
	}
}

// RequiresNonce reports whether the server asks for its nonce in the DPoP proof (RFC 9449
// section 8).
func (e *Error) RequiresNonce() bool {
	return strings.EqualFold(e.Code, UseDPoPNonce) || e.Challenge != nil && strings.EqualFold(e.Challenge.Code, UseDPoPNonce)
}

// RefusesGrant reports whether the server refused the grant: a password, a code, an
// assertion or a refresh token.
func (e *Error) RefusesGrant() bool { return strings.EqualFold(e.Code, InvalidGrant) }

// requestStatuses blame the form of a request (RFC 9110 section 15.5, RFC 6585 section
// 5) or ask for credentials of a proxy.
var requestStatuses = []int{
	http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusProxyAuthRequired, http.StatusLengthRequired,
	http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusUnsupportedMediaType,
	http.StatusExpectationFailed, http.StatusUpgradeRequired, http.StatusRequestHeaderFieldsTooLarge,
}

// blames reports whether an error code, in lower case, blames the request or the client:
// those of RFC 6749 section 5.2 and similar ones of vendors.
func blames(code string) bool {
	return blamesRequest(code) || strings.HasPrefix(code, "invalid_") || strings.HasPrefix(code, "unauthorized")
}

// blamesRequest reports whether an error code, in lower case, blames what was requested,
// so that another request of the same client may succeed.
func blamesRequest(code string) bool {
	switch code {
	case InvalidRequest, InvalidScope, InvalidTarget, InvalidDPoPProof, UseDPoPNonce, AccessDenied,
		"scope_invalid", "invalid_resource", "invalid_audience", "interaction_required", "login_required", "consent_required":
		return true
	}
	return strings.HasPrefix(code, "unsupported_")
}

// Status is the HTTP status with its text, for example "401 Unauthorized".
func (e *Error) Status() string { return httpstack.ShowStatus(e.StatusCode) }

// Reasons why a response with status 2xx is unusable.
var (
	ErrNotJSON       = errors.New("the response is not JSON")
	ErrNoAccessToken = errors.New("the response holds no access token")
	// ErrUnsafeToken reports that the token has characters that would break an HTTP header
	// field.
	ErrUnsafeToken = errors.New("the access token contains spaces, control characters or non-ASCII characters")
	// ErrNotBound reports a token that is not bound to the key in the request's proof.
	ErrNotBound = errors.New("the access token is not bound to the client's key, as tokens of type DPoP are (RFC 9449 section 5)")
	// ErrGivenTwice reports two members of one name with different values, on the way to
	// the access token or to a member that is mapped.
	ErrGivenTwice = errors.New("the response has two different values under one name")
)

// withoutURL removes the URL, which may hold secrets, from an error of net/url.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
