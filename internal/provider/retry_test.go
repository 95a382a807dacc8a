// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// later is a busy server's answer with its Retry-After.
func later(status int, retryAfter string) http.Handler {
	return authserver.Respond(status, http.Header{"Retry-After": {retryAfter}}, "")
}

// TestMaxRetries holds how often a server is asked that never has time, and that
// the environment counts like the provider block.
func TestMaxRetries(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		block     attributes
		variables map[string]string
		want      int
	}{
		"by default":       {nil, nil, 4},
		"off":              {attributes{"max_retries": 0}, nil, 1},
		"five":             {attributes{"max_retries": 5}, nil, 6},
		"off by variable":  {nil, map[string]string{"OAUTH2CC_MAX_RETRIES": "0"}, 1},
		"two by variable":  {nil, map[string]string{"OAUTH2CC_MAX_RETRIES": "2"}, 3},
		"block wins":       {attributes{"max_retries": 1}, map[string]string{"OAUTH2CC_MAX_RETRIES": "2"}, 2},
		"empty variable":   {nil, map[string]string{"OAUTH2CC_MAX_RETRIES": ""}, 4},
		"variable ignored": {attributes{"max_retries": 1}, map[string]string{"OAUTH2CC_MAX_RETRIES": "many"}, 2},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.Respond(503, nil, ""))
			s := newSession(t, environment(row.variables)).mustConfigure(providerBlock(srv, row.block))
			if got := s.open(tokenType, nil); len(got.diagnostics) != 1 {
				t.Errorf("the diagnostics are\n%s", got.diagnostics)
			}
			mustCount(t, srv, row.want)
		})
	}
}

// TestRetriesSucceed over real connections, at every endpoint.
func TestRetriesSucceed(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]http.Handler{
		"503": later(503, "0"), "dropped": authserver.Drop(), "429": later(429, "1"), "cut short": authserver.Truncated("{"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, func(client *authserver.Client) { client.Scopes = []string{"api:read"} })
			endpoints := []authserver.Endpoint{
				authserver.Metadata, authserver.TokenEndpoint, authserver.API, authserver.RevocationEndpoint,
			}
			for _, endpoint := range endpoints {
				srv.Fail(endpoint, 2, fault)
			}
			s := newSession(t).mustConfigure(attributes{"issuer": srv.Issuer(), "client_id": clientID, "client_secret": clientSecret})
			s.mustOpen(requestType, attributes{"url": srv.APIURL + "/orders"})
			own := s.open(tokenType, attributes{"revoke_on_close": true})
			own.diagnostics.mustBeEmpty(t)
			s.close(t.Context(), own).mustBeEmpty(t)
			for endpoint, want := range map[authserver.Endpoint]int{
				authserver.Metadata: 3, authserver.TokenEndpoint: 4, authserver.API: 3, authserver.RevocationEndpoint: 3,
			} {
				if n := srv.Count(endpoint); n != want {
					t.Errorf("%d requests to %s, want %d", n, endpoint, want)
				}
			}
		})
	}
}

// TestWaits holds that the provider waits as it is asked to, and by its own measure
// where it is not.
func TestWaits(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	srv.Fail(authserver.TokenEndpoint, 1, later(429, "7"))
	srv.Fail(authserver.TokenEndpoint, 1, authserver.Drop())
	var waits []time.Duration
	recording := provider.WithSleep(func(_ context.Context, wait time.Duration) error {
		waits = append(waits, wait)
		return nil
	})
	newSession(t, recording).mustConfigure(providerBlock(srv)).mustOpen(tokenType, nil)
	if len(waits) != 2 || waits[0] != 7*time.Second || waits[1] < 250*time.Millisecond || waits[1] > 2*time.Second {
		t.Errorf("waits %s", waits)
	}
}

// TestNoWaits checks the diagnostics if the server asks for a wait that is
// too long, or for one where there are to be none.
func TestNoWaits(t *testing.T) {
	t.Parallel()
	limit := authserver.Respond(429, http.Header{"X-RateLimit-Limit": {"10"}, "X-RateLimit-Reset": {"1800"}}, `{"error":"rate_limited"}`)
	tests := map[string]struct {
		fault http.Handler
		block attributes
	}{
		"wait of an hour":           {later(429, "3600"), nil},
		"wait of an hour, 503":      {later(503, "3600"), nil},
		"wait by a rate limit":      {limit, nil},
		"wait of a lifetime":        {later(429, strings.Repeat("9", 30)), nil},
		"wait longer than timeouts": {later(503, "5"), attributes{"timeout": "1s", "max_retries": 4}},
		"wait without retries":      {later(429, "5"), attributes{"max_retries": 0}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, row.fault)
			s := newSession(t, provider.WithSleep(func(_ context.Context, wait time.Duration) error {
				t.Errorf("waits %s", wait)
				return nil
			})).mustConfigure(providerBlock(srv, row.block))
			matchGolden(t, name, s.open(tokenType, nil).diagnostics)
			s.open(tokenType, attributes{"scopes": []string{"read"}}) // which is told the same
			mustCount(t, srv, 1)
		})
	}
}

// TestErrorAfterRetries holds what a user is told of other requests that were
// tried several times.
func TestErrorAfterRetries(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) { client.Scopes = []string{"api:read"} })
	for _, endpoint := range []authserver.Endpoint{authserver.API, authserver.Metadata, authserver.RevocationEndpoint} {
		srv.Fail(endpoint, authserver.Always, later(503, "1"))
	}
	s := newSession(t).mustConfigure(providerBlock(srv, attributes{"revocation_endpoint": srv.RevocationURL()}))
	_, metadata := s.read(metadataType, attributes{"issuer": srv.Issuer()})
	matchGolden(t, "retried metadata", metadata)
	for name, method := range map[string]string{"retried GET": "GET", "retried POST": "POST"} {
		matchGolden(t, name, s.open(requestType, attributes{"url": srv.APIURL + "/orders", "method": method}).diagnostics)
	}
	own := s.open(tokenType, attributes{"revoke_on_close": true})
	matchGolden(t, "retried revocation", s.close(t.Context(), own))
}

// TestSentOnce holds that what may be good for one use reaches the server once.
func TestSentOnce(t *testing.T) {
	t.Parallel()
	for name, block := range map[string]attributes{
		"request_body": {"request_body": "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA"},
		"code":         {"grant_type": "authorization_code", "parameters": attributes{"code": "SplxlOBeZQQYbYS6WxSbIA"}},
	} {
		for fault, handler := range map[string]http.Handler{"dropped": authserver.Drop(), "503": later(503, "0"), "500": later(500, "0")} {
			t.Run(name+"/"+fault, func(t *testing.T) {
				t.Parallel()
				srv := startServer(t)
				srv.Fail(authserver.TokenEndpoint, authserver.Always, handler)
				newSession(t).mustConfigure(providerBlock(srv)).open(tokenType, block)
				mustCount(t, srv, 1)
			})
		}
	}
}

// TestAttemptsAreBuiltAnew holds that no two attempts show the same assertion.
func TestAttemptsAreBuiltAnew(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) {
		client.Secret, client.AuthMethod = longSecret, authserver.ClientSecretJWT
	})
	srv.Fail(authserver.TokenEndpoint, 1, authserver.Drop())
	srv.Fail(authserver.TokenEndpoint, 1, later(503, "0"))
	block := providerBlock(srv, attributes{"client_secret": longSecret, "token_endpoint_auth_method": "client_secret_jwt"})
	newSession(t).mustConfigure(block).mustOpen(tokenType, nil)
	mustCount(t, srv, 3)
	var ids []string
	for _, request := range srv.Requests(authserver.TokenEndpoint) {
		id, _ := clientAssertion(t, request).claims["jti"].(string)
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 3 {
		t.Errorf("three attempts with the jti %q", ids)
	}
}

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
			mustAttempt(t, fmt.Sprintf("%d with %s", status, name), authserver.Respond(status, header, body[1]), want)
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
					t.Error("there is no diagnostic")
				}
			}
			mustCount(t, srv, row.want)
		})
	}
}
