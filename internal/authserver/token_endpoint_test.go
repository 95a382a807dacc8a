// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

func TestTokenAnswer(t *testing.T) {
	t.Parallel()
	srv := newServer(t, authserver.Config{Clients: []authserver.Client{rfcClient()}})
	got := send(t, srv, rfcRequest("&scope=api:read"))
	got.want(t, 200, "")
	// RFC 6749 §5.1
	for header, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache",
	} {
		if have := got.Header().Get(header); have != want {
			t.Errorf("%s is %q, want %q", header, have, want)
		}
	}
	token := got.text(t, "access_token")
	delete(got.document, "access_token")
	want := map[string]any{"token_type": "Bearer", "expires_in": 3600.0, "scope": "api:read"}
	if !maps.Equal(got.document, want) {
		t.Errorf("response is %v, want %v", got.document, want)
	}
	if again := send(t, srv, rfcRequest("")).text(t, "access_token"); again == token || token == "" {
		t.Errorf("two requests got the tokens %q and %q", token, again)
	}
}

func TestTokenAnswerMembers(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(*authserver.Client)
		want   []string
	}{
		"all":            {func(*authserver.Client) {}, []string{"access_token", "expires_in", "scope", "token_type"}},
		"no lifetime":    {func(c *authserver.Client) { c.Lifetime = 0 }, []string{"access_token", "scope", "token_type"}},
		"no scopes":      {func(c *authserver.Client) { c.Scopes = nil }, []string{"access_token", "expires_in", "token_type"}},
		"refresh token":  {func(c *authserver.Client) { c.RefreshLifetime = 1 }, []string{"access_token", "expires_in", "refresh_token", "scope", "token_type"}},
		"added, omitted": {func(c *authserver.Client) { c.TokenResponse = mutations() }, []string{"access_token", "expires_in", "sessid"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := rfcClient()
			row.change(&c)
			got := send(t, newServer(t, authserver.Config{Clients: []authserver.Client{c}}), rfcRequest(""))
			if members := slices.Sorted(maps.Keys(got.document)); !slices.Equal(members, row.want) {
				t.Errorf("members are %q, want %q", members, row.want)
			}
		})
	}
}

func mutations() []authserver.Mutation {
	return []authserver.Mutation{authserver.Set("sessid", "1"), authserver.Omit("scope", "token_type")}
}

func TestTokenRequestIsStrict(t *testing.T) {
	t.Parallel()
	edit := func(old, replacement string) string {
		return strings.Replace(rfcRequest(""), old, replacement, 1)
	}
	const contentType = "Content-Type: application/x-www-form-urlencoded"
	for name, row := range map[string]struct {
		request string
		status  int
		code    string
	}{
		"GET":                        {edit("POST", "GET"), 405, "invalid_request"},
		"no Content-Type":            {edit(contentType+"\n", ""), 400, "invalid_request"},
		"text":                       {edit(contentType, "Content-Type: text/plain"), 400, "invalid_request"},
		"charset":                    {edit(contentType, contentType+"; charset=UTF-8"), 200, ""},
		"other charset":              {edit(contentType, contentType+"; charset=latin1"), 400, "invalid_request"},
		"bad percent":                {rfcRequest("&x=%zz"), 400, "invalid_request"},
		"not UTF-8":                  {rfcRequest("&x=%ff"), 400, "invalid_request"},
		"unknown parameter":          {rfcRequest("&x=y"), 200, ""},
		"repeated":                   {rfcRequest("&scope=api:read&scope=api:write"), 400, "invalid_request"},
		"repeated, unknown":          {rfcRequest("&x=1&x=2"), 400, "invalid_request"},
		"audience repeated":          {rfcRequest("&audience=a&audience=b"), 400, "invalid_request"},
		"resource repeated":          {rfcRequest("&resource=https%3A%2F%2Fa.example&resource=urn%3Ab%3Ac"), 200, ""},
		"resource relative":          {rfcRequest("&resource=a.example"), 400, "invalid_target"},
		"resource with fragment":     {rfcRequest("&resource=https%3A%2F%2Fa.example%23"), 400, "invalid_target"},
		"endpoint's own query":       {edit("/token", "/token?tenant=a"), 200, ""},
		"secret in the query beside": {edit("/token", "/token?client_secret=gX1fBat3bV"), 400, "invalid_request"},
		"grant_type in the query":    {strings.Replace(edit("/token", "/token?grant_type=client_credentials"), "\n\ngrant_type", "\n\nx", 1), 400, "invalid_request"},
		"no grant_type":              {edit("grant_type=client_credentials", "scope=api:read"), 400, "invalid_request"},
		"empty grant_type":           {edit("=client_credentials", "="), 400, "invalid_request"},
		"unsupported grant_type":     {edit("=client_credentials", "=password"), 400, "unsupported_grant_type"},
		"refresh not registered":     {edit("=client_credentials", "=refresh_token"), 400, "unauthorized_client"},
		"empty scope":                {rfcRequest("&scope="), 200, ""},
		"scope not allowed":          {rfcRequest("&scope=api:read+api:admin"), 400, "invalid_scope"},
		"scope with two spaces":      {rfcRequest("&scope=api:read++api:write"), 400, "invalid_scope"},
		"scope with a line break":    {rfcRequest("&scope=api:read%0Aapi:write"), 400, "invalid_scope"},
		"scope with a quote":         {rfcRequest("&scope=%22"), 400, "invalid_scope"},
		"another path":               {edit("/token", "//token"), 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, authserver.Config{Clients: []authserver.Client{rfcClient()}})
			got := send(t, srv, row.request)
			got.want(t, row.status, row.code)
			if row.status == 405 && got.Header().Get("Allow") != "POST" {
				t.Errorf("Allow is %q", got.Header().Get("Allow"))
			}
		})
	}
}

func TestGrantedScopes(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		parameter string
		granted   []string
		want      string
	}{
		"all where none is named": {"", nil, "api:read api:write"},
		"in the requested order":  {"&scope=api:write+api:read", nil, "api:write api:read"},
		"once":                    {"&scope=api:read+api:read", nil, "api:read"},
		"narrowed":                {"&scope=api:write+api:read", []string{"api:read"}, "api:read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := rfcClient()
			c.Granted = row.granted
			got := send(t, newServer(t, authserver.Config{Clients: []authserver.Client{c}}), rfcRequest(row.parameter))
			if scope := got.text(t, "scope"); scope != row.want {
				t.Errorf("scope is %q, want %q", scope, row.want)
			}
		})
	}
}

// The client is registered for every scope here, so only the grammar of RFC 6749 §3.3
// is tested.
func TestScopeGrammar(t *testing.T) {
	t.Parallel()
	for scope, status := range map[string]int{
		"!": 200, "~": 200, "a,b": 200, "https://www.example.com/auth/x": 200, "[": 200, "]": 200,
		`"`: 400, `\`: 400, "\x7f": 400, "\t": 400, "ä": 400, "a\nb": 400, " a": 400, "a ": 400, "a  a": 400,
	} {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			c := rfcClient()
			c.Scopes = append(strings.Split(scope, " "), "a", "")
			srv := newServer(t, authserver.Config{Clients: []authserver.Client{c}})
			code := map[int]string{400: "invalid_scope"}[status]
			send(t, srv, rfcRequest("&scope="+url.QueryEscape(scope))).want(t, status, code)
		})
	}
}

func TestExtensionGrants(t *testing.T) {
	t.Parallel()
	zoom, bare := rfcClient(), rfcClient()
	zoom.Grants = []string{"account_credentials"}
	bare.Grants = []string{""}
	for name, row := range map[string]struct {
		client authserver.Client
		body   string
		status int
		code   string
	}{
		"named":                  {zoom, "grant_type=account_credentials", 200, ""},
		"not client credentials": {zoom, "grant_type=client_credentials", 400, "unauthorized_client"},
		"none":                   {bare, "scope=api:read", 200, ""},
		"not listed":             {bare, "grant_type=account_credentials", 400, "unsupported_grant_type"},
		"missing":                {zoom, "scope=api:read", 400, "invalid_request"},
		"refresh":                {zoom, "grant_type=refresh_token&refresh_token=x", 400, "unauthorized_client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, authserver.Config{Clients: []authserver.Client{row.client}})
			send(t, srv, strings.Replace(rfcRequest(""), "grant_type=client_credentials", row.body, 1)).want(t, row.status, row.code)
		})
	}
}
