// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// mustSay holds that texts are shown in this order.
func (d diagnostics) mustSay(t *testing.T, texts ...string) {
	t.Helper()
	shown := d.String()
	rest := shown
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("%q is not shown, or not in this order:\n%s", text, shown)
		}
		rest = after
	}
}

// TestSuspects holds which suspects an error names, the most likely one first, after
// what the server said.
func TestSuspects(t *testing.T) {
	t.Parallel()
	key := authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.P256))
	signed := func(more attributes) attributes {
		return attributes{"client_secret": nil, "signed_assertion": merged(attributes{"private_key": key}, more)}
	}
	bad := http.StatusBadRequest
	const client = "  - client_id, client_secret: the client must be registered"
	tests := map[string]struct {
		answer http.Handler
		block  attributes // merged over the provider block
		says   []string
	}{
		// Servers answer an unknown client, or a missing key_id, like this.
		"500": {answer: authserver.Respond(500, nil, ""), says: []string{
			"returned 500", "- client_id: some servers fail this way", "- audience: none was requested", "retry later",
		}},
		"server_error as 400": {answer: authserver.OAuthError(bad, "server_error", "unexpected"), block: signed(nil), says: []string{
			"returned 400", "error: server_error", "error_description: unexpected", "The assertion has alg \"ES256\", no kid",
			"- client_id: some", "- signed_assertion.key_id: none was sent", "- signed_assertion.audience:", "- audience:",
		}},
		"none, secret in parameters": {
			answer: authserver.OAuthError(401, "invalid_client", ""),
			block:  attributes{"client_secret": nil, "parameters": attributes{"client_secret": clientSecret}},
			says:   []string{"The client authenticated with parameters.client_secret (method none): client_id from the provider block.", "- parameters.client_secret:", "- client_id:"},
		},
		"none, Authorization": {
			answer: authserver.OAuthError(401, "invalid_client", ""),
			block:  attributes{"client_secret": nil, "headers": attributes{"authorization": "Basic eDp4"}},
			says:   []string{"The client authenticated with headers.Authorization (method none)", "- headers.Authorization:"},
		},
		"none, something in headers": {
			answer: authserver.OAuthError(401, "invalid_client", ""),
			block:  attributes{"token_endpoint_auth_method": "none", "client_secret": nil, "headers": attributes{"X-Api-Key": "x"}},
			says:   []string{"The client sent no credentials, unless headers has some (method none)", "- headers:", "- client_secret:"},
		},
		"none, secret set": {
			answer: authserver.OAuthError(401, "invalid_client", ""),
			block:  attributes{"token_endpoint_auth_method": "none"},
			says:   []string{"The client sent no credentials (method none)", "- token_endpoint_auth_method: it is none, so that client_secret is not sent"},
		},
		// Keycloak's words for a wrong secret, and the code as RFC 6749 has it.
		"unauthorized_client in 200": {
			answer: authserver.OAuthError(200, "unauthorized_client", "Invalid client or Invalid client credentials"),
			says:   []string{"The server does not accept the client (unauthorized_client)", "returned 200", client, `- the client's registration: the grant "client_credentials" must be enabled`},
		},
		"unauthorized_client": {
			answer: authserver.OAuthError(bad, "unauthorized_client", ""),
			says:   []string{"The client may not use this grant", `- the client's registration: the grant "client_credentials" must be enabled`, client},
		},
		"assertion": {
			answer: authserver.OAuthError(401, "invalid_client", "bad assertion"), block: signed(attributes{"key_id": "k1", "audience": "https://as.example"}),
			says: []string{"error: invalid_client", "private_key_jwt", "signed_assertion from the provider block", `alg "ES256", kid "k1"`, `aud "https://as.example"`,
				"- signed_assertion.private_key:", "- signed_assertion.key_id:", "- signed_assertion.audience:", "- signed_assertion.algorithm:", "- client_id:", "- token_endpoint_auth_method:"},
		},
		"encoded secret": {
			answer: authserver.OAuthError(401, "invalid_client", ""), block: attributes{"client_secret": "a b+c"},
			says: []string{"(form encoding)", client, "- client_secret_basic_encoding:", `set "raw"`, "- token_endpoint_auth_method:"},
		},
		"raw secret": {
			answer: authserver.OAuthError(401, "invalid_client", ""), block: attributes{"client_secret": "a b+c", "client_secret_basic_encoding": "raw"},
			says: []string{"(raw encoding)", client, `- client_secret_basic_encoding: the id or the secret has characters that RFC 6749`, `remove "raw"`, "- token_endpoint_auth_method:"},
		},
		"challenge of a token endpoint": {
			answer: authserver.Respond(401, http.Header{"Www-Authenticate": {`Bearer realm="x", error="invalid_client", error_description="client \"a\" is locked"`}}, ""),
			says:   []string{"(invalid_client)", "returned 401", "WWW-Authenticate: Bearer", "error: invalid_client", `error_description: client "a" is locked`, client},
		},
		"other names": {
			answer: authserver.Respond(200, nil, `{"errcode":40013,"errmsg":"invalid appid rid: 5f8c3b0a-4e1d2c3b-1a2b3c4d","token":"very-secret"}`),
			says: []string{"Unusable response", "the response holds no access token", "/errcode: 40013", "/errmsg: invalid appid rid: [redacted]",
				`response_fields = { error = "/errcode", error_description = "/errmsg" }`, "- token_endpoint:"},
		},
		"success under other names": {
			answer: authserver.Respond(200, nil, `{"code":200,"message":"Success","data":{"accessToken":"very-secret"}}`),
			says:   []string{"Unusable response", `Set response_fields = { access_token = "/data/accessToken" }`, "- token_endpoint:"},
		},
		"a message alone": {
			answer: authserver.Respond(200, nil, `{"success":false,"errorMessage":"no app"}`),
			says:   []string{"Unusable response", "/errorMessage: no app", "- token_endpoint:", `access_token = "/data/token"`},
		},
		"other names in 400": {
			answer: authserver.Respond(400, nil, `{"status":{"statusMessage":"tenant unknown"}}`),
			says:   []string{`response: {"status":{"statusMessage":"tenant unknown"}}`, `response_fields = { error_description = "/status/statusMessage" }`},
		},
		"other names, mapped": {
			answer: authserver.Respond(200, nil, `{"errcode":40013,"errmsg":"invalid appid"}`),
			block:  attributes{"response_fields": attributes{"error": "/errcode", "error_description": "/errmsg"}},
			says:   []string{"The server rejects the request (40013)", "error: 40013", "error_description: invalid appid", client},
		},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, row.answer)
			got := newSession(t).mustConfigure(providerBlock(srv, row.block)).open(tokenType, nil).diagnostics
			got.mustSay(t, row.says...)
			for _, never := range []string{"Nothing is wrong", "The server knows", "very-secret"} {
				if strings.Contains(got.String(), never) {
					t.Errorf("%q is shown:\n%s", never, got)
				}
			}
		})
	}
}

// TestSuspectsByMetadata: what the server's metadata lists is named, and a method that
// it does not list is the first suspect.
func TestSuspectsByMetadata(t *testing.T) {
	t.Parallel()
	key := authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.P256))
	tests := map[string]struct {
		methods []string
		says    []string
	}{
		"listed": {[]string{"client_secret_post", "private_key_jwt"}, []string{
			"- signed_assertion.private_key:", "- signed_assertion.algorithm: the client must be registered for it. The server's metadata lists ES256, RS256",
			"- token_endpoint_auth_method:", "The server's metadata lists client_secret_post, private_key_jwt",
		}},
		"not listed": {[]string{"client_secret_post"}, []string{
			"first:\n  - token_endpoint_auth_method: the server's metadata does not list private_key_jwt but client_secret_post", "- signed_assertion.private_key:",
		}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := authservertest.Start(t, authserver.Config{Metadata: []authserver.Mutation{
				authserver.Set("token_endpoint_auth_methods_supported", row.methods),
				authserver.Set("token_endpoint_auth_signing_alg_values_supported", []string{"ES256", "RS256"}),
			}})
			srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.OAuthError(401, "invalid_client", ""))
			block := attributes{"issuer": srv.Issuer(), "client_id": clientID, "signed_assertion": attributes{"private_key": key}}
			newSession(t).mustConfigure(block).open(tokenType, nil).diagnostics.mustSay(t, row.says...)
		})
	}
}

// TestSuspectClock: clocks that differ by more than an assertion is valid are the
// first suspect, and such as differ by less are none.
func TestSuspectClock(t *testing.T) {
	t.Parallel()
	key := authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.P256))
	tests := map[string]struct {
		date string // of the server at noon
		says []string
	}{
		"ahead":    {"Sun, 01 Mar 2026 12:05:00 GMT", []string{"first:\n  - the clocks: the server's is 5m0s ahead of this machine's, and the assertion is valid for 1m0s.\n", "- signed_assertion.private_key:"}},
		"behind":   {"Sun, 01 Mar 2026 10:00:00 GMT", []string{"first:\n  - the clocks: the server's is 2h0m0s behind this machine's"}},
		"a little": {"Sun, 01 Mar 2026 12:00:50 GMT", []string{"first:\n  - signed_assertion.private_key:"}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, authserver.Always,
				authserver.Respond(401, http.Header{"Date": {row.date}}, `{"error":"invalid_client"}`))
			now := func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
			block := providerBlock(srv, attributes{"client_secret": nil, "signed_assertion": attributes{"private_key": key}})
			newSession(t, provider.WithNow(now)).mustConfigure(block).open(tokenType, nil).diagnostics.mustSay(t, row.says...)
		})
	}
}

// TestChallengeOfAPI: what an API says in WWW-Authenticate (RFC 6750 section 3) is
// shown without what was sent, and decides what to check.
func TestChallengeOfAPI(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status    int
		challenge string
		block     attributes
		says      []string
	}{
		"insufficient_scope": {403, `Bearer realm="orders", error="insufficient_scope", error_description="need more", scope="orders:read orders:write"`, nil, []string{
			"returned 403", "WWW-Authenticate: Bearer", "error: insufficient_scope", "error_description: need more", "scope: orders:read orders:write",
			`- token.scopes: the API requires "orders:read orders:write"`,
		}},
		"invalid_token": {403, `Bearer error="invalid_token"`, nil, []string{"error: invalid_token", "- token.audience", "- token_endpoint, issuer:"}},
		"echo of a header field": {403, `Bearer error="invalid_request", error_description="got ` + clientSecret + `"`,
			attributes{"request_headers": attributes{"X-Api-Key": clientSecret}}, []string{"error_description: got [redacted]"}},
		"another scheme": {401, `Basic realm="orders"`, nil, []string{"returned 401", "it requests Basic credentials"}},
		"no token sent":  {401, `Bearer realm="orders"`, attributes{"authenticate": false}, []string{"returned 401", "The API requires credentials."}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.API, authserver.Always, authserver.Respond(row.status, http.Header{"Www-Authenticate": {row.challenge}}, ""))
			block := merged(attributes{"url": srv.APIURL + "/orders"}, row.block)
			newSession(t).mustConfigure(providerBlock(srv)).open(requestType, block).diagnostics.mustSay(t, row.says...)
		})
	}
}
