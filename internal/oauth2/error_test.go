// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

func TestErrorOfTheRFC(t *testing.T) {
	t.Parallel()
	// RFC 6749 section 5.2, with its two optional members.
	failure := responding(http.StatusBadRequest, `{
	  "error":"invalid_request",
	  "error_description":"grant_type is missing",
	  "error_uri":"https://server.example.com/errors/1"
	}`).refused(t, oauth2.TokenRequest{})
	if failure.Code != oauth2.InvalidRequest || failure.Description != "grant_type is missing" ||
		failure.URI != "https://server.example.com/errors/1" || failure.Excerpt != "" || failure.Err != nil {
		t.Errorf("got %+v", failure)
	}
	const want = "the token endpoint https://server.example.com/token returned 400 Bad Request: invalid_request: grant_type is missing"
	if failure.Error() != want {
		t.Errorf("got  %s\nwant %s", failure, want)
	}
}

// TestErrorsInEveryDialect reads the errors that servers send.
func TestErrorsInEveryDialect(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status      int
		body        string
		code        string
		description string
		excerpt     string // a part of it; empty: there is none
	}{
		"200, GitHub": {
			200, `{"error":"bad_verification_code","error_description":"The code is incorrect or expired."}`,
			"bad_verification_code", "The code is incorrect or expired.", "",
		},
		"200 beside a token": {200, `{"error":"invalid_client","error_description":"x","access_token":"t0k3n"}`, "invalid_client", "x", ""},
		"201":                {201, `{"error":"invalid_scope","error_description":"x"}`, "invalid_scope", "x", ""},
		"number, Reddit":     {401, `{"message":"Unauthorized","error":401}`, "401", "", `"message":"Unauthorized"`},
		"number in 200":      {200, `{"error":7}`, "7", "", ""},
		"true in 200":        {200, `{"error":true,"message":"no"}`, "", "", `"message":"no"`},
		"object in 200":      {200, `{"error":{"code":"E1","text":"no"}}`, "", "", `"code":"E1"`},
		"list in 200":        {200, `{"error":["no"]}`, "", "", `["no"]`},
		"object":             {400, `{"error":{"code":"E1","text":"no"}}`, "", "", `"text":"no"`},
		"null":               {400, `{"error":null,"reason":"no"}`, "", "", `"reason":"no"`},
		"false":              {400, `{"error":false,"reason":"no"}`, "", "", `"reason":"no"`},
		"description alone":  {400, `{"error_description":"no"}`, "", "no", "no"},
		"code alone":         {400, `{"error":"invalid_scope"}`, "invalid_scope", "", ""},
		"description no string": {
			400, `{"error":"invalid_scope","error_description":["a","b"]}`, "invalid_scope", "", `["a","b"]`,
		},
		"Twitch":         {403, `{"status":403,"message":"invalid client secret"}`, "", "", `"message":"invalid client secret"`},
		"UPS":            {401, `{"response":{"errors":[{"code":"10401","message":"no"}]}}`, "", "", `"code":"10401"`},
		"FedEx":          {401, `{"errors":[{"code":"NOT.AUTHORIZED.ERROR","message":"no"}]}`, "", "", "NOT.AUTHORIZED.ERROR"},
		"list":           {400, `[{"message":"no"}]`, "", "", `"message":"no"`},
		"string":         {400, `"no"`, "", "", "no"},
		"text":           {400, "no such client", "", "", "no such client"},
		"truncated":      {400, `{"error":"invalid_cl`, "", "", "invalid_cl"},
		"empty":          {401, "", "", "", ""},
		"white space":    {401, " \r\n ", "", "", ""},
		"title":          {502, "<!DOCTYPE html>\n<HTML><head><Title lang=en> 502 Bad\nGateway </title></head><body>nginx</body>", "", "", "502 Bad Gateway"},
		"title, escaped": {502, "<html><title>A &amp; B</title></html>", "", "", "A & B"},
		"page":           {503, "<html><head><style>p{}</style></head><script>x()</script><body><h1>Be</h1>\n<p>back&nbsp;soon</p>", "", "", "Be back soon"},
		"page after BOM": {502, "\uFEFF<html><title>Bad Gateway</title></html>", "", "", "Bad Gateway"},
		"redirect":       {302, "", "", "", ""},
		"1xx":            {199, "", "", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := responding(test.status, test.body).refused(t, oauth2.TokenRequest{})
			if failure.StatusCode != test.status || failure.Code != test.code || failure.Description != test.description {
				t.Errorf("got %d %q %q", failure.StatusCode, failure.Code, failure.Description)
			}
			if !strings.Contains(failure.Excerpt, test.excerpt) || (test.excerpt == "") != (failure.Excerpt == "") {
				t.Errorf("excerpt %q, want %q in it", failure.Excerpt, test.excerpt)
			}
			if strings.ContainsAny(failure.Excerpt, "<>") {
				t.Errorf("mark-up in the excerpt %q", failure.Excerpt)
			}
			if strings.Contains(failure.Excerpt+failure.Error(), "t0k3n") {
				t.Errorf("shows a token: %+v", failure)
			}
		})
	}
}

func TestErrorFormEncoded(t *testing.T) {
	t.Parallel()
	server := responding(http.StatusBadRequest, "error=invalid_scope&error_description=not+for+you")
	server.response.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	failure := server.refused(t, oauth2.TokenRequest{})
	if failure.Code != oauth2.InvalidScope || failure.Description != "not for you" {
		t.Errorf("got %+v", failure)
	}
}

func TestErrorFields(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status            int
		fields            map[string]string
		body              string
		code, description string
	}{
		"Lark": {
			200, map[string]string{"error": "/code", "error_description": "/msg"},
			`{"code":10014,"msg":"app secret invalid"}`, "10014", "app secret invalid",
		},
		"OneLogin v1": {
			401, map[string]string{"error": "/status/type", "error_description": "/status/message"},
			`{"status":{"error":true,"code":401,"type":"Unauthorized","message":"Authentication Failure"}}`, "Unauthorized", "Authentication Failure",
		},
		"FedEx": {
			401, map[string]string{"error": "/errors/0/code", "error_description": "/errors/0/message"},
			`{"errors":[{"code":"NOT.AUTHORIZED.ERROR","message":"no"}]}`, "NOT.AUTHORIZED.ERROR", "no",
		},
		"WeChat": {
			200, map[string]string{"error": "/errcode", "error_description": "/errmsg"},
			`{"errcode":40013,"errmsg":"invalid appid"}`, "40013", "invalid appid",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := responding(test.status, test.body).refused(t, oauth2.TokenRequest{Fields: fields(test.fields)})
			if failure.Code != test.code || failure.Description != test.description {
				t.Errorf("got %q, %q", failure.Code, failure.Description)
			}
		})
	}
}

// TestRetryAfter: what httpstack.RetryAfter reads is in the error, and nothing is
// not zero.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	server := responding(http.StatusTooManyRequests, "")
	if got := server.refused(t, oauth2.TokenRequest{}).RetryAfter; got != nil {
		t.Errorf("got %s without a header", *got)
	}
	for header, want := range map[string]time.Duration{"120": 2 * time.Minute, "0": 0, "Tue, 22 Mar 2011 17:44:30 GMT": 90 * time.Second} {
		server.response.Header.Set("Retry-After", header)
		if got := server.refused(t, oauth2.TokenRequest{}).RetryAfter; got == nil || *got != want {
			t.Errorf("%s: got %v, want %s", header, got, want)
		}
	}
}

// TestWhatIsRefused tells responses that may be another a moment later (RFC 9110
// section 15) from those that refuse the client, what it presented, or the request.
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	code := func(code string) string { return `{"error":"` + code + `"}` }
	const (
		page                                = "<html><title>blocked</title></html>"
		temporary, ofClient, grant, request = "temporary", "client", "grant", "request"
	)
	tests := map[string]struct {
		status int
		body   string
		want   string
	}{
		"408":                            {408, "", temporary},
		"425":                            {425, "", temporary},
		"429":                            {429, "", temporary},
		"429, limit":                     {429, code("too_many_requests"), temporary},
		"429, page":                      {429, page, temporary},
		"500":                            {500, "", temporary},
		"500, server_error":              {500, code("server_error"), temporary},
		"500, Spring":                    {500, code("Internal Server Error"), temporary},
		"502, page":                      {502, page, temporary},
		"503, JSON":                      {503, "{}", temporary},
		"504":                            {504, "", temporary},
		"temporarily_unavailable in 400": {400, code("temporarily_unavailable"), temporary},
		"temporarily_unavailable in 200": {200, code("temporarily_unavailable"), temporary},

		"401":                        {401, "", ofClient},
		"401, page":                  {401, page, ofClient},
		"401, Keycloak":              {401, code("unauthorized_client"), ofClient},
		"401, Auth0":                 {401, code("access_denied"), ofClient},
		"400, Cognito":               {400, code("invalid_client"), ofClient},
		"400, Entra ID":              {400, code("unauthorized_client"), ofClient},
		"400, Zoho's capitals":       {400, code("INVALID_CLIENT"), ofClient},
		"200, Slack":                 {200, code("invalid_client_id"), ofClient},
		"200, GitHub":                {200, code("incorrect_client_credentials"), ofClient},
		"server_error in 400":        {400, code("server_error"), ofClient},
		"invalid_client in 500":      {500, code("invalid_client"), ofClient},
		"invalid_client in 429":      {429, code("invalid_client"), ofClient},
		"INVALID_CLIENT in 500":      {500, code("INVALID_CLIENT"), ofClient},
		"unauthorized_client in 500": {500, code("unauthorized_client"), ofClient},
		"another code":               {400, code("hiccup"), ofClient},
		"400, page":                  {400, page, ofClient},
		"400, XML":                   {400, "<error><code>17</code></error>", ofClient},
		"400, empty":                 {400, "", ofClient},
		"403, page":                  {403, page, ofClient},
		"403, glewlwyd":              {403, "", ofClient},
		"403, Twitch":                {403, `{"message":"invalid client secret"}`, ofClient},
		"404, page":                  {404, page, ofClient},
		"410":                        {410, "", ofClient},
		"422, JSON":                  {422, `[]`, ofClient},

		"invalid_grant":               {400, code("invalid_grant"), grant},
		"invalid_grant in 401":        {401, code("invalid_grant"), grant}, // Keycloak, for a user's password
		"invalid_grant in 503":        {503, code("invalid_grant"), grant},
		"invalid_request":             {400, code("invalid_request"), request},
		"invalid_request in 500":      {500, code("invalid_request"), request},
		"invalid_scope":               {400, code("invalid_scope"), request},
		"invalid_scope in 500":        {500, code("invalid_scope"), request},
		"scope_invalid, glewlwyd":     {400, code("scope_invalid"), request},
		"invalid_target":              {400, code("invalid_target"), request},
		"unsupported_grant_type":      {400, code("unsupported_grant_type"), request},
		"unsupported_grant_type, 503": {503, code("unsupported_grant_type"), request},
		"access_denied, audience":     {403, code("access_denied"), request},
		"access_denied in 503":        {503, code("access_denied"), request},
		"use_dpop_nonce":              {400, code("use_dpop_nonce"), request},
		"use_dpop_nonce in 401":       {401, code("use_dpop_nonce"), request},
		"405, page":                   {405, page, request},
		"407, page":                   {407, page, request},
		"411":                         {411, "", request},
		"413":                         {413, "", request},
		"414":                         {414, "", request},
		"415, page":                   {415, page, request},
		"431":                         {431, "", request},
		"501":                         {501, "", request},
		"505":                         {505, "", request},
		"redirect without an address": {302, "", request},
		"200 without a token":         {200, "{}", request},
		"200, page":                   {200, page, request},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused := responding(test.status, test.body).refused(t, oauth2.TokenRequest{})
			got := request
			for kind, holds := range map[string]bool{
				temporary: refused.Temporary(), ofClient: refused.RefusesClient(), grant: refused.RefusesGrant(),
			} {
				if holds && got != request {
					t.Errorf("both %s and %s", got, kind)
				}
				if holds {
					got = kind
				}
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestServerCannotSteerTheTerminal: whatever a server says is one line of
// printable text, and short.
func TestServerCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	hostile := map[string]string{
		"escape sequences":  `\u001b[2J\u001b]0;title\u0007\u001b[31mred`,
		"C1 controls":       `\u009b31mred\u0085next`,
		"lines":             `one\r\ntwo\u2028three\u2029four\u000bfive`,
		"bidirectional":     `abc\u202edef\u2066ghi`,
		"invisible":         `a\u200bb\ufeffc\u00add`,
		"NUL and DEL":       `a\u0000b\u007f\bc`,
		"lone surrogate":    `\ud800x`,
		"long":              strings.Repeat("x", 10_000),
		"long, three bytes": strings.Repeat("€", 10_000),
		"long, one off":     "x" + strings.Repeat("€", 10_000),
		"long blank":        strings.Repeat(" ", 10_000) + "end",
	}
	for name, text := range hostile {
		for where, body := range map[string]string{
			"code":        `{"error":"` + text + `","error_description":"d"}`,
			"description": `{"error":"e","error_description":"` + text + `"}`,
			"uri":         `{"error":"e","error_description":"d","error_uri":"` + text + `"}`,
			"excerpt":     `{"message":"` + text + `"}`,
			"member name": `{"` + text + `":1}`,
			"in text":     text,
		} {
			t.Run(name+" as "+where, func(t *testing.T) {
				t.Parallel()
				failure := responding(http.StatusBadRequest, body).refused(t, oauth2.TokenRequest{})
				checkShown(t, failure)
			})
		}
	}
	t.Run("raw bytes", func(t *testing.T) {
		t.Parallel()
		body := "\x1b[2J\x9b31m\xff\xfe\x00\r\n\u202e" + strings.Repeat("\xe2\x82", 2000)
		checkShown(t, responding(http.StatusBadRequest, body).refused(t, oauth2.TokenRequest{}))
	})
}

// checkShown checks the texts of an error that come from a server.
func checkShown(t *testing.T, failure *oauth2.Error) {
	t.Helper()
	for name, text := range map[string]string{
		"code": failure.Code, "description": failure.Description, "uri": failure.URI, "excerpt": failure.Excerpt,
	} {
		if len(text) > 512 {
			t.Errorf("%s is %d bytes long", name, len(text))
		}
		if !utf8.ValidString(text) {
			t.Errorf("%s is not UTF-8: %q", name, text)
		}
		if bad := strings.IndexFunc(text, func(char rune) bool { return !unicode.IsPrint(char) }); bad >= 0 {
			t.Errorf("%s holds %q", name, text[bad:min(len(text), bad+8)])
		}
	}
}
