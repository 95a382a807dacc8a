// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// closeAll ends what is open as the process does.
func closeAll(t *testing.T, cleanup *provider.Cleanup, within time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	cleanup.Close(ctx)
}

// TestCleanup holds that each token is revoked once, by Close or at the end,
// whichever comes first, and that none is handed out afterwards.
func TestCleanup(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	cleanup := new(provider.Cleanup)
	start := func() *session { // two provider blocks of one process
		return newSession(t, provider.WithCleanup(cleanup)).
			mustConfigure(providerBlock(srv, attributes{"revocation_endpoint": srv.RevocationURL()}))
	}
	first, second := start(), start()
	own := attributes{"revoke_on_close": true}
	closed := first.open(tokenType, own)
	first.close(t.Context(), closed).mustBeEmpty(t)
	left := first.open(tokenType, own)
	left.diagnostics.mustBeEmpty(t)
	second.open(tokenType, own).diagnostics.mustBeEmpty(t)
	mustHaveRevoked(t, srv.Requests(authserver.RevocationEndpoint), 1)

	closeAll(t, cleanup, time.Minute)
	mustHaveRevoked(t, srv.Requests(authserver.RevocationEndpoint), 3)
	first.close(t.Context(), left).mustBeEmpty(t)
	mustHaveRevoked(t, srv.Requests(authserver.RevocationEndpoint), 3)

	late := first.open(tokenType, own)
	if text := late.diagnostics.String(); !strings.Contains(text, "The provider is stopping") {
		t.Errorf("a token is handed out at the end: %s", text)
	}
	mustHaveRevoked(t, srv.Requests(authserver.RevocationEndpoint), 4)
}

// mustHaveRevoked checks that so many tokens were revoked, each once.
func mustHaveRevoked(t *testing.T, requests []authserver.Request, want int) {
	t.Helper()
	revoked := map[string]bool{}
	for _, request := range requests {
		revoked[request.Form().Get("token")] = request.Status == http.StatusOK
	}
	if len(requests) != want || len(revoked) != want {
		t.Fatalf("%d revocations of %d tokens, want %d", len(requests), len(revoked), want)
	}
}

// TestCleanupIsBounded: it does not wait for a server longer than it may, and an
// open thing that hangs keeps no other open.
func TestCleanupIsBounded(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	srv.Fail(authserver.RevocationEndpoint, 1, authserver.Hang())
	cleanup := new(provider.Cleanup)
	s := newSession(t, provider.WithCleanup(cleanup)).
		mustConfigure(providerBlock(srv, attributes{"revocation_endpoint": srv.RevocationURL()}))
	for range 3 {
		s.open(tokenType, attributes{"revoke_on_close": true}).diagnostics.mustBeEmpty(t)
	}
	start := time.Now()
	closeAll(t, cleanup, time.Second)
	if took := time.Since(start); took > 4*time.Second { // a session alone takes five
		t.Errorf("took %s", took)
	}
	answered := 0
	for _, request := range srv.Requests(authserver.RevocationEndpoint) {
		if request.Status == http.StatusOK {
			answered++
		}
	}
	if answered != 2 {
		t.Errorf("%d tokens are revoked, want two", answered)
	}
}

// TestInterruptedCloseRevokes: what is being closed when a run is interrupted is
// revoked nevertheless, and waited for.
func TestInterruptedCloseRevokes(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	asked, release := make(chan struct{}), make(chan struct{})
	srv.Override(authserver.RevocationEndpoint, func(http.ResponseWriter, *http.Request) bool {
		close(asked)
		<-release
		return false
	})
	cleanup := new(provider.Cleanup)
	s := newSession(t, provider.WithCleanup(cleanup)).
		mustConfigure(providerBlock(srv, attributes{"revocation_endpoint": srv.RevocationURL()}))
	token := s.open(tokenType, attributes{"revoke_on_close": true})
	ctx, interrupt := context.WithCancel(t.Context())
	closed := make(chan diagnostics, 1)
	go func() { closed <- s.close(ctx, token) }()
	<-asked
	interrupt()
	time.AfterFunc(100*time.Millisecond, func() { close(release) }) // the end has come before that
	closeAll(t, cleanup, time.Minute)
	mustHaveRevoked(t, srv.Requests(authserver.RevocationEndpoint), 1)
	(<-closed).mustBeEmpty(t)
}
