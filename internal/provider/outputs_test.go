// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// noon is when the tests of outputs take place.
var noon = time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC)

func atNoon() provider.Option { return provider.WithNow(func() time.Time { return noon }) }

// jwtOf writes a JWT with these claims, a JSON object, and no good signature.
func jwtOf(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(claims)) + "." + encode([]byte("signature"))
}

// raw is JSON for authserver.Set.
func raw(text string) json.RawMessage { return json.RawMessage(text) }

// TestOutputs holds each output against what the server answered.
func TestOutputs(t *testing.T) {
	t.Parallel()
	set, omit := authserver.Set, authserver.Omit
	plainAnswer := answering(set("access_token", "2YotnFZFEjr1zCsicMWpAA"), omit("scope"))
	tests := map[string]struct {
		client func(*authserver.Client)
		block  attributes
		want   attributes
	}{
		"RFC 6749 section 5.1": {
			client: plainAnswer,
			want: attributes{
				"access_token": "2YotnFZFEjr1zCsicMWpAA", "token_type": "Bearer", "authorization_header": "Bearer 2YotnFZFEjr1zCsicMWpAA",
				"expires_in": json.Number("3600"), "expires_at": "2026-01-01T13:00:00Z", "claims": nil, "scopes": []any{},
			},
		},
		"no lifetime":                {client: answering(omit("expires_in")), want: attributes{"expires_in": nil, "expires_at": nil}},
		"lifetime of zero":           {client: answering(set("expires_in", 0)), want: attributes{"expires_in": nil, "expires_at": nil}},
		"lifetime as text":           {client: answering(set("expires_in", "1799")), want: attributes{"expires_in": json.Number("1799"), "expires_at": "2026-01-01T12:29:59Z"}},
		"lifetime as a fraction":     {client: answering(set("expires_in", raw("59.9"))), want: attributes{"expires_in": json.Number("59"), "expires_at": "2026-01-01T12:00:59Z"}},
		"lifetime by default":        {client: answering(omit("expires_in")), block: attributes{"default_expires_in": 90}, want: attributes{"expires_in": json.Number("90"), "expires_at": "2026-01-01T12:01:30Z"}},
		"lifetime, default not used": {block: attributes{"default_expires_in": 90}, want: attributes{"expires_in": json.Number("3600")}},
		"lifetime in the claims": {
			client: answering(omit("expires_in"), set("access_token", jwtOf(`{"exp":1767272400}`))),
			want:   attributes{"expires_in": json.Number("3600"), "expires_at": "2026-01-01T13:00:00Z"},
		},
		"no type":                  {client: answering(omit("token_type")), want: attributes{"token_type": nil}},
		"type by case":             {client: answering(set("token_type", "bearer"), set("access_token", "abc")), want: attributes{"token_type": "bearer", "authorization_header": "Bearer abc"}},
		"type of a vendor":         {client: answering(set("token_type", "Application Access Token"), set("access_token", "v^1.1#i")), want: attributes{"token_type": "Application Access Token", "authorization_header": "Bearer v^1.1#i"}},
		"scopes of the server":     {want: attributes{"scopes": []any{"read", "write"}}},
		"scopes as asked for":      {block: attributes{"scopes": []string{"write", "read"}}, client: answering(omit("scope")), want: attributes{"scopes": []any{"write", "read"}}},
		"scopes as a list":         {client: answering(set("scope", []string{"b", "a"})), want: attributes{"scopes": []any{"b", "a"}}},
		"scopes with a line break": {client: answering(set("scope", "a\n b")), want: attributes{"scopes": []any{"a", "b"}}},
		"scopes that are empty":    {client: answering(set("scope", "")), want: attributes{"scopes": []any{}}},
		"claims": {
			client: answering(set("access_token", jwtOf(`{"sub":"a","aud":["x","y"],"big":12345678901234567890,"float":0.1,"yes":true,"none":null,`+
				`"realm_access":{"roles":["r1",2,null,{"deep":[]}]},"empty":{}}`))),
			want: attributes{"claims": map[string]any{
				"sub": "a", "aud": []any{"x", "y"}, "big": json.Number("12345678901234567890"), "float": json.Number("0.1"), "yes": true, "none": nil,
				"realm_access": map[string]any{"roles": []any{"r1", json.Number("2"), nil, map[string]any{"deep": []any{}}}}, "empty": map[string]any{},
			}},
		},
		"claims that are a list":   {client: answering(set("access_token", jwtOf(`[1]`))), want: attributes{"claims": nil}},
		"dots, no JWT":             {client: answering(set("access_token", "a.b.c")), want: attributes{"claims": nil, "access_token": "a.b.c"}},
		"claims, number too large": {client: answering(set("access_token", jwtOf(`{"n":1e999}`))), want: attributes{"claims": map[string]any{"n": "1e999"}}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := row.client
			if client == nil {
				client = func(*authserver.Client) {}
			}
			srv := startServer(t, client)
			s := newSession(t, atNoon()).mustConfigure(providerBlock(srv))
			mustShow(t, "ephemeral", s.mustOpen(tokenType, row.block), row.want)
			mustShow(t, "data", s.mustRead(tokenType, row.block), row.want)
		})
	}
}

// mustShow compares the attributes in want.
func mustShow(t *testing.T, kind string, got, want attributes) {
	t.Helper()
	for name, value := range want {
		if !reflect.DeepEqual(got[name], value) {
			t.Errorf("%s: %s is %#v, want %#v", kind, name, got[name], value)
		}
	}
}

// TestOutputResponse holds that the ephemeral resource shows the whole answer,
// and the data source what of it is no token.
func TestOutputResponse(t *testing.T) {
	t.Parallel()
	srv := startServer(t, answering(
		authserver.Omit("scope"),
		authserver.Set("access_token", "AT"), authserver.Set("refresh_token", "RT"), authserver.Set("id_token", "IT"),
		authserver.Set("refresh", "RT2"), authserver.Set("idToken", "IT2"), authserver.Set("refresh_expires_in", 60),
		authserver.Set("copies", []string{"AT", "other"}), authserver.Set("nested", map[string]any{"token": "RT", "id": 7, "none": nil}),
		authserver.Set("instance_url", "https://eu.example.com"), authserver.Set("issued_at", "1767268800000"),
		authserver.Set("not-before-policy", 0), authserver.Set("mixed", []any{1, "a", nil, true, 1.5}),
	))
	s := newSession(t).mustConfigure(providerBlock(srv))
	public := map[string]any{
		"token_type": "Bearer", "expires_in": json.Number("3600"), "refresh_expires_in": json.Number("60"), "copies": []any{nil, "other"},
		"nested": map[string]any{"id": json.Number("7"), "none": nil}, "instance_url": "https://eu.example.com", "issued_at": "1767268800000",
		"not-before-policy": json.Number("0"), "mixed": []any{json.Number("1"), "a", nil, true, json.Number("1.5")},
	}
	mustShow(t, "data", s.mustRead(tokenType, nil), attributes{"response": public})

	whole := maps.Clone(public)
	whole["access_token"], whole["refresh_token"], whole["id_token"] = "AT", "RT", "IT"
	whole["refresh"], whole["idToken"] = "RT2", "IT2"
	whole["copies"] = []any{"AT", "other"}
	whole["nested"] = map[string]any{"token": "RT", "id": json.Number("7"), "none": nil}
	mustShow(t, "ephemeral", s.mustOpen(tokenType, nil), attributes{"response": whole})
}

// TestOutputNarrowerScopes holds that a grant of less than was asked for is seen.
// Terraform does not let an ephemeral resource change what is configured.
func TestOutputNarrowerScopes(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) { client.Granted = []string{"read"} })
	s := newSession(t).mustConfigure(providerBlock(srv))
	both := attributes{"scopes": []string{"read", "write"}}

	state, told := s.read(tokenType, both)
	mustShow(t, "data", state, attributes{"scopes": []any{"read"}})
	matchGolden(t, "warning, fewer scopes", told)
	mustShow(t, "ephemeral", s.open(tokenType, both).result, attributes{"scopes": []any{"read", "write"}})

	s = newSession(t).mustConfigure(providerBlock(srv, both))
	mustShow(t, "ephemeral", s.open(tokenType, nil).result, attributes{"scopes": []any{"read"}})
}

// TestOutputMinValidity holds when a token is used again, and what is said of one
// that does not live as long as it should.
func TestOutputMinValidity(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) { client.Lifetime = 10 * time.Minute })
	now := noon
	s := newSession(t, provider.WithNow(func() time.Time { return now })).mustConfigure(providerBlock(srv))
	steps := []struct {
		pass        time.Duration
		minValidity any
		requests    int
		warning     bool
	}{
		{0, nil, 1, false},
		{9 * time.Minute, nil, 1, false},                 // a minute is left: the usual least
		{time.Second, nil, 2, false},                     // 59 seconds are left
		{5 * time.Minute, "5m", 2, false},                // exactly five minutes are left
		{time.Second, "5m", 3, false},                    // less
		{9*time.Minute + 59*time.Second, "0s", 3, false}, // a second is left
		{time.Second, "0s", 4, false},                    // none is
		{0, "1h", 5, true},                               // never enough
		{0, "1h", 6, true},
		{0, nil, 6, false},
	}
	for i, step := range steps {
		now = now.Add(step.pass)
		got := s.open(tokenType, attributes{"min_validity": step.minValidity})
		if n := srv.Count(authserver.TokenEndpoint); n != step.requests {
			t.Errorf("step %d: %d requests, want %d", i, n, step.requests)
		}
		if warned := strings.Contains(got.diagnostics.String(), "Warning: Token valid for less than min_validity"); warned != step.warning {
			t.Errorf("step %d: warning %v, want %v:\n%s", i, warned, step.warning, got.diagnostics)
		}
		if step.warning {
			matchGolden(t, "warning, min_validity", got.diagnostics)
		}
	}
}

// TestOutputExpired holds that a token which has expired on arrival is warned about.
func TestOutputExpired(t *testing.T) {
	t.Parallel()
	srv := startServer(t, answering(authserver.Omit("expires_in"), authserver.Set("expires_at", "2001-01-01T00:00:00Z")))
	matchGolden(t, "warning, expired token", newSession(t).mustConfigure(providerBlock(srv)).open(tokenType, nil).diagnostics)
}

// TestOutputDPoP holds that a token which others cannot use is warned about.
func TestOutputDPoP(t *testing.T) {
	t.Parallel()
	srv := startServer(t, answering(authserver.Set("token_type", "DPoP"), authserver.Set("access_token", "abc")))
	got := newSession(t).mustConfigure(providerBlock(srv)).open(tokenType, nil)
	mustShow(t, "ephemeral", got.result, attributes{"authorization_header": "DPoP abc", "token_type": "DPoP"})
	matchGolden(t, "warning, DPoP", got.diagnostics)
}

// TestWarningOfLifetime checks the diagnostics about a lifetime that cannot be
// read, and that one in another spelling is read.
func TestWarningOfLifetime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer []authserver.Mutation
		block  attributes
		known  bool
	}{
		"warning, lifetime of words":  {answer: []authserver.Mutation{authserver.Set("expires_in", "very secret")}},
		"warning, lifetime with unit": {answer: []authserver.Mutation{authserver.Set("expires_in", "3600s")}},
		"warning, date without zone":  {answer: []authserver.Mutation{authserver.Set("expires_at", "2050-01-01 00:00:00")}},
		"warning, mapped to nothing":  {block: attributes{"response_fields": attributes{"expires_in": "/data/ttl"}}},
		"HTTP date": {
			answer: []authserver.Mutation{authserver.Set("ends", "Sat, 01 Jan 2050 00:00:00 GMT")},
			block:  attributes{"response_fields": attributes{"expires_at": "/ends"}}, known: true,
		},
		"assumed": {
			answer: []authserver.Mutation{authserver.Set("expires_in", "soon")}, block: attributes{"default_expires_in": 60}, known: true,
		},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, answering(append([]authserver.Mutation{authserver.Omit("expires_in")}, row.answer...)...))
			got := newSession(t).mustConfigure(providerBlock(srv)).open(tokenType, row.block)
			if known := got.result["expires_at"] != nil; known != row.known {
				t.Errorf("expires_at is %v", got.result["expires_at"])
			}
			if row.known {
				got.diagnostics.mustBeEmpty(t)
			} else {
				matchGolden(t, name, got.diagnostics)
			}
		})
	}
}

// TestFewerScopesGranted: RFC 6749 section 3.3 has the server name the scopes
// where they differ from those asked for. Nobody looks at an output for that, so it
// is said.
func TestFewerScopesGranted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		provider, block attributes
		answer          authserver.Mutation
		warned          bool
	}{
		"fewer":                     {nil, attributes{"scopes": []any{"read", "write"}}, authserver.Set("scope", "read"), true},
		"all, in another order":     {nil, attributes{"scopes": []any{"read", "write"}}, authserver.Set("scope", "write read"), false},
		"more":                      {nil, attributes{"scopes": []any{"read"}}, authserver.Set("scope", "read write"), false},
		"none named":                {nil, attributes{"scopes": []any{"read"}}, authserver.Omit("scope"), false},
		"fewer than the provider's": {attributes{"scopes": []any{"read", "write"}}, nil, authserver.Set("scope", "read"), true},
		"replaced by the parameter": {nil, attributes{"scopes": []any{"write"}, "parameters": attributes{"scope": "read"}}, authserver.Set("scope", "read"), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, answering(test.answer))
			opened := newSession(t).mustConfigure(providerBlock(srv, test.provider)).open(tokenType, test.block)
			if !test.warned {
				opened.diagnostics.mustBeEmpty(t)
				return
			}
			matchGolden(t, "warning, fewer scopes", opened.diagnostics)
		})
	}
}
