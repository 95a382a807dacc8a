// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// TestAccInvalid holds that Terraform shows what is wrong with a configuration, and the
// line, before anything is sent.
func TestAccInvalid(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	block := func(kind, content string) string {
		return kind + " \"oauth2cc_token\" \"test\" {\n  " + content + "\n}\n"
	}
	ofProvider := func(content string) string {
		return "provider \"oauth2cc\" {\n  " + content + "\n}\n" + block("ephemeral", "")
	}
	tests := map[string]struct {
		config string
		says   []string
	}{
		"provider": {
			ofProvider(`token_endpoint = "http://login.example.com/token"`),
			[]string{`in provider "oauth2cc":`, `: token_endpoint = "http://login.example.com/token"`},
		},
		"ephemeral": {
			block("ephemeral", "scopes = [\n    \"read\",\n    \"read write\",\n  ]"),
			[]string{`in ephemeral "oauth2cc_token" "test":`, `: "read write",`},
		},
		"data": {
			block("data", `min_validity = "soon"`),
			[]string{`in data "oauth2cc_token" "test":`, `: min_validity = "soon"`},
		},
		"max_retries, fraction": {ofProvider("max_retries = 1.5"), []string{"max_retries", "The value must be a whole number between 0 and 10, but is 1.5."}},
		"max_retries, negative": {ofProvider("max_retries = -1"), []string{"max_retries"}},
		"max_retries, too many": {ofProvider("max_retries = 11"), []string{"max_retries"}},
		"max_retries, text":     {ofProvider(`max_retries = "many"`), []string{"max_retries"}},
		"fraction of a second": {
			block("data", "default_expires_in = 1.5"), []string{"The value must be a whole number between 1 and 31622400, but is 1.5."},
		},
		"placeholder": {
			block("ephemeral", `issuer = "https://login.microsoftonline.com/{tenant}/v2.0"`),
			[]string{"The URL still has the placeholder {tenant}. Replace it with your own value."},
		},
		"credentials on a data source": {
			block("data", `client_secret = "x"`), []string{`An argument named "client_secret" is not expected here.`},
		},
		"unknown, ephemeral": {
			hclUnknown(srv) + block("ephemeral", ""),
			[]string{"Provider configuration not known yet: client_id", "Set the same attribute on the ephemeral resource"},
		},
		"unknown, data": {
			hclUnknown(srv) + block("data", ""), []string{"Provider configuration not known yet: client_id", "depends_on"},
		},
	}
	var steps []resource.TestStep
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		steps = append(steps, refused(tests[name].config, tests[name].says...))
	}
	testSteps(t, steps...)
	mustCount(t, srv, 0)
}

// sent is the one token request that a server has seen.
func sent(t *testing.T, srv *authservertest.Server) authserver.Request {
	t.Helper()
	requests := srv.Requests(authserver.TokenEndpoint)
	if len(requests) != 1 {
		t.Fatalf("%d token requests, want one", len(requests))
	}
	return requests[0]
}

// TestMergeBody holds that the body of a block is sent instead of all that the
// provider block would send.
func TestMergeBody(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	s := newSession(t).mustConfigure(providerBlock(srv, attributes{
		"grant_type": "client_credentials", "scopes": []string{"read"}, "parameters": attributes{"a": "1"}, "parameters_in": "json",
	}))
	s.mustOpen(tokenType, attributes{"request_body": "grant_type=client_credentials&scope=write"})
	if body := string(sent(t, srv).Body); body != "grant_type=client_credentials&scope=write" {
		t.Errorf("body is %q", body)
	}
}

// TestMerge holds what provider block and token block amount to together, by the
// body that is sent.
func TestMerge(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		provider, block attributes
		body            string // decoded and sorted by name
		header          http.Header
	}{
		"nothing":               {body: "grant_type=client_credentials"},
		"scalar of the block":   {attributes{"audience": "a"}, attributes{"audience": "b"}, "audience=b&grant_type=client_credentials", nil},
		"scalar of provider":    {attributes{"audience": "a"}, nil, "audience=a&grant_type=client_credentials", nil},
		"empty scalar":          {attributes{"audience": "a"}, attributes{"audience": ""}, "grant_type=client_credentials", nil},
		"list replaces":         {attributes{"scopes": []string{"read", "write"}}, attributes{"scopes": []string{"write"}}, "grant_type=client_credentials&scope=write", nil},
		"list in its order":     {nil, attributes{"scopes": []string{"write", "read"}}, "grant_type=client_credentials&scope=write+read", nil},
		"empty list replaces":   {attributes{"scopes": []string{"read"}}, attributes{"scopes": []string{}}, "grant_type=client_credentials", nil},
		"resources replace":     {attributes{"resources": []string{"urn:a", "urn:b"}}, attributes{"resources": []string{"urn:c", "urn:d"}}, "grant_type=client_credentials&resource=urn%3Ac&resource=urn%3Ad", nil},
		"maps merge":            {attributes{"parameters": attributes{"a": "1", "b": "2"}}, attributes{"parameters": attributes{"b": "3", "c": "4"}}, "a=1&b=3&c=4&grant_type=client_credentials", nil},
		"empty text removes":    {attributes{"parameters": attributes{"a": "1", "b": "2"}}, attributes{"parameters": attributes{"a": ""}}, "b=2&grant_type=client_credentials", nil},
		"removes the grant":     {nil, attributes{"parameters": attributes{"grant_type": ""}}, "", nil},
		"no grant":              {nil, attributes{"grant_type": ""}, "", nil},
		"parameter replaces":    {nil, attributes{"scopes": []string{"read"}, "parameters": attributes{"scope": "write"}}, "grant_type=client_credentials&scope=write", nil},
		"parameter and null":    {attributes{"parameters": attributes{"a": "1"}}, attributes{"parameters": attributes{"a": nil}}, "a=1&grant_type=client_credentials", nil},
		"headers merge":         {attributes{"headers": attributes{"X-A": "1", "X-B": "2"}}, attributes{"headers": attributes{"X-B": "3"}}, "grant_type=client_credentials", http.Header{"X-A": {"1"}, "X-B": {"3"}}},
		"headers merge by case": {attributes{"headers": attributes{"X-Tenant": "1"}}, attributes{"headers": attributes{"x-tenant": "2"}}, "grant_type=client_credentials", http.Header{"X-Tenant": {"2"}}},
		"header that is preset": {nil, attributes{"headers": attributes{"Accept": "application/vnd.example+json"}}, "grant_type=client_credentials", http.Header{"Accept": {"application/vnd.example+json"}}},
	}
	for name, row := range tests {
		for _, kind := range []string{"ephemeral", "data"} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				srv := startServer(t, func(client *authserver.Client) { client.Grants = []string{authserver.ClientCredentials, ""} })
				s := newSession(t).mustConfigure(providerBlock(srv, row.provider))
				if kind == "data" {
					s.mustRead(tokenType, row.block)
				} else {
					s.mustOpen(tokenType, row.block)
				}
				request := sent(t, srv)
				if body := request.Form().Encode(); body != row.body {
					t.Errorf("body is %q, want %q", body, row.body)
				}
				for field, want := range row.header {
					if got := request.Header.Values(field); !slices.Equal(got, want) {
						t.Errorf("header %s is %q, want %q", field, got, want)
					}
				}
			})
		}
	}
}

// TestMergeWholeClient holds that an ephemeral resource can be a client of which
// the provider block knows nothing.
func TestMergeWholeClient(t *testing.T) {
	t.Parallel()
	one, other := startServer(t), startServer(t, func(client *authserver.Client) {
		client.ID, client.Secret, client.AuthMethod = "other", "other secret", authserver.ClientSecretPost
	})
	s := newSession(t).mustConfigure(providerBlock(one))
	s.mustOpen(tokenType, attributes{
		"token_endpoint": other.TokenURL(), "client_id": "other", "client_secret": "other secret", "token_endpoint_auth_method": "client_secret_post",
	})
	if one.Count() != 0 {
		t.Errorf("%d requests to the provider's server", one.Count())
	}
	if got := sent(t, other).Form().Encode(); got != "client_id=other&client_secret=other+secret&grant_type=client_credentials" {
		t.Errorf("body is %q", got)
	}
}

// TestShared holds that the same inputs are one request, and others are not.
func TestShared(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	s := newSession(t).mustConfigure(providerBlock(srv))
	blocks := []struct {
		block    attributes
		requests int
	}{
		{nil, 1}, {nil, 1},
		{attributes{"grant_type": "client_credentials"}, 1}, // what is the default anyway
		{attributes{"min_validity": "1m"}, 1},
		{attributes{"triggers": "x"}, 1},
		{attributes{"scopes": []string{"read"}}, 2},
		{attributes{"scopes": []string{"read", "write"}}, 3},
		{attributes{"scopes": []string{"write", "read"}}, 4},
		{attributes{"audience": "a"}, 5},
		{attributes{"parameters": attributes{"audience": "b"}}, 6},
		{attributes{"scopes": []string{"read"}}, 6},
	}
	for i, row := range blocks {
		s.mustOpen(tokenType, row.block)
		if n := srv.Count(authserver.TokenEndpoint); n != row.requests {
			t.Errorf("step %d: %d requests, want %d", i, n, row.requests)
		}
	}
	s.mustRead(tokenType, nil)
	if n := srv.Count(authserver.TokenEndpoint); n != 6 {
		t.Errorf("the data source does not share the ephemeral resource's token: %d requests", n)
	}
}

// TestEnvironment holds that variables stand in for what is not configured.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	srv, elsewhere := startServer(t), "https://127.0.0.1:1/token"
	all := map[string]string{
		"OAUTH2CC_TOKEN_ENDPOINT": srv.TokenURL(), "OAUTH2CC_CLIENT_ID": clientID, "OAUTH2CC_CLIENT_SECRET": clientSecret,
		"OAUTH2CC_TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_basic", "OAUTH2CC_TIMEOUT": "10s",
	}
	without := func(name string, value string) map[string]string {
		changed := maps.Clone(all)
		changed[name] = value
		return changed
	}
	tests := map[string]struct {
		variables map[string]string
		provider  attributes
	}{
		"all of it":                  {all, nil},
		"endpoint configured":        {without("OAUTH2CC_TOKEN_ENDPOINT", elsewhere), attributes{"token_endpoint": srv.TokenURL()}},
		"secret configured":          {without("OAUTH2CC_CLIENT_SECRET", "wrong"), attributes{"client_secret": clientSecret}},
		"id configured":              {without("OAUTH2CC_CLIENT_ID", "wrong"), attributes{"client_id": clientID}},
		"method configured":          {without("OAUTH2CC_TOKEN_ENDPOINT_AUTH_METHOD", "none"), attributes{"token_endpoint_auth_method": "client_secret_basic"}},
		"timeout configured":         {without("OAUTH2CC_TIMEOUT", "1ms"), attributes{"timeout": "10s"}},
		"invalid one not looked at":  {without("OAUTH2CC_TIMEOUT", "soon"), attributes{"timeout": "10s"}},
		"empty one counts as absent": {without("OAUTH2CC_PROXY_URL", ""), nil},
		"issuer": {map[string]string{
			"OAUTH2CC_ISSUER": srv.Issuer(), "OAUTH2CC_CLIENT_ID": clientID, "OAUTH2CC_CLIENT_SECRET": clientSecret,
		}, nil},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t, environment(row.variables)).mustConfigure(row.provider)
			if got := s.mustOpen(tokenType, nil); got["access_token"] == nil {
				t.Errorf("there is no token: %v", got)
			}
		})
	}
}

// TestEnvironmentProxy holds that the proxy can come from the environment.
func TestEnvironmentProxy(t *testing.T) {
	t.Parallel()
	srv, proxy := startServer(t), authservertest.StartProxy(t, "", "")
	s := newSession(t, environment(map[string]string{"OAUTH2CC_PROXY_URL": proxy.URL})).mustConfigure(providerBlock(srv))
	s.mustOpen(tokenType, nil)
	if got := proxy.Requests(); !slices.Equal(got, []string{"POST " + srv.TokenURL()}) {
		t.Errorf("the proxy saw %q", got)
	}
}

// TestEnvironmentInvalid holds that a variable which is no good is named, and not
// quoted.
func TestEnvironmentInvalid(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ name, value string }{
		"environment, endpoint": {"OAUTH2CC_TOKEN_ENDPOINT", "login.example.com/token"},
		"environment, issuer":   {"OAUTH2CC_ISSUER", "https://login.example.com/?tenant=a"},
		"environment, secret":   {"OAUTH2CC_CLIENT_SECRET", "very-secret\n"},
		"environment, method":   {"OAUTH2CC_TOKEN_ENDPOINT_AUTH_METHOD", "basic"},
		"environment, timeout":  {"OAUTH2CC_TIMEOUT", "30"},
		"environment, retries":  {"OAUTH2CC_MAX_RETRIES", "many"},
		"environment, half":     {"OAUTH2CC_MAX_RETRIES", "1.5"},
		"environment, proxy":    {"OAUTH2CC_PROXY_URL", "user:very-secret@proxy:3128"},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t, environment(map[string]string{row.name: row.value}))
			matchGolden(t, name, s.validateProvider(nil))
			matchGolden(t, name, s.configure(nil))
		})
	}
}

// TestEnvironmentInVain holds that a variable which other configurations may need
// is no mistake where it is not used.
func TestEnvironmentInVain(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	s := newSession(t, environment(map[string]string{"OAUTH2CC_CLIENT_SECRET": clientSecret}))
	block := attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID, "token_endpoint_auth_method": "none"}
	s.validateProvider(block).mustBeEmpty(t)
	s.mustConfigure(block).open(tokenType, nil)
	if got := sent(t, srv).Header.Get("Authorization"); got != "" {
		t.Errorf("sent %q", got)
	}
}

// TestScopesOutput holds the scopes of a token whose response names none.
func TestScopesOutput(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		provider, block attributes
		want            any
	}{
		"the provider's":       {attributes{"scopes": []string{"read"}}, nil, []any{"read"}},
		"none":                 {nil, nil, []any{}},
		"a parameter":          {attributes{"scopes": []string{"read"}}, attributes{"parameters": attributes{"scope": "write x"}}, []any{"write", "x"}},
		"a parameter, removed": {attributes{"scopes": []string{"read"}}, attributes{"parameters": attributes{"scope": ""}}, []any{}},
		"a body of one's own":  {attributes{"scopes": []string{"read"}}, attributes{"request_body": "grant_type=client_credentials"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, answering(authserver.Omit("scope")), func(c *authserver.Client) { c.Scopes = []string{"read", "write", "x"} })
			s := newSession(t).mustConfigure(providerBlock(srv, test.provider))
			got := s.mustOpen(tokenType, test.block)["scopes"]
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("scopes is %v, want %v", got, test.want)
			}
		})
	}
}
