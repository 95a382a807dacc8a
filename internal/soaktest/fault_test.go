// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package soaktest

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// outcome is what an answer means to whoever asked for a token.
type outcome string

const (
	granted outcome = "granted" // there is a token
	passing outcome = "passing" // another attempt may succeed
	refused outcome = "refused" // there must not be another attempt
)

// fault is one way to answer a request for a token.
type fault struct {
	name    string
	outcome outcome
	// delay goes before the answer.
	delay time.Duration
	// answer is nil where the server is to answer as it does without faults.
	answer http.Handler
}

func (f fault) String() string { return f.name }

// attemptTimeout is the provider's timeout. Answers meant to arrive in time are
// far from it, as machines that run tests may be busy.
const attemptTimeout = 3 * time.Second

// faults are all that the server does, by what they mean. Some repeat the client's
// secret, as servers may, for it to end in a log or an error.
func faults(secret string) map[outcome][]fault {
	page := http.Header{"Content-Type": {"text/html"}}
	told, _ := json.Marshal(map[string]string{"access_token": secret}) // text is always JSON
	body := string(told)
	return map[outcome][]fault{
		granted: {
			{name: "at once"},
			{name: "late", delay: attemptTimeout / 10},
		},
		passing: {
			{name: "connection dropped", answer: authserver.Drop()},
			{name: "answer truncated", answer: authserver.Truncated(body)},
			{name: "no answer", answer: authserver.Hang()},
			{name: "answer too slow", answer: authserver.Drip(attemptTimeout/10, body)},
			{name: "408", answer: authserver.Answer(408, nil, "")},
			{name: "429, at once", answer: authserver.Answer(429, http.Header{"Retry-After": {"0"}}, "")},
			{name: "500", answer: authserver.Answer(500, page, "<p>"+secret)},
			{name: "502", answer: authserver.Answer(502, page, "<p>bad gateway")},
			{name: "503, at once", answer: authserver.Answer(503, http.Header{"Retry-After": {"0"}}, secret)},
			{name: "504", answer: authserver.Answer(504, nil, "")},
			{name: "403 of a proxy", answer: authserver.Answer(403, page, "<html><p>blocked: "+secret)},
			{name: "temporarily_unavailable", answer: authserver.OAuthError(400, "temporarily_unavailable", "later")},
		},
		refused: {
			{name: "invalid_client", answer: authserver.OAuthError(401, "invalid_client", "not "+secret)},
			{name: "invalid_grant", answer: authserver.OAuthError(400, "invalid_grant", secret)},
			{name: "invalid_scope", answer: authserver.OAuthError(400, "invalid_scope", "")},
			{name: "invalid_client with 500", answer: authserver.OAuthError(500, "invalid_client", "")},
			{name: "error with 200", answer: authserver.OAuthError(200, "invalid_request", secret)},
			{name: "429, in an hour", answer: authserver.Answer(429, http.Header{"Retry-After": {"3600"}}, "")},
			{name: "501", answer: authserver.Answer(501, nil, secret)},
			{name: "no token", answer: authserver.Answer(200, nil, `{"token_type":"Bearer"}`)},
			{name: "no JSON", answer: authserver.Answer(200, page, "<html>sign in as "+secret)},
			{name: "no gzip", answer: authserver.Answer(200, http.Header{"Content-Encoding": {"gzip"}}, body)},
			{name: "no HTTP", answer: authserver.Raw(secret + "\r\n\r\n")},
			{name: "endless", answer: authserver.Endless()},
			{name: "redirect", answer: authserver.Redirect(302, "/elsewhere")},
		},
	}
}
