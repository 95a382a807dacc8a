// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// TestAccTokenEphemeral echoes the outputs of the ephemeral resource: of an opaque
// token, and of a JWT that comes with nothing else.
func TestAccTokenEphemeral(t *testing.T) {
	t.Parallel()
	opaque := startServer(t)
	odd := startServer(t, func(client *authserver.Client) {
		client.Lifetime, client.TokenFormat = 0, authserver.JWT
		client.TokenResponse = []authserver.Mutation{
			authserver.Omit("token_type", "scope"),
			authserver.Set("nested", map[string]any{"list": []any{1, "a", nil}, "none": nil}),
		}
	})
	testStep(t, hclProvider(opaque)+fmt.Sprintf(`
ephemeral "oauth2cc_token" "opaque" {
}

ephemeral "oauth2cc_token" "odd" {
  token_endpoint = %q
  scopes         = ["write", "read"]
}
`+echo(`{
    opaque = ephemeral.oauth2cc_token.opaque
    odd    = ephemeral.oauth2cc_token.odd
    valid  = ephemeral.oauth2cc_token.opaque.authorization_header == "Bearer ${ephemeral.oauth2cc_token.opaque.access_token}"
  }`), odd.TokenURL()),
		echoed(knownvalue.Bool(true), "valid"),
		echoed(matches(`[A-Z2-7]{26}`), "opaque", "access_token"),
		echoed(knownvalue.StringExact("Bearer"), "opaque", "token_type"),
		echoed(matches(`Bearer [A-Z2-7]{26}`), "opaque", "authorization_header"),
		echoed(knownvalue.Int64Exact(3600), "opaque", "expires_in"),
		echoed(matches(instantPattern), "opaque", "expires_at"),
		echoed(texts("read", "write"), "opaque", "scopes"),
		echoed(knownvalue.Null(), "opaque", "claims"),
		echoed(knownvalue.StringExact("read write"), "opaque", "response", "scope"),

		echoed(knownvalue.Null(), "odd", "token_type"),
		echoed(matches(`Bearer eyJ.*`), "odd", "authorization_header"),
		echoed(knownvalue.Null(), "odd", "expires_in"),
		echoed(knownvalue.Null(), "odd", "expires_at"),
		echoed(texts("write", "read"), "odd", "scopes"),
		echoed(knownvalue.StringExact(odd.Issuer()), "odd", "claims", "iss"),
		echoed(knownvalue.StringExact("write read"), "odd", "claims", "scope"),
		echoed(knownvalue.TupleExact([]knownvalue.Check{knownvalue.StringExact(odd.Issuer())}), "odd", "claims", "aud"),
		echoed(knownvalue.Null(), "odd", "response", "nested", "none"),
	)
}

// TestAccTokenForEachClient holds that each instance can be a client of its own,
// with servers and methods of its own.
func TestAccTokenForEachClient(t *testing.T) {
	t.Parallel()
	basic := startServer(t)
	post := startServer(t, func(client *authserver.Client) { client.AuthMethod = authserver.ClientSecretPost })
	raw := startServer(t, func(client *authserver.Client) {
		client.ID, client.Secret, client.BasicEncoding = "sb-x|app!t1", "a+b/c=", authserver.RawEncoding
	})
	testStep(t, fmt.Sprintf(`
locals {
  clients = {
    basic = { issuer = %q, id = %[2]q, secret = %[3]q, method = null, encoding = null }
    post  = { issuer = %[4]q, id = %[2]q, secret = %[3]q, method = "client_secret_post", encoding = null }
    raw   = { issuer = %[5]q, id = "sb-x|app!t1", secret = "a+b/c=", method = "client_secret_basic", encoding = "raw" }
  }
}

ephemeral "oauth2cc_token" "test" {
  for_each                     = local.clients
  issuer                       = each.value.issuer
  client_id                    = each.value.id
  client_secret                = each.value.secret
  token_endpoint_auth_method   = each.value.method
  client_secret_basic_encoding = each.value.encoding
}
`+echo(`{ for name, token in ephemeral.oauth2cc_token.test : name => token.access_token }`), basic.Issuer(), clientID, clientSecret, post.Issuer(), raw.Issuer()),
		echoed(matches(`[A-Z2-7]{26}`), "basic"),
		echoed(matches(`[A-Z2-7]{26}`), "post"),
		echoed(matches(`[A-Z2-7]{26}`), "raw"),
	)
}

// TestAccIssuer holds that either well-known address will do, below a path too, and that
// the metadata is fetched once for a hundred tokens.
func TestAccIssuer(t *testing.T) {
	t.Parallel()
	servers := map[string]*authservertest.Server{}
	for name, config := range map[string]authserver.Config{
		"rfc8414":      {NoOpenIDMetadata: true},
		"openid":       {NoMetadata: true},
		"rfc8414_path": {Issuer: "/tenant/a", NoOpenIDMetadata: true},
		"openid_path":  {Issuer: "/tenant/a", NoMetadata: true},
	} {
		config.Clients = []authserver.Client{exampleClient()}
		servers[name] = authservertest.Start(t, config)
	}
	config := fmt.Sprintf("provider \"oauth2cc\" {\n  client_id = %q\n  client_secret = %q\n}\n", clientID, clientSecret)
	var types []string
	var checks []statecheck.StateCheck
	for name, srv := range servers {
		config += fmt.Sprintf("ephemeral \"oauth2cc_token\" %q {\n  count = %d\n  issuer = %q\n}\n", name, blocksOfEach, srv.Issuer())
		types = append(types, name+" = ephemeral.oauth2cc_token."+name+"[0].token_type")
		checks = append(checks, echoed(knownvalue.StringExact("Bearer"), name))
	}
	testStep(t, config+echo("{ "+strings.Join(types, ", ")+" }"), checks...)
	for name, srv := range servers {
		// Each walk is a provider of its own, and asks once at each address it tries.
		if found, tokens := srv.Count(authserver.Metadata, authserver.OpenIDMetadata), srv.Count(authserver.TokenEndpoint); found != tokens {
			t.Errorf("%s: %d documents and %d tokens were requested", name, found, tokens)
		}
	}
}

// TestWarningOfRevocation checks the diagnostics if tokens stay valid.
func TestWarningOfRevocation(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer http.Handler
		block  attributes
		within time.Duration
	}{
		"warning, revocation refused":       {answer: authserver.OAuthError(400, "unsupported_token_type", "JWTs cannot be revoked")},
		"warning, revocation timed out":     {answer: authserver.Hang(), block: attributes{"timeout": "100ms"}},
		"warning, revocation not in time":   {answer: authserver.Hang(), within: 100 * time.Millisecond},
		"warning, no revocation connection": {block: attributes{"revocation_endpoint": "https://127.0.0.1:1"}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, answering(authserver.Set("refresh_token", "tGzv3JOkF0XG5Qx2TlKWIA")))
			if row.answer != nil {
				srv.Fail(authserver.RevocationEndpoint, authserver.Always, row.answer)
			}
			s := newSession(t).mustConfigure(providerBlock(srv, attributes{"revocation_endpoint": srv.RevocationURL()}, row.block))
			got := s.open(tokenType, attributes{"revoke_on_close": true})
			got.diagnostics.mustBeEmpty(t)
			ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(row.within, time.Minute))
			defer cancel()
			matchGolden(t, name, s.close(ctx, got))
		})
	}
}

// TestWarningOfRenewal checks the diagnostics if a session is not kept alive,
// and that it is tried again for as long as the refresh token lives.
func TestWarningOfRenewal(t *testing.T) {
	t.Parallel()
	srv := startServer(t, answering(
		authserver.Set("expires_in", 60), authserver.Set("refresh_token", "tGzv3JOkF0XG5Qx2TlKWIA"), authserver.Set("refresh_expires_in", 1800),
	))
	now := noon
	s := newSession(t, provider.WithNow(func() time.Time { return now })).mustConfigure(providerBlock(srv))
	got := s.open(tokenType, attributes{"keep_alive": true})
	got.diagnostics.mustBeEmpty(t)
	srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.OAuthError(503, "temporarily_unavailable", ""))
	for now = got.RenewAt; now.Before(noon.Add(30 * time.Minute)); {
		at, diagnostics := s.renew(tokenType, got)
		matchGolden(t, "warning, renewal", diagnostics)
		if !at.After(now) {
			t.Fatalf("given up after %s", now.Sub(noon))
		}
		now = at
	}
}

// TestUnknownCache holds that a cache which is not known yet is in the way of
// tokens alone.
func TestUnknownCache(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	s := newSession(t).mustConfigure(providerBlock(srv, attributes{"cache": attributes{"type": "file", "path": unknown}}))
	s.mustOpen(requestType, attributes{"url": srv.APIURL + "/", "authenticate": false, "expected_status_codes": []any{401, 404}})
	matchGolden(t, "unknown cache", s.open(tokenType, nil).diagnostics)
	if got := srv.Count(authserver.TokenEndpoint); got != 0 {
		t.Errorf("%d token requests", got)
	}
}
