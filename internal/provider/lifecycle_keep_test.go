// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// TestWarningOfRevocation holds what a user is told where tokens stay valid.
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

// TestWarningOfRenewal holds what a user is told where a session is not kept alive,
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
