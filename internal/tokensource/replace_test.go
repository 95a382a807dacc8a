// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// fifth is client whose shared tokens must have a fifth of their lifetime left.
func fifth() tokensource.ClientConfig {
	config := client()
	config.MinShare = 5
	return config
}

func TestMinShare(t *testing.T) {
	t.Parallel()
	long, short := 40*time.Minute, time.Second
	tests := map[string]struct {
		min    *time.Duration
		passed time.Duration
		want   string
	}{
		"four fifths have passed":         {nil, 48 * time.Minute, "t1"},
		"more than four fifths":           {nil, 48*time.Minute + 1, "t2"},
		"min_validity of less":            {&short, 48*time.Minute + 1, "t2"},
		"min_validity of more":            {&long, 20 * time.Minute, "t1"},
		"min_validity of more, not left":  {&long, 20*time.Minute + 1, "t2"},
		"min_validity of less, both left": {&short, 48 * time.Minute, "t1"},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			source := network.source()
			tokenFor(t, source, client())
			network.pass(row.passed)
			config := fifth()
			config.MinValidity = row.min
			if got := tokenFor(t, source, config); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func replace(t *testing.T, session *tokensource.Session, since time.Time) string {
	t.Helper()
	token, err := session.Replace(t.Context(), since)
	if err != nil {
		t.Fatal(err)
	}
	if token != session.Token() {
		t.Error("the session has another token")
	}
	return token.AccessToken.Reveal()
}

// TestReplace: the cache is passed by, and has the new token afterwards. Another session
// that replaces the same token gets that one, and not a token that is older.
func TestReplace(t *testing.T) {
	t.Parallel()
	network := newServer()
	source := network.source()
	first, second := open(t, source, fifth(), false), open(t, source, fifth(), false)
	network.pass(time.Minute)
	since := network.now()
	if got := replace(t, first, since); got != "t2" {
		t.Errorf("got %s", got)
	}
	if got := tokenFor(t, source, client()); got != "t2" {
		t.Errorf("another block got %s", got)
	}
	if got := replace(t, second, since); got != "t2" {
		t.Errorf("the second session got %s", got)
	}
	network.pass(time.Minute)
	if got := replace(t, second, network.now()); got != "t3" {
		t.Errorf("the second session got %s later", got)
	}
	network.pass(49 * time.Minute)
	if got := replace(t, first, since); got != "t4" {
		t.Errorf("took %s, of which four fifths have passed", got)
	}
}

func TestReplaceAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newServer()
		source := network.source()
		var sessions []*tokensource.Session
		for range 10 {
			sessions = append(sessions, open(t, source, fifth(), false))
		}
		network.pass(50 * time.Minute)
		network.gate = make(chan struct{})
		var group sync.WaitGroup
		for _, session := range sessions {
			group.Go(func() {
				if got := replace(t, session, network.now()); got != "t2" {
					t.Errorf("got %s", got)
				}
			})
		}
		synctest.Wait()
		close(network.gate)
		group.Wait()
		if got := network.count("/token"); got != 2 {
			t.Errorf("%d requests", got)
		}
	})
}

// TestReplaceFails: the token stays, and the failure is that of a token request.
func TestReplaceFails(t *testing.T) {
	t.Parallel()
	network := newServer()
	session := open(t, network.source(), fifth(), false)
	network.pass(time.Minute)
	network.next("/token", reply{http.StatusBadRequest, `{"error":"invalid_scope"}`})
	_, err := session.Replace(t.Context(), network.now())
	if _, ok := errors.AsType[*tokensource.FetchError](err); !ok || session.Token().AccessToken.Reveal() != "t1" {
		t.Errorf("got %v, and the token is %s", err, session.Token().AccessToken.Reveal())
	}
}

// TestReplaceNotShared: what a body or a cache of type none does not share is replaced
// with the refresh token if there is one; a body is not sent twice.
func TestReplaceNotShared(t *testing.T) {
	t.Parallel()
	body := func(c *tokensource.ClientConfig) {
		c.TokenEndpointAuthMethod, c.Request.Body = "client_secret_basic", secret.New("a=b")
	}
	tests := map[string]struct {
		change      func(*tokensource.ClientConfig)
		members     string
		off         bool
		replaceable bool
		grant       string
	}{
		"cache off":                {func(*tokensource.ClientConfig) {}, `,"expires_in":600`, true, true, "client_credentials"},
		"cache off, refresh token": {func(*tokensource.ClientConfig) {}, refreshable, true, true, "refresh_token"},
		"body":                     {body, `,"expires_in":600`, false, false, ""},
		"body, refresh token":      {body, refreshable, false, true, "refresh_token"},
		"shared, refresh token":    {func(*tokensource.ClientConfig) {}, refreshable, false, true, "client_credentials"},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.members = row.members
			source := tokensource.New(tokensource.Config{HTTP: network, Now: network.now, Cache: tokensource.Cache{Off: row.off}})
			config := fifth()
			row.change(&config)
			session := open(t, source, config, false)
			network.pass(time.Minute)
			if session.Replaceable() != row.replaceable {
				t.Fatalf("replaceable is %v", session.Replaceable())
			}
			if !row.replaceable {
				if _, err := session.Replace(t.Context(), network.now()); err == nil || network.count("/token") != 1 {
					t.Errorf("replaced by %d requests, %v", network.count("/token"), err)
				}
				return
			}
			if got := replace(t, session, network.now()); got != "t2" {
				t.Errorf("got %s", got)
			}
			if got := form(t, network.requests("/token")[1]).Get("grant_type"); got != row.grant {
				t.Errorf("requested by %s, want %s", got, row.grant)
			}
		})
	}
}
