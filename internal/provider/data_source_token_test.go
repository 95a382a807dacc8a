// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// TestAccTokenData checks the outputs of the data source, a grant of less than was
// asked for among them.
func TestAccTokenData(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) {
		client.TokenFormat, client.Granted, client.RefreshLifetime = authserver.JWT, []string{"read"}, time.Hour
		client.TokenResponse = []authserver.Mutation{authserver.Set("session_state", "b1d2")}
	})
	state := func(check knownvalue.Check, path string, keys ...string) statecheck.StateCheck {
		at := tfjsonpath.New(path)
		for _, key := range keys {
			at = at.AtMapKey(key)
		}
		return statecheck.ExpectKnownValue("data.oauth2cc_token.test", at, check)
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
		statecheck.ExpectSensitiveValue("data.oauth2cc_token.test", tfjsonpath.New("access_token")),
		statecheck.ExpectSensitiveValue("data.oauth2cc_token.test", tfjsonpath.New("authorization_header")),
		statecheck.ExpectSensitiveValue("data.oauth2cc_token.test", tfjsonpath.New("response")),
	)
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
