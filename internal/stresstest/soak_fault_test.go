// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// outcome is what a response means to the client.
type outcome string

const (
	granted   outcome = "granted"   // a token
	transient outcome = "transient" // retried
	refused   outcome = "refused"   // must not be retried
)

// fault is one response to a token request.
type fault struct {
	name    string
	outcome outcome
	// delay precedes the response.
	delay time.Duration
	// response is nil if the server responds as it does without faults.
	response http.Handler
}

func (f fault) String() string { return f.name }

// attemptTimeout is the provider's timeout. Responses that must arrive in time are
// far below it, as machines that run tests may be busy.
const attemptTimeout = 3 * time.Second

// faults are all responses of the server, by outcome. Some echo the client's secret,
// which must then not appear in a log or an error.
func faults(secret string) map[outcome][]fault {
	page := http.Header{"Content-Type": {"text/html"}}
	echo, _ := json.Marshal(map[string]string{"access_token": secret}) // strings always marshal
	body := string(echo)
	return map[outcome][]fault{
		granted: {
			{name: "at once"},
			{name: "late", delay: attemptTimeout / 10},
		},
		transient: {
			{name: "connection dropped", response: authserver.Drop()},
			{name: "response truncated", response: authserver.Truncated(body)},
			{name: "no response", response: authserver.Hang()},
			{name: "response too slow", response: authserver.Drip(attemptTimeout/10, body)},
			{name: "408", response: authserver.Respond(408, nil, "")},
			{name: "429, at once", response: authserver.Respond(429, http.Header{"Retry-After": {"0"}}, "")},
			{name: "500", response: authserver.Respond(500, page, "<p>"+secret)},
			{name: "502", response: authserver.Respond(502, page, "<p>bad gateway")},
			{name: "503, at once", response: authserver.Respond(503, http.Header{"Retry-After": {"0"}}, secret)},
			{name: "504", response: authserver.Respond(504, nil, "")},
			{name: "temporarily_unavailable", response: authserver.OAuthError(400, "temporarily_unavailable", "later")},
		},
		refused: {
			{name: "invalid_client", response: authserver.OAuthError(401, "invalid_client", "not "+secret)},
			{name: "invalid_grant", response: authserver.OAuthError(400, "invalid_grant", secret)},
			{name: "invalid_scope", response: authserver.OAuthError(400, "invalid_scope", "")},
			{name: "invalid_client with 500", response: authserver.OAuthError(500, "invalid_client", "")},
			{name: "error with 200", response: authserver.OAuthError(200, "invalid_request", secret)},
			{name: "429, in an hour", response: authserver.Respond(429, http.Header{"Retry-After": {"3600"}}, "")},
			{name: "403 of a proxy", response: authserver.Respond(403, page, "<html><p>blocked: "+secret)},
			{name: "501", response: authserver.Respond(501, nil, secret)},
			{name: "no token", response: authserver.Respond(200, nil, `{"token_type":"Bearer"}`)},
			{name: "no JSON", response: authserver.Respond(200, page, "<html>sign in as "+secret)},
			{name: "no gzip", response: authserver.Respond(200, http.Header{"Content-Encoding": {"gzip"}}, body)},
			{name: "no HTTP", response: authserver.Raw(secret + "\r\n\r\n")},
			{name: "endless", response: authserver.Endless()},
			{name: "redirect", response: authserver.Redirect(302, "/elsewhere")},
		},
	}
}
