// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// TestAccRetries counts what reaches a server that fails, by a data source that
// one apply reads once.
func TestAccRetries(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault http.Handler
		times int
		want  int
		says  string // empty where the apply succeeds
	}{
		"503 twice": {later(503, "0"), 2, 3, ""},
		"503 for ever": {
			later(503, "0"), authserver.Always, 4, "Tried 4 times over",
		},
		"429 as asked":   {later(429, "1"), 1, 2, ""},
		"invalid_client": {authserver.OAuthError(401, "invalid_client", ""), authserver.Always, 1, "invalid_client"},
		"invalid_client in 503": {
			authserver.OAuthError(503, "invalid_client", ""), authserver.Always, 1, "invalid_client",
		},
		"an hour": {later(503, "3600"), authserver.Always, 1, "asked again in 1h0m0s, at 2"},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, row.times, row.fault)
			w := acctest.New(t, hclProvider(srv)+`
data "oauth2cc_token" "test" {
}
`)
			result := w.Apply()
			if row.says == "" {
				result.MustExit(t, 0)
			} else {
				result.MustExit(t, 1).MustSay(t, row.says)
			}
			mustCount(t, srv, row.want)
		})
	}
}

// TestAccRetriesOfMany holds that forty blocks which ask for different things are
// one request to a server that wants to be left alone.
func TestAccRetriesOfMany(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	srv.Fail(authserver.TokenEndpoint, authserver.Always, later(429, "3600"))
	w := acctest.New(t, hclProvider(srv)+`
data "oauth2cc_token" "test" {
  count  = 40
  scopes = ["s${count.index}"]
}
`)
	w.Plan().MustExit(t, 1).MustSay(t, "asked again in 1h0m0s")
	mustCount(t, srv, 1)
}

// TestAccRefusedOnce holds that five blocks of one client are one failed login at a
// server that refuses it in no words of OAuth.
func TestAccRefusedOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]http.Handler{
		"403, nothing": authserver.Respond(403, nil, ""),
		"400, XML":     authserver.Respond(400, http.Header{"Content-Type": {"application/xml"}}, "<error><code>17</code></error>"),
		"401, page":    authserver.Respond(401, http.Header{"Content-Type": {"text/html"}}, "<html><title>Sign in</title></html>"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, fault)
			w := acctest.New(t, hclProvider(srv)+`
data "oauth2cc_token" "test" {
  count  = 5
  scopes = ["s${count.index}"]
}
`)
			w.Plan().MustExit(t, 1)
			mustCount(t, srv, 1)
		})
	}
}

// TestAccRetriesBuildAnew holds that each attempt has a jti of its own.
func TestAccRetriesBuildAnew(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) {
		client.Secret, client.AuthMethod = longSecret, authserver.ClientSecretJWT
	})
	srv.Fail(authserver.TokenEndpoint, 2, later(503, "0"))
	config := strings.Replace(hclProvider(srv), clientSecret, longSecret, 1) + `
data "oauth2cc_token" "test" {
}
`
	w := acctest.New(t, config, "OAUTH2CC_TOKEN_ENDPOINT_AUTH_METHOD=client_secret_jwt")
	w.Apply().MustExit(t, 0)
	mustCount(t, srv, 3)
	ids := map[any]bool{}
	for _, request := range srv.Requests(authserver.TokenEndpoint) {
		ids[clientAssertion(t, request).claims["jti"]] = true
	}
	if len(ids) != 3 {
		t.Errorf("three attempts with the jti %v", ids)
	}
}

// TestAccMaxRetriesValidate holds that a value which cannot be is found without a
// server.
func TestAccMaxRetriesValidate(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"1.5", "-1", "11", `"many"`} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, "provider \"oauth2cc\" {\n  max_retries = "+value+"\n}\n\ndata \"oauth2cc_token\" \"test\" {\n}\n")
			w.Validate().MustExit(t, 1).MustSay(t, "max_retries")
		})
	}
}
