// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"weak"

	framework "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// contextKey is the key of a value in the context of a call.
type contextKey struct{}

// TestEndedCall holds that nothing of a context is kept when its call has ended. The
// framework's own server keeps it: once it no longer does, callContext can go.
func TestEndedCall(t *testing.T) {
	t.Parallel()
	type fields struct{ names []string }
	tests := map[string]struct {
		server tfprotov6.ProviderServer
		kept   bool
	}{
		"this provider":   {provider.NewServer("test"), false},
		"any other one's": {providerserver.NewProtocol6(struct{ framework.Provider }{})(), true},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			value := &fields{names: []string{"tf_rpc"}}
			held := weak.Make(value)
			ctx := context.WithValue(t.Context(), contextKey{}, value)
			if _, err := row.server.CallFunction(ctx, &tfprotov6.CallFunctionRequest{Name: "none"}); err != nil {
				t.Fatal(err)
			}
			runtime.GC()
			if kept := held.Value() != nil; kept != row.kept {
				t.Errorf("kept: %t, want %t", kept, row.kept)
			}
			runtime.KeepAlive(row.server)
		})
	}
}

// TestStopDuringCall holds that a call that is running ends when the provider is stopped, or
// the caller leaves.
func TestStopDuringCall(t *testing.T) {
	t.Parallel()
	tests := map[string]func(s *session, leave context.CancelFunc){
		"stopped": func(s *session, _ context.CancelFunc) {
			if _, err := s.server.StopProvider(s.ctx, &tfprotov6.StopProviderRequest{}); err != nil {
				s.t.Error(err)
			}
		},
		"the caller leaves": func(_ *session, leave context.CancelFunc) { leave() },
	}
	for name, interrupt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.Hang())
			s := newSession(t).mustConfigure(providerBlock(srv))
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			s.ctx = ctx
			found := make(chan diagnostics)
			go func() { found <- s.open(tokenType, nil).diagnostics }()
			acctest.Eventually(t, "a token is requested", func() bool { return srv.Count(authserver.TokenEndpoint) > 0 })
			interrupt(s, leave)
			if text := (<-found).String(); !strings.Contains(text, "The request was cancelled") {
				t.Errorf("the call says %s", text)
			}
		})
	}
}
