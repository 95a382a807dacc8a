// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

const (
	requestType  = "oauth2cc_request"
	proxyType    = "oauth2cc_proxy"
	jwtType      = "oauth2cc_jwt"
	metadataType = "oauth2cc_server_metadata"
)

// TestAccServerMetadata checks the outputs of the data source: of the provider's issuer,
// and of one that it names itself.
func TestAccServerMetadata(t *testing.T) {
	t.Parallel()
	srv, other := startServer(t), authservertest.Start(t, authserver.Config{
		NoMetadata: true, Clients: []authserver.Client{exampleClient()},
		Metadata: []authserver.Mutation{
			authserver.Set("mtls_endpoint_aliases", map[string]any{"token_endpoint": "https://mtls.example.com/token"}),
			authserver.Set("x_tenant", map[string]any{"id": 7}),
			authserver.Omit("revocation_endpoint"),
		},
	})
	const own, named = "data.oauth2cc_server_metadata.own", "data.oauth2cc_server_metadata.named"
	testSteps(t, refused(`data "oauth2cc_server_metadata" "own" {}`, "Missing attribute issuer"), resource.TestStep{
		Config: fmt.Sprintf(`
provider "oauth2cc" {
  issuer = %q
}

data "oauth2cc_server_metadata" "own" {
}

data "oauth2cc_server_metadata" "named" {
  issuer = %q
}
`, srv.Issuer(), other.Issuer()),
		ConfigStateChecks: []statecheck.StateCheck{
			known(own, knownvalue.StringExact(srv.Issuer()), "issuer"),
			known(own, knownvalue.StringExact(srv.TokenURL()), "token_endpoint"),
			known(own, knownvalue.StringExact(srv.RevocationURL()), "revocation_endpoint"),
			known(own, knownvalue.Null(), "mtls_endpoint_aliases"),
			known(own, knownvalue.ListPartial(map[int]knownvalue.Check{0: knownvalue.NotNull()}), "token_endpoint_auth_methods_supported"),
			known(own, knownvalue.StringExact(srv.TokenURL()), "document", "token_endpoint"),
			known(named, knownvalue.StringExact(other.Issuer()), "issuer"),
			known(named, knownvalue.Null(), "revocation_endpoint"),
			known(named, knownvalue.StringExact("https://mtls.example.com/token"), "mtls_endpoint_aliases", "token_endpoint"),
			known(named, knownvalue.Int64Exact(7), "document", "x_tenant", "id"),
		},
	})
}

// TestMetadataSharedWithTokens holds that a document which tokens need as well is
// fetched once.
func TestMetadataSharedWithTokens(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	s := newSession(t).mustConfigure(attributes{"issuer": srv.Issuer(), "client_id": clientID, "client_secret": clientSecret})
	mustShow(t, "data", s.mustRead(metadataType, nil), attributes{"token_endpoint": srv.TokenURL()})
	s.mustOpen(tokenType, nil)
	if n := srv.Count(authserver.Metadata); n != 1 {
		t.Errorf("%d requests of metadata, want one", n)
	}
}
