// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

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
