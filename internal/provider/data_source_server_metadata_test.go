// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

const (
	requestType  = "oauth2cc_request"
	metadataType = "oauth2cc_server_metadata"
)

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
