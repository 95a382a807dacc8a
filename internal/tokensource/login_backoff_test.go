// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// TestRefusedAtOnce: ten blocks that differ in their scope, or that want a token of
// their own, are still one failed login.
func TestRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for name, own := range map[string]bool{"shared": false, "own": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.next("/token", refusal, refusal, refusal, refusal, refusal, refusal, refusal, refusal)
			source := network.source()
			var group sync.WaitGroup
			for _, scope := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
				group.Go(func() {
					config := scoped(scope)
					config.RevocationEndpoint = "https://server.example.com/revoke"
					if _, err := source.Open(t.Context(), config, own); err == nil {
						t.Errorf("%s: a token", scope)
					}
				})
			}
			group.Wait()
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
	none := func(change func(*oauth2.TokenRequest)) tokensource.ClientConfig {
		config := client()
		config.TokenEndpointAuthMethod, config.ClientSecret = clientauth.None, secret.String{}
		change(&config.Request)
		return config
	}
	pairs := map[string]func(value string) tokensource.ClientConfig{
		"parameters": func(value string) tokensource.ClientConfig {
			return none(func(r *oauth2.TokenRequest) { r.Parameters = map[string]secret.String{"apikey": secret.New(value)} })
		},
		"headers": func(value string) tokensource.ClientConfig {
			return none(func(r *oauth2.TokenRequest) { r.Headers = map[string]secret.String{"Authorization": secret.New(value)} })
		},
		"body": func(value string) tokensource.ClientConfig {
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

// TestFirstLoginsGoAlone: until the server has issued a token, whatever came before
// it, one request at a time shows whether it accepts the client.
func TestFirstLoginsGoAlone(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]fault{
		"501":             status(501, ""),
		"500":             status(500, ""),
		"no connection":   unreachable,
		"dropped":         dropped,
		"certificate":     {failure: &httpstack.Error{Kind: httpstack.TLS}},
		"page in 200":     status(200, "<p>"),
		"invalid_request": status(400, `{"error":"invalid_request"}`),
		"invalid_scope":   status(400, `{"error":"invalid_scope"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newFlaky().fail("/token", before).fail("/token", repeated(9, status(401, ""))...)
				source := network.repeating(0)
				if _, err := source.Open(t.Context(), scoped("first"), false); err == nil {
					t.Error("a token")
				}
				release := make(chan struct{})
				network.before = func(httpstack.Request) { <-release }
				var group sync.WaitGroup
				for _, scope := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
					group.Go(func() {
						if _, err := source.Open(t.Context(), scoped(scope), false); err == nil {
							t.Errorf("%s: a token", scope)
						}
					})
				}
				synctest.Wait() // all requests that may be sent are
				close(release)
				group.Wait()
				network.mustCount(t, "/token", 2)
			})
		})
	}
}

// TestOutageIsShared by those who wait for the first of their client, so that they
// do not wait for a server that is down in turn. Later calls try again.
func TestOutageIsShared(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]fault{"dropped": dropped, "no response": noResponse, "503": unavailable} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newFlaky().fail("/token", repeated(4, outage)...)
				release := make(chan struct{})
				network.before = func(httpstack.Request) { <-release }
				source := tokensource.New(tokensource.Config{HTTP: network, Retries: httpstack.Retries{Max: 3, Timeout: httpstack.DefaultTimeout}})
				var group sync.WaitGroup
				for _, scope := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
					group.Go(func() {
						if _, err := source.Open(t.Context(), scoped(scope), false); err == nil {
							t.Errorf("%s: a token", scope)
						}
					})
				}
				synctest.Wait()
				close(release)
				group.Wait()
				network.mustCount(t, "/token", 4)
				if got := tokenFor(t, source, scoped("a")); got != "t1" {
					t.Errorf("got %s", got)
				}
			})
		})
	}
}

// TestRefusedGrantIsNotSentAgain: a wrong password of a user is one failed login,
// whatever the scopes, and another user of the same client is not affected.
func TestRefusedGrantIsNotSentAgain(t *testing.T) {
	t.Parallel()
	user := func(name, scope string) tokensource.ClientConfig {
		config := scoped(scope)
		config.Request.GrantType, config.Request.Parameters = "password", secrets("username", name, "password", "x")
		return config
	}
	for _, statusCode := range []int{http.StatusBadRequest, http.StatusUnauthorized} {
		network := newServer()
		network.next("/token", reply{statusCode, `{"error":"invalid_grant"}`})
		source := network.source()
		for _, scope := range []string{"a", "b", "c"} {
			if code := refusedCode(t, source, user("one", scope)); code != oauth2.InvalidGrant {
				t.Errorf("%s: got %q", scope, code)
			}
			if got := tokenFor(t, source, user("two", "a")); got != "t1" {
				t.Errorf("the other user got %s", got)
			}
		}
		if got := network.count("/token"); got != 2 {
			t.Errorf("%d requests", got)
		}
	}
}
