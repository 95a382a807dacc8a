// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// fuse is a clock that can be made to panic with a secret.
type fuse struct{ lit atomic.Bool }

func (f *fuse) option() provider.Option {
	return provider.WithNow(func() time.Time {
		if f.lit.Load() {
			panic(clientSecret)
		}
		return time.Now()
	})
}

// mustBeBug holds that the user is told of a bug, where it is, and nothing else.
func mustBeBug(t *testing.T, where string, got diagnostics) {
	t.Helper()
	text := got.String()
	if len(got) != 1 || got[0].Severity != tfprotov6.DiagnosticSeverityError || !strings.HasPrefix(text, "Error: This is a bug in the provider") {
		t.Fatalf("the user is told\n%s", text)
	}
	if !strings.Contains(text, "\n  "+where+" (") {
		t.Errorf("%s is not named:\n%s", where, text)
	}
	if strings.Contains(text, clientSecret) {
		t.Errorf("the secret is shown:\n%s", text)
	}
}

func TestPanicOfTheEnvironment(t *testing.T) {
	t.Parallel()
	s := newSession(t, provider.WithGetenv(func(string) string { panic(clientSecret) }))
	mustBeBug(t, "provider.(*Provider).Configure", s.configure(nil))
}

// TestPanicOfTheClock lets requests be made which are nobody else's, so that all
// of it happens where Terraform called.
func TestPanicOfTheClock(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	url := attributes{"url": srv.APIURL + "/orders", "authenticate": false}
	calls := map[string]struct {
		where string
		call  func(*session) diagnostics
	}{
		"ephemeral token": {"provider.(*tokenEphemeralResource).Open", func(s *session) diagnostics {
			return s.open(tokenType, attributes{"request_body": "grant_type=client_credentials"}).diagnostics
		}},
		"ephemeral request": {"provider.(*requestEphemeralResource).Open", func(s *session) diagnostics {
			return s.open(requestType, url).diagnostics
		}},
		"data request": {"provider.(*requestDataSource).Read", func(s *session) diagnostics {
			_, found := s.read(requestType, url)
			return found
		}},
		"action": {"provider.(*requestAction).Invoke", func(s *session) diagnostics { return s.invoke(requestType, url) }},
	}
	for name, row := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock fuse
			s := newSession(t, clock.option()).mustConfigure(providerBlock(srv))
			clock.lit.Store(true)
			mustBeBug(t, row.where, row.call(s))
			clock.lit.Store(false)
			if found := row.call(s); strings.Contains(found.String(), "bug") {
				t.Errorf("it does not recover:\n%s", found)
			}
		})
	}
}

// TestPanicOfASession holds the same of what happens to a session that is open:
// tokens are revoked side by side, each in a goroutine.
func TestPanicOfASession(t *testing.T) {
	t.Parallel()
	srv := startServer(t, func(client *authserver.Client) { client.RefreshLifetime = 2 * time.Hour })
	tests := map[string]struct {
		config attributes
		where  string
		end    func(*session, opened) diagnostics
	}{
		"Renew": {attributes{"keep_alive": true, "revoke_on_close": true}, "provider.(*tokenEphemeralResource).Renew", renewToken},
		"Close": {attributes{"revoke_on_close": true}, "tokensource.(*Session).Close", closeToken},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock fuse
			s := newSession(t, clock.option()).mustConfigure(providerBlock(srv, attributes{"revocation_endpoint": srv.RevocationURL()}))
			resource := s.open(tokenType, row.config)
			resource.diagnostics.mustBeEmpty(t)
			clock.lit.Store(true)
			mustBeBug(t, row.where, row.end(s, resource))
		})
	}
}

// invoke invokes an action.
func (s *session) invoke(typeName string, config attributes) diagnostics {
	s.t.Helper()
	_, found := s.invokeShowing(typeName, config)
	return found
}

// invokeShowing invokes an action and also returns the messages of its progress.
func (s *session) invokeShowing(typeName string, config attributes) (messages []string, found diagnostics) {
	s.t.Helper()
	stream, err := s.server.InvokeAction(s.ctx, &tfprotov6.InvokeActionRequest{
		ActionType: typeName,
		Config:     s.encode(s.schema.ActionSchemas[typeName].Schema, config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			messages = append(messages, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			found = event.Diagnostics
		}
	}
	return messages, found
}

// renewToken and closeToken are operations on a token.
func renewToken(s *session, token opened) diagnostics {
	_, found := s.renew(tokenType, token)
	return found
}

func closeToken(s *session, token opened) diagnostics {
	return s.close(s.ctx, token)
}
