// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

const (
	requestType  = "oauth2cc_request"
	metadataType = "oauth2cc_server_metadata"
)

// TestSharedWithRequests holds that calls of an API use the token that others of
// the same provider block have.
func TestSharedWithRequests(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) { client.Scopes = []string{"api:read"} })
	s := newSession(t).mustConfigure(providerBlock(srv))
	s.mustOpen(tokenType, nil)
	orders := attributes{"url": srv.APIURL + "/orders"}
	mustShow(t, "ephemeral", s.mustOpen(requestType, orders), attributes{"status_code": json.Number("200")})
	mustShow(t, "data", s.mustRead(requestType, orders), attributes{"status_code": json.Number("200")})
	if n := srv.Count(authserver.TokenEndpoint); n != 1 {
		t.Errorf("%d token requests, want one", n)
	}
}

// TestNoTokenForRefusedRequest holds that no token is asked for where the request
// that it is for is not sent.
func TestNoTokenForRefusedRequest(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	s := newSession(t).mustConfigure(providerBlock(srv))
	got := s.open(requestType, attributes{"url": "http://api.example.com/orders"})
	matchGolden(t, "request, plaintext", got.diagnostics)
	mustCount(t, srv, 0)
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
