// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// Error codes of RFC 6749 section 5.2 and of the extensions that a client has to
// tell apart.
const (
	InvalidRequest       = "invalid_request"
	InvalidClient        = "invalid_client"
	InvalidGrant         = "invalid_grant"
	UnauthorizedClient   = "unauthorized_client"
	UnsupportedGrantType = "unsupported_grant_type"
	InvalidScope         = "invalid_scope"
	// AccessDenied and TemporarilyUnavailable are registered for the authorization
	// endpoint (RFC 6749 section 4.1.2.1) and sent by token endpoints all the same.
	AccessDenied           = "access_denied"
	TemporarilyUnavailable = "temporarily_unavailable"
	ServerError            = "server_error"
	// InvalidTarget is RFC 8707 section 2.
	InvalidTarget = "invalid_target"
	// UseDPoPNonce and InvalidDPoPProof are RFC 9449 sections 8 and 5.
	UseDPoPNonce     = "use_dpop_nonce"
	InvalidDPoPProof = "invalid_dpop_proof"
	// InvalidToken and InsufficientScope are RFC 6750 section 3.1, of an API.
	InvalidToken      = "invalid_token"
	InsufficientScope = "insufficient_scope"
)

// Error is an answer that holds no usable token or document. All its texts come
// from the server, are redacted of everything secret that was sent, and hold no
// control characters.
type Error struct {
	// Endpoint says which endpoint answered, with its address.
	Endpoint string
	// StatusCode is the HTTP status.
	StatusCode int
	// Code is the error code of RFC 6749 section 5.2; empty where there is none.
	Code string
	// Description and URI are error_description and error_uri.
	Description, URI string
	// RetryAfter is how long the server asked to wait, see [httpstack.RetryAfter];
	// nil where it did not.
	RetryAfter *time.Duration
	// Excerpt shows the beginning of an answer that names no error code, at most
	// 512 bytes.
	Excerpt string
	// ContentType is the answer's media type without its parameters.
	ContentType string
	// NonJSONBody reports that the body is neither JSON nor a form: it is mostly not the server
	// that speaks then, but a proxy before it.
	NonJSONBody bool
	// Challenge is what WWW-Authenticate says; nil if it gives no reason.
	Challenge *Challenge
	// Reasons are members that may say why there is no token, if none is called error.
	Reasons []Reason
	// Assertion is the one in the request, decoded; nil if there was none.
	Assertion *JWT
	// ClockOffset is how far the server's clock, by the Date field (RFC 9110 section
	// 6.6.1), is ahead of this machine's; zero if it is unknown.
	ClockOffset time.Duration
	// Err says what makes an answer with a status of success unusable; nil where
	// the server reported the error.
	Err error
}

// Error implements error.
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

// Unwrap returns what makes the answer unusable.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether the same request may get another response a moment
// later: the server, or one before it, is unavailable now. An error code that blames
// the request or the client is final, whatever the status.
func (e *Error) Temporary() bool {
	if e.Code == TemporarilyUnavailable {
		return true
	}
	return httpstack.TransientStatus(e.StatusCode) && !blames(strings.ToLower(e.Code))
}

// RefusesClient reports whether the server may have refused the client itself, so
// that the same credentials sent again may be another failed login. RFC 6749 section
// 5.2 has invalid_client for it, and servers have other codes, other statuses, pages
// and empty bodies: so every refusal counts that is not known to be about the request.
func (e *Error) RefusesClient() bool {
	code := strings.ToLower(e.Code)
	switch {
	case e.Temporary() || e.RefusesGrant() || code == UseDPoPNonce:
		return false
	case e.StatusCode == http.StatusUnauthorized:
		return true
	case code != "" && blames(code):
		return !blamesRequest(code)
	case success(e.StatusCode):
		return e.Err == nil
	default:
		return e.StatusCode/100 == 4 && !slices.Contains(requestStatuses, e.StatusCode)
	}
}

// RefusesGrant reports whether the server refused what was presented beside the
// client: a password, a code, an assertion or a refresh token.
func (e *Error) RefusesGrant() bool { return strings.EqualFold(e.Code, InvalidGrant) }

// requestStatuses are those that blame the form of a request (RFC 9110 section 15.5,
// RFC 6585 section 5) or ask for credentials of a proxy.
var requestStatuses = []int{
	http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusProxyAuthRequired, http.StatusLengthRequired,
	http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusUnsupportedMediaType,
	http.StatusExpectationFailed, http.StatusUpgradeRequired, http.StatusRequestHeaderFieldsTooLarge,
}

// blames reports whether an error code, in lower case, is about the request or the
// client: those of RFC 6749 section 5.2 and what others have made like them.
func blames(code string) bool {
	return blamesRequest(code) || strings.HasPrefix(code, "invalid_") || strings.HasPrefix(code, "unauthorized")
}

// blamesRequest reports whether an error code, in lower case, is about what was
// requested, so that another request of the same client may succeed.
func blamesRequest(code string) bool {
	switch code {
	case InvalidRequest, InvalidScope, InvalidTarget, InvalidDPoPProof, UseDPoPNonce, AccessDenied,
		"scope_invalid", "invalid_resource", "invalid_audience", "interaction_required", "login_required", "consent_required":
		return true
	}
	return strings.HasPrefix(code, "unsupported_")
}

// Status is the HTTP status with its text, for example "401 Unauthorized".
func (e *Error) Status() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode)))
}

// Causes that make an answer with a status of success unusable.
var (
	// ErrNotJSON tells that the answer is neither JSON nor form-encoded.
	ErrNotJSON = errors.New("the response is not JSON")
	// ErrNoAccessToken tells that the answer has no access token where it is looked for.
	ErrNoAccessToken = errors.New("the response holds no access token")
	// ErrUnsafeToken tells that the token has characters which would break an HTTP
	// header field.
	ErrUnsafeToken = errors.New("the access token contains spaces, control characters or non-ASCII characters")
	// ErrTwoTokens tells that the answer has two different access tokens by the same
	// name.
	ErrTwoTokens = errors.New("the response holds two different access tokens under one name")
)

// withoutURL strips the URL, which may hold secrets, off the errors of net/url.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
