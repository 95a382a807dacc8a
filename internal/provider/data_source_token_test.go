// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// TestAccTokenData checks the outputs of the data source, a grant of less than was
// asked for among them.
func TestAccTokenData(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) {
		client.TokenFormat, client.Granted, client.RefreshLifetime = authserver.JWT, []string{"read"}, time.Hour
		client.TokenResponse = []authserver.Mutation{authserver.Set("session_state", "b1d2")}
	})
	const address = "data.oauth2cc_token.test"
	state := func(check knownvalue.Check, path ...string) statecheck.StateCheck {
		return known(address, check, path...)
	}
	testStep(t, hclProvider(srv)+`
data "oauth2cc_token" "test" {
  scopes = ["read", "write"]
}
`,
		state(matches(`eyJ.*`), "access_token"),
		state(matches(`Bearer eyJ.*`), "authorization_header"),
		state(knownvalue.StringExact("Bearer"), "token_type"),
		state(knownvalue.Int64Exact(3600), "expires_in"),
		state(matches(instantPattern), "expires_at"),
		state(texts("read"), "scopes"),
		state(knownvalue.StringExact(clientID), "claims", "client_id"),
		state(knownvalue.ObjectExact(map[string]knownvalue.Check{
			"token_type": knownvalue.StringExact("Bearer"), "expires_in": knownvalue.Int64Exact(3600),
			"scope": knownvalue.StringExact("read"), "session_state": knownvalue.StringExact("b1d2"),
		}), "response"),
		statecheck.ExpectSensitiveValue(address, tfjsonpath.New("access_token")),
		statecheck.ExpectSensitiveValue(address, tfjsonpath.New("authorization_header")),
		statecheck.ExpectSensitiveValue(address, tfjsonpath.New("response")),
	)
}

// TestAccTokenDataRetries holds that a data source is read once the server is available
// again, and what Terraform shows where it does not become available, or refuses the
// client.
func TestAccTokenDataRetries(t *testing.T) {
	t.Parallel()
	one, five, forty := "", "count = 5\n  scopes = [\"s${count.index}\"]", "count = 40\n  scopes = [\"s${count.index}\"]"
	page, xml := http.Header{"Content-Type": {"text/html"}}, http.Header{"Content-Type": {"application/xml"}}
	tests := map[string]struct {
		block string
		fault http.Handler
		times int
		want  int    // requests of one walk
		says  string // empty where it succeeds
	}{
		"503 twice":             {one, later(503, "0"), 2, 3, ""},
		"503 always":            {one, later(503, "0"), authserver.Always, 4, "Tried 4 times over"},
		"429 as asked":          {one, later(429, "1"), 1, 2, ""},
		"invalid_client":        {one, authserver.OAuthError(401, "invalid_client", ""), authserver.Always, 1, "invalid_client"},
		"invalid_client in 503": {one, authserver.OAuthError(503, "invalid_client", ""), authserver.Always, 1, "invalid_client"},
		"an hour":               {one, later(503, "3600"), authserver.Always, 1, "asked to retry in 1h0m0s, at 2"},
		"an hour, for many":     {forty, later(429, "3600"), authserver.Always, 1, "asked to retry in 1h0m0s"},
		"403, nothing":          {five, authserver.Respond(403, nil, ""), authserver.Always, 1, "403 Forbidden"},
		"400, XML":              {five, authserver.Respond(400, xml, "<error><code>17</code></error>"), authserver.Always, 1, "400 Bad Request"},
		"401, page":             {five, authserver.Respond(401, page, "<html><title>Sign in</title></html>"), authserver.Always, 1, "401 Unauthorized"},
	}
	var steps []resource.TestStep
	servers := map[string]*authservertest.Server{}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		row := tests[name]
		servers[name] = startServer(t)
		servers[name].Fail(authserver.TokenEndpoint, row.times, row.fault)
		config := hclProvider(servers[name]) + "data \"oauth2cc_token\" \"test\" {\n  " + row.block + "\n}\n"
		if row.says == "" {
			steps = append(steps, resource.TestStep{Config: config})
		} else {
			steps = append(steps, refused(config, row.says))
		}
	}
	testSteps(t, steps...)
	for name, row := range tests {
		requests := servers[name].Requests(authserver.TokenEndpoint)
		if row.says == "" { // each further walk sends one more
			requests = requests[:1+slices.IndexFunc(requests, func(r authserver.Request) bool { return r.Status == http.StatusOK })]
		}
		if len(requests) != row.want {
			t.Errorf("%s: %d requests, want %d", name, len(requests), row.want)
		}
	}
}

// TestErrorOfDataSource holds that attributes a data source does not have are not
// pointed at, and that its way around unknown values is another.
func TestErrorOfDataSource(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	srv.Fail(authserver.TokenEndpoint, 1, authserver.OAuthError(401, "invalid_client", ""))
	_, got := newSession(t).mustConfigure(providerBlock(srv)).read(tokenType, nil)
	matchGolden(t, "data source, invalid_client", got)

	_, got = newSession(t).mustConfigure(providerBlock(srv, attributes{"client_id": unknown})).read(tokenType, nil)
	matchGolden(t, "data source, unknown in provider", got)
}
