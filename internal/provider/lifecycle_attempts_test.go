// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// attempts is how many token requests a server gets that always fails in one way:
// for one block, for five equal ones, and for five of one client that differ in
// their scopes.
type attempts struct{ one, equal, scoped int }

// What a response means for the next request.
var (
	// refusedClient may be about the client, whose credentials are not sent again.
	refusedClient = attempts{1, 1, 1}
	// refusedRequest is about the request: another block may be luckier.
	refusedRequest = attempts{1, 5, 5}
	// busy may be over a moment later.
	busy = attempts{4, 20, 20}
)

// TestAttemptsByStatus counts token requests by the status and the format of a
// response that names no OAuth error.
func TestAttemptsByStatus(t *testing.T) {
	t.Parallel()
	statuses := map[int]attempts{
		400: refusedClient, 403: refusedClient, 404: refusedClient, 422: refusedClient,
		415: refusedRequest, 501: refusedRequest,
		425: busy, 429: busy, 500: busy, 502: busy, 503: busy, 504: busy,
	}
	bodies := map[string][2]string{ // Content-Type and body
		"page":    {"text/html; charset=utf-8", "<html><head><title>Error</title></head><body>Sorry</body></html>"},
		"XML":     {"application/xml", `<?xml version="1.0"?><error><code>17</code><message>no</message></error>`},
		"JSON":    {"application/json", `{"code":17,"message":"no"}`},
		"nothing": {},
	}
	for status, want := range statuses {
		for name, body := range bodies {
			header := http.Header{}
			if body[0] != "" {
				header.Set("Content-Type", body[0])
			}
			mustAttempt(t, fmt.Sprintf("%d with %s", status, name), authserver.Answer(status, header, body[1]), want)
		}
	}
}

// TestAttemptsByCode counts token requests by the error code of RFC 6749 section 5.2.
func TestAttemptsByCode(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]attempts{
		"invalid_client": refusedClient, "unauthorized_client": refusedClient, "invalid_client_secret": refusedClient,
		"invalid_grant":   refusedClient, // of the client: with client credentials nothing else was presented
		"invalid_request": refusedRequest, "invalid_scope": refusedRequest, "invalid_target": refusedRequest,
		"unsupported_grant_type": refusedRequest, "access_denied": refusedRequest, "temporarily_unavailable": busy,
	} {
		mustAttempt(t, "400 "+code, authserver.OAuthError(400, code, ""), want)
	}
	mustAttempt(t, "401 access_denied", authserver.OAuthError(401, "access_denied", ""), refusedClient) // of Auth0
	mustAttempt(t, "401 unauthorized_client", authserver.OAuthError(401, "unauthorized_client", ""), refusedClient)
	mustAttempt(t, "500 invalid_client", authserver.OAuthError(500, "invalid_client", ""), refusedClient)
}

// mustAttempt counts the requests of blocks that are opened one after the other.
func mustAttempt(t *testing.T, name string, fault http.Handler, want attempts) {
	t.Helper()
	for blocks, row := range map[string]struct {
		number, want int
		scoped       bool
	}{
		"one block": {1, want.one, false}, "five equal blocks": {5, want.equal, false}, "five scopes": {5, want.scoped, true},
	} {
		t.Run(name+"/"+blocks, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, fault)
			s := newSession(t).mustConfigure(providerBlock(srv))
			for i := range row.number {
				block := attributes{}
				if row.scoped {
					block["scopes"] = []string{fmt.Sprintf("s%d", i)}
				}
				if len(s.open(tokenType, block).diagnostics) == 0 {
					t.Error("the user is told nothing")
				}
			}
			mustCount(t, srv, row.want)
		})
	}
}
