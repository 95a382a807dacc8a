// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

func TestOneRequestForAllWhoAskAtOnce(t *testing.T) {
	t.Parallel()
	for name, members := range map[string]string{"known lifetime": `,"expires_in":3600`, "unknown lifetime": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newServer()
				network.members, network.gate = members, make(chan struct{})
				source := network.source()
				var group sync.WaitGroup
				for range 100 {
					group.Go(func() {
						if got := tokenFor(t, source, client()); got != "t1" {
							t.Errorf("got %s", got)
						}
					})
				}
				synctest.Wait()
				close(network.gate)
				group.Wait()
				if got := network.count("/token"); got != 1 {
					t.Errorf("%d requests", got)
				}
			})
		})
	}
}

// TestOneRequestOverTheWire is the same with the HTTP stack and a server.
func TestOneRequestOverTheWire(t *testing.T) {
	t.Parallel()
	server := authservertest.Start(t, authserver.Config{Clients: []authserver.Client{
		{ID: "s6BhdRkqt3", Secret: "gX1fBat3bV", Scopes: []string{"api:read"}, Lifetime: time.Hour},
	}})
	stack, err := httpstack.New(httpstack.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stack.CloseIdleConnections)
	source := tokensource.New(tokensource.Config{HTTP: stack})
	config := scoped("api:read")
	config.Issuer, config.TokenEndpoint = server.Issuer(), ""
	tokens := make([]string, 100)
	var group sync.WaitGroup
	for i := range tokens {
		group.Go(func() {
			session, err := source.Open(t.Context(), config, false)
			if err != nil {
				t.Error(err)
				return
			}
			tokens[i] = session.Token().AccessToken.Reveal()
		})
	}
	group.Wait()
	if got := server.Count(authserver.TokenEndpoint); got != 1 {
		t.Errorf("%d token requests", got)
	}
	if got := server.Count(authserver.Metadata); got != 1 {
		t.Errorf("%d metadata requests", got)
	}
	if got := slices.Compact(tokens); len(got) != 1 || got[0] == "" {
		t.Errorf("%d different tokens", len(got))
	}
}

// TestWaiterLeavesAlone: a caller that gives up does not fail the others, even if it
// was the first.
func TestWaiterLeavesAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newServer()
		network.gate = make(chan struct{})
		source := network.source()
		first, leave := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := source.Open(first, client(), false); !errors.Is(err, context.Canceled) {
				t.Errorf("the one who left got %v", err)
			}
		})
		synctest.Wait()
		group.Go(func() {
			if got := tokenFor(t, source, client()); got != "t1" {
				t.Errorf("the one who stayed got %s", got)
			}
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		close(network.gate)
		group.Wait()
		if got := network.count("/token"); got != 1 {
			t.Errorf("%d requests", got)
		}
	})
}

func TestReuse(t *testing.T) {
	t.Parallel()
	minValidity := func(duration time.Duration) *time.Duration { return &duration }
	tests := map[string]struct {
		members string
		min     *time.Duration
		passed  time.Duration
		reused  bool
	}{
		"fresh":                              {`,"expires_in":3600`, nil, 0, true},
		"a minute left":                      {`,"expires_in":3600`, nil, 59 * time.Minute, true},
		"less than a minute left":            {`,"expires_in":3600`, nil, 59*time.Minute + 1, false},
		"a tenth left of a short one":        {`,"expires_in":100`, nil, 90 * time.Second, true},
		"less than a tenth left of it":       {`,"expires_in":100`, nil, 90*time.Second + 1, false},
		"min_validity left":                  {`,"expires_in":3600`, minValidity(50 * time.Minute), 10 * time.Minute, true},
		"less than min_validity left":        {`,"expires_in":3600`, minValidity(50 * time.Minute), 10*time.Minute + 1, false},
		"min_validity longer than its life":  {`,"expires_in":3600`, minValidity(2 * time.Hour), 0, false},
		"min_validity of zero, last instant": {`,"expires_in":3600`, minValidity(0), time.Hour - 1, true},
		"min_validity of zero, expired":      {`,"expires_in":3600`, minValidity(0), time.Hour, false},
		"unknown lifetime":                   {``, nil, 0, false},
		"unknown lifetime, min_validity":     {``, minValidity(0), 0, false},
		"expired on arrival":                 {`,"expires_at":1300815779`, minValidity(0), 0, false},
		"long expired":                       {`,"expires_in":3600`, nil, 100 * time.Hour, false},
		"clock set back":                     {`,"expires_in":3600`, nil, -time.Hour, false},
		"clock set back by seconds":          {`,"expires_in":3600`, nil, -30 * time.Second, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.members = test.members
			source := network.source()
			tokenFor(t, source, client())
			network.pass(test.passed)
			again := client()
			again.MinValidity = test.min
			want := "t2"
			if test.reused {
				want = "t1"
			}
			if got := tokenFor(t, source, again); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// TestReplacedTokenIsShared: one that is no longer good enough for somebody is
// replaced for all.
func TestReplacedTokenIsShared(t *testing.T) {
	t.Parallel()
	network := newServer()
	source := network.source()
	tokenFor(t, source, client())
	network.pass(30 * time.Minute)
	config, longer := client(), 45*time.Minute
	config.MinValidity = &longer
	if got := tokenFor(t, source, config); got != "t2" {
		t.Errorf("got %s", got)
	}
	if got := tokenFor(t, source, client()); got != "t2" {
		t.Errorf("got %s", got)
	}
}

// TestWhatMakesADifference: clients that could get different tokens do not share
// one. Each row changes one input.
func TestWhatMakesADifference(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*tokensource.ClientConfig){
		"token_endpoint":               func(c *tokensource.ClientConfig) { c.TokenEndpoint += "?tenant=b" },
		"client_id":                    func(c *tokensource.ClientConfig) { c.ClientID = "other" },
		"client_secret":                func(c *tokensource.ClientConfig) { c.ClientSecret = secret.New("other") },
		"token_endpoint_auth_method":   func(c *tokensource.ClientConfig) { c.TokenEndpointAuthMethod = "client_secret_post" },
		"client_secret_basic_encoding": func(c *tokensource.ClientConfig) { c.ClientSecretBasicEncoding = "raw" },
		"grant_type":                   func(c *tokensource.ClientConfig) { c.Request.GrantType = "other" },
		"no grant_type":                func(c *tokensource.ClientConfig) { c.Request.GrantType = "" },
		"another scope":                func(c *tokensource.ClientConfig) { c.Request.Scopes = []string{"a", "c"} },
		"scopes in another order":      func(c *tokensource.ClientConfig) { c.Request.Scopes = []string{"b", "a"} },
		"scopes in one":                func(c *tokensource.ClientConfig) { c.Request.Scopes = []string{"a b"} },
		"no scopes":                    func(c *tokensource.ClientConfig) { c.Request.Scopes = nil },
		"audience":                     func(c *tokensource.ClientConfig) { c.Request.Audience = "other" },
		"no audience":                  func(c *tokensource.ClientConfig) { c.Request.Audience = "" },
		"resources":                    func(c *tokensource.ClientConfig) { c.Request.Resources = []string{"urn:b"} },
		"scope as a resource": func(c *tokensource.ClientConfig) {
			c.Request.Scopes, c.Request.Resources = nil, []string{"a", "b", "urn:a"}
		},
		"value of a parameter": func(c *tokensource.ClientConfig) { c.Request.Parameters = secrets("p", "2", "q", "1") },
		"name of a parameter":  func(c *tokensource.ClientConfig) { c.Request.Parameters = secrets("P", "1", "q", "1") },
		"removed parameter":    func(c *tokensource.ClientConfig) { c.Request.Parameters = secrets("p", "", "q", "1") },
		"no parameters":        func(c *tokensource.ClientConfig) { c.Request.Parameters = nil },
		"header":               func(c *tokensource.ClientConfig) { c.Request.Headers = secrets("X-Tenant", "b") },
		"parameter as a header": func(c *tokensource.ClientConfig) {
			c.Request.Headers = secrets("X-Tenant", "a", "p", "1")
			delete(c.Request.Parameters, "p")
		},
		"parameters_in": func(c *tokensource.ClientConfig) { c.Request.ParametersIn = oauth2.InJSON },
		"method":        func(c *tokensource.ClientConfig) { c.Request.Method = http.MethodPut },
		"response_fields": func(c *tokensource.ClientConfig) {
			c.Request.Fields = oauth2.Fields{"access_token": jsonpointer.MustParse("/access_token")}
		},
		"default_expires_in": func(c *tokensource.ClientConfig) { c.Request.DefaultLifetime = time.Minute },
	}
	whole := func() tokensource.ClientConfig {
		c := scoped("a", "b")
		c.Request.Audience, c.Request.Resources = "https://api.example.com", []string{"urn:a"}
		c.Request.Parameters, c.Request.Headers = secrets("p", "1", "q", "1"), secrets("X-Tenant", "a")
		return c
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			source := network.source()
			tokenFor(t, source, whole())
			other := whole()
			change(&other)
			if got := tokenFor(t, source, other); got != "t2" {
				t.Errorf("shared %s", got)
			}
			if got := tokenFor(t, source, other); got != "t2" {
				t.Errorf("does not find its own again, got %s", got)
			}
			if got := tokenFor(t, source, whole()); got != "t1" {
				t.Errorf("the first one is now %s", got)
			}
		})
	}
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		network := newServer()
		source := network.source()
		for range 50 { // maps are iterated in another order each time
			again := whole()
			again.Request.Parameters = maps.Clone(again.Request.Parameters)
			if got := tokenFor(t, source, again); got != "t1" {
				t.Fatalf("got %s", got)
			}
		}
	})
}

// TestMethodInferredOrSetIsTheSame: what is settled counts, not how it was.
func TestMethodInferredOrSetIsTheSame(t *testing.T) {
	t.Parallel()
	network := newServer()
	source := network.source()
	tokenFor(t, source, client())
	set := client()
	set.TokenEndpointAuthMethod = "client_secret_basic"
	if got := tokenFor(t, source, set); got != "t1" {
		t.Errorf("got %s", got)
	}
}

// TestBodyIsNeverShared: it may hold a code that is good for one use.
func TestBodyIsNeverShared(t *testing.T) {
	t.Parallel()
	network := newServer()
	source := network.source()
	config := client()
	config.Request.Body = secret.New("grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA")
	for _, want := range []string{"t1", "t2"} {
		if got := tokenFor(t, source, config); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := tokenFor(t, source, client()); got != "t3" {
		t.Errorf("without a body: got %s", got)
	}
}

var refusal = reply{http.StatusUnauthorized, `{"error":"invalid_client","error_description":"no"}`}

// refusedCode returns the error code that a client gets.
func refusedCode(t *testing.T, source *tokensource.Source, config tokensource.ClientConfig) string {
	t.Helper()
	_, err := source.Open(t.Context(), config, false)
	refused, ok := errors.AsType[*oauth2.Error](err)
	if !ok {
		return ""
	}
	fetch, ok := errors.AsType[*tokensource.FetchError](err)
	if !ok || fetch.Client.TokenEndpointAuthMethod != "client_secret_basic" || fetch.Client.Request.Endpoint != tokenURL {
		t.Errorf("the error does not name the client and the endpoint: %+v", err)
	}
	return refused.Code
}

// TestRefusedClientIsNotSentAgain for thirty seconds: some servers lock a client
// after five failures.
func TestRefusedClientIsNotSentAgain(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.next("/token", refusal, refusal)
	source := network.source()
	for _, step := range []struct {
		passed time.Duration
		want   int
	}{{0, 1}, {0, 1}, {30*time.Second - 1, 1}, {1, 2}, {time.Second, 2}} {
		network.pass(step.passed)
		if code := refusedCode(t, source, client()); code != oauth2.InvalidClient {
			t.Errorf("got %q", code)
		}
		if got := network.count("/token"); got != step.want {
			t.Errorf("%s later: %d requests, want %d", step.passed, got, step.want)
		}
	}
	network.pass(time.Minute)
	if got := tokenFor(t, source, client()); got != "t1" {
		t.Errorf("once it is known: %s", got)
	}
}

func TestRefusedClientWithAnotherSecretIsSent(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.next("/token", refusal)
	source := network.source()
	refusedCode(t, source, client())
	mended := client()
	mended.ClientSecret = secret.New("7Fjfp0ZBr1KtDRbnfVdmIw")
	if got := tokenFor(t, source, mended); got != "t1" {
		t.Errorf("got %s", got)
	}
}

// TestRefusedClientIsNotSentForOtherScopes: the server did not know the client,
// whatever it requested. A run has many tokens of one client.
func TestRefusedClientIsNotSentForOtherScopes(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.next("/token", refusal, refusal, refusal)
	source := network.source()
	for _, scope := range []string{"a", "b", "c"} {
		if code := refusedCode(t, source, scoped(scope)); code != oauth2.InvalidClient {
			t.Errorf("%s: got %q", scope, code)
		}
	}
	if got := network.count("/token"); got != 1 {
		t.Errorf("%d failed logins", got)
	}
}

// TestRefusalInOtherWordsIsRemembered: Keycloak has another code for it, and some
// servers none.
func TestRefusalInOtherWordsIsRemembered(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"error":"unauthorized_client"}`, ""} {
		network := newServer()
		network.next("/token", reply{http.StatusUnauthorized, body}, refusal)
		source := network.source()
		for range 2 {
			if _, err := source.Open(t.Context(), client(), false); err == nil {
				t.Errorf("%q is a token", body)
			}
		}
		if got := network.count("/token"); got != 1 {
			t.Errorf("%q: %d failed logins", body, got)
		}
	}
}

// TestOtherErrorsAreNotRemembered: they may be over.
func TestOtherErrorsAreNotRemembered(t *testing.T) {
	t.Parallel()
	for _, given := range []reply{
		{http.StatusBadRequest, `{"error":"invalid_scope"}`}, {http.StatusServiceUnavailable, ""}, {http.StatusOK, "<html>"},
	} {
		network := newServer()
		network.next("/token", given)
		source := network.source()
		if _, err := source.Open(t.Context(), client(), false); err == nil {
			t.Errorf("%v is a token", given)
		}
		if got := tokenFor(t, source, client()); got != "t1" {
			t.Errorf("after %v: got %s", given, got)
		}
	}
}

// TestErrorsKeepSecrets: also in their details.
func TestErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.next("/token", reply{http.StatusUnauthorized, `{"error":"invalid_client","error_description":"not gX1fBat3bV"}`})
	_, err := network.source().Open(t.Context(), client(), false)
	if err == nil || strings.Contains(err.Error(), "gX1fBat3bV") || !strings.Contains(err.Error(), "invalid_client") {
		t.Errorf("got %v", err)
	}
}
