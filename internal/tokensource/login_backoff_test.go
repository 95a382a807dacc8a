// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"sync"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// TestRefusedAtOnce: ten blocks that differ in their scope, or that want a token of
// their own, are one failed login all the same.
func TestRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for name, own := range map[string]bool{"shared": false, "own": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.next("/token", refusal, refusal, refusal, refusal, refusal, refusal, refusal, refusal)
			source := network.source()
			var asking sync.WaitGroup
			for _, scope := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
				asking.Go(func() {
					asked := scoped(scope)
					asked.RevocationEndpoint = "https://server.example.com/revoke"
					if _, err := source.Open(t.Context(), asked, own); err == nil {
						t.Errorf("%s: a token", scope)
					}
				})
			}
			asking.Wait()
			if got := network.count("/token"); got != 1 {
				t.Errorf("%d failed logins", got)
			}
		})
	}
}

// TestRefusedClientIsNotAnother: credentials may be parameters, header fields or a
// body, and then tell clients apart.
func TestRefusedClientIsNotAnother(t *testing.T) {
	t.Parallel()
	none := func(change func(*oauth2.TokenRequest)) tokensource.Client {
		asked := client()
		asked.TokenEndpointAuthMethod, asked.ClientSecret = clientauth.None, secret.String{}
		change(&asked.Request)
		return asked
	}
	pairs := map[string]func(value string) tokensource.Client{
		"parameters": func(value string) tokensource.Client {
			return none(func(r *oauth2.TokenRequest) { r.Parameters = map[string]secret.String{"apikey": secret.New(value)} })
		},
		"headers": func(value string) tokensource.Client {
			return none(func(r *oauth2.TokenRequest) { r.Headers = map[string]secret.String{"Authorization": secret.New(value)} })
		},
		"body": func(value string) tokensource.Client {
			return none(func(r *oauth2.TokenRequest) { r.Body = secret.New(value) })
		},
	}
	for name, with := range pairs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.next("/token", refusal)
			source := network.source()
			if _, err := source.Open(t.Context(), with("wrong"), false); err == nil {
				t.Error("a token for the wrong one")
			}
			if got := tokenFor(t, source, with("right")); got != "t1" {
				t.Errorf("got %s", got)
			}
		})
	}
}
