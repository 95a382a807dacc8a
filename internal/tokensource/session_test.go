// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

const refreshable = `,"expires_in":600,"refresh_token":"r","refresh_expires_in":1800`

// revocable is client where tokens can be revoked.
func revocable() tokensource.ClientConfig {
	config := client()
	config.RevocationEndpoint = revocationURL
	return config
}

// open opens a session that ends with the test.
func open(t *testing.T, source *tokensource.Source, config tokensource.ClientConfig, own bool) *tokensource.Session {
	t.Helper()
	session, err := source.Open(t.Context(), config, own)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func renew(t *testing.T, session *tokensource.Session) {
	t.Helper()
	if err := session.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// revoked lists the tokens that were revoked, with their hints.
func revoked(t *testing.T, network *server) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, request := range network.requests("/revoke") {
		values := form(t, request)
		found[values.Get("token")] = values.Get("token_type_hint")
		if method := methodOf(t, request); method != "client_secret_basic" {
			t.Errorf("revoked by %s", method)
		}
	}
	return found
}

func TestSharedSession(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.members = refreshable
	source := network.source()
	session := open(t, source, revocable(), false)
	if got := tokenFor(t, source, revocable()); got != "t1" || session.Token().AccessToken.Reveal() != "t1" {
		t.Errorf("does not share its token, got %s", got)
	}
	if err := session.Close(t.Context()); err != nil || network.count("/revoke") > 0 {
		t.Errorf("%d revocations, %v", network.count("/revoke"), err)
	}
}

func TestOwnSession(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.members = refreshable
	source := network.source()
	tokenFor(t, source, revocable())
	session := open(t, source, revocable(), true)
	if got := session.Token().AccessToken.Reveal(); got != "t2" {
		t.Errorf("took %s from the cache", got)
	}
	if got := tokenFor(t, source, revocable()); got != "t1" {
		t.Errorf("put %s into the cache", got)
	}
	renew(t, session)
	if err := session.Close(t.Context()); err != nil {
		t.Error(err)
	}
	want := map[string]string{"t2": "access_token", "t3": "access_token", "r": "refresh_token"}
	if got := revoked(t, network); !maps.Equal(got, want) {
		t.Errorf("revoked %v, want %v", got, want)
	}
}

func TestOwnSessionLeavesExpiredTokens(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.members = `,"expires_in":600`
	session := open(t, network.source(), revocable(), true)
	network.pass(600 * time.Second)
	if err := session.Close(t.Context()); err != nil || network.count("/revoke") > 0 {
		t.Errorf("revoked %v, %v", revoked(t, network), err)
	}
}

func TestRevocationEndpoint(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		issuer   string
		metadata map[string]string
		cause    error
	}{
		"nowhere":             {"", nil, tokensource.ErrMissing},
		"from the metadata":   {issuer, map[string]string{"revocation_endpoint": `"` + revocationURL + `"`}, nil},
		"not in the metadata": {issuer, map[string]string{}, oauth2.ErrNoEndpoint},
		"without https":       {issuer, map[string]string{"revocation_endpoint": `"http://server.example.com/revoke"`}, oauth2.ErrDowngrade},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.metadata = test.metadata
			config := client()
			config.Issuer = test.issuer
			session, err := network.source().Open(t.Context(), config, true)
			if test.cause != nil {
				checkConfigError(t, err, "revocation_endpoint", test.cause)
				if network.count("/token") > 0 {
					t.Error("a token was issued that cannot be revoked")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := session.Close(t.Context()); err != nil || network.count("/revoke") != 1 {
				t.Errorf("%d revocations, %v", network.count("/revoke"), err)
			}
		})
	}
}

func TestRenew(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		members string
		passed  time.Duration
		refused bool
		grants  []string // of the requests after the first
		token   string
	}{
		"refresh token":             {refreshable, 0, false, []string{"refresh_token"}, "t2"},
		"refresh token refused":     {refreshable, 0, true, []string{"refresh_token", "client_credentials"}, "t2"},
		"refresh token expired":     {refreshable, 1800 * time.Second, false, []string{"client_credentials"}, "t2"},
		"no refresh token":          {`,"expires_in":600`, 0, false, []string{"client_credentials"}, "t2"},
		"neither lifetime is known": {`,"refresh_token":"r"`, 0, false, []string{"refresh_token"}, "t2"},
	}
	for name, test := range tests {
		for _, own := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", own"}[own], func(t *testing.T) {
				t.Parallel()
				network := newServer()
				network.members = test.members
				session := open(t, network.source(), revocable(), own)
				network.pass(test.passed)
				if test.refused {
					network.next("/token", reply{http.StatusBadRequest, `{"error":"invalid_grant"}`})
				}
				renew(t, session)
				if got := session.Token().AccessToken.Reveal(); got != test.token {
					t.Errorf("the token is %s", got)
				}
				requests := network.requests("/token")[1:]
				if len(requests) != len(test.grants) {
					t.Fatalf("%d requests", len(requests))
				}
				for i, want := range test.grants {
					if got := form(t, requests[i]).Get("grant_type"); got != want {
						t.Errorf("request %d: grant_type %s", i, got)
					}
				}
			})
		}
	}
}

func TestFailedRenewalKeepsTheToken(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.members = refreshable
	session := open(t, network.source(), client(), false)
	network.next("/token", reply{http.StatusServiceUnavailable, ""})
	err := session.Renew(t.Context())
	if failure, ok := errors.AsType[*oauth2.Error](err); !ok || failure.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %v", err)
	}
	if got := session.Token(); got.AccessToken.Reveal() != "t1" || got.RefreshToken.Reveal() != "r" {
		t.Errorf("the token is %s", got.AccessToken.Reveal())
	}
	renew(t, session)
}

// TestRefreshTokenIsPresentedOnce by all sessions that share it: many servers
// take the second use for a theft (RFC 9700 section 4.14.2).
func TestRefreshTokenIsPresentedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newServer()
		network.members = refreshable
		source := network.source()
		sessions := make([]*tokensource.Session, 10)
		for i := range sessions {
			sessions[i] = open(t, source, client(), false)
		}
		network.gate = make(chan struct{})
		var group sync.WaitGroup
		for _, session := range sessions {
			group.Go(func() { renew(t, session) })
		}
		synctest.Wait()
		close(network.gate)
		group.Wait()
		late := sessions[0]
		for _, session := range sessions {
			if got := session.Token().AccessToken.Reveal(); got != "t2" {
				t.Errorf("a session has %s", got)
			}
		}
		if got := network.count("/token"); got != 2 {
			t.Errorf("%d requests", got)
		}
		renew(t, late)
		if got := late.Token().AccessToken.Reveal(); got != "t3" {
			t.Errorf("a later renewal has %s", got)
		}
	})
}

// TestRenewAfterOthers: who comes late takes the successor that is there.
func TestRenewAfterOthers(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.members = refreshable
	source := network.source()
	early, late := open(t, source, client(), false), open(t, source, client(), false)
	renew(t, early)
	renew(t, late)
	if got := late.Token().AccessToken.Reveal(); got != "t2" || network.count("/token") != 2 {
		t.Errorf("got %s after %d requests", got, network.count("/token"))
	}
}

// TestBodyIsNotSentTwice: not to renew either. What it holds may be good for one
// use, and a second use may revoke what the first one brought.
func TestBodyIsNotSentTwice(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		members string
		passed  time.Duration
		next    []reply
		fails   bool
	}{
		"refresh token":         {refreshable, 0, nil, false},
		"refresh token refused": {refreshable, 0, []reply{{http.StatusBadRequest, `{"error":"invalid_grant"}`}}, true},
		"refresh token expired": {refreshable, time.Hour, nil, true},
		"no refresh token":      {`,"expires_in":600`, 0, nil, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.members = test.members
			config := client()
			config.Request.Body = secret.New("grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA")
			session := open(t, network.source(), config, false)
			network.pass(test.passed)
			network.next("/token", test.next...)
			if err := session.Renew(t.Context()); (err != nil) != test.fails {
				t.Errorf("got %v", err)
			}
			sent := 0
			for _, request := range network.requests("/token") {
				if form(t, request).Has("code") {
					sent++
				}
			}
			if sent != 1 {
				t.Errorf("the body was sent %d times", sent)
			}
		})
	}
}

func TestRenewAt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		members string
		passed  time.Duration
		want    time.Duration // after the token was requested; negative: never
	}{
		"a minute before the end":       {`,"expires_in":3600,"refresh_token":"r"`, 0, 59 * time.Minute},
		"a tenth before the end":        {`,"expires_in":100,"refresh_token":"r"`, 0, 90 * time.Second},
		"the refresh token ends sooner": {`,"expires_in":3600,"refresh_token":"r","refresh_expires_in":600`, 0, 9 * time.Minute},
		"the refresh token ends later":  {`,"expires_in":600,"refresh_token":"r","refresh_expires_in":3600`, 0, 9 * time.Minute},
		"the refresh token alone ends":  {`,"refresh_token":"r","refresh_expires_in":600`, 0, 9 * time.Minute},
		"unlimited refresh token":       {`,"expires_in":600,"refresh_token":"r","refresh_expires_in":0`, 0, 9 * time.Minute},
		"no refresh token":              {`,"expires_in":3600`, 0, -1},
		"no end":                        {`,"refresh_token":"r"`, 0, -1},
		"not in the past":               {`,"expires_in":600,"refresh_token":"r"`, 595 * time.Second, 596 * time.Second},
		"not in the past, long over":    {`,"expires_in":600,"refresh_token":"r"`, time.Hour, time.Hour + time.Second},
		"one that lives for a second":   {`,"expires_in":1,"refresh_token":"r"`, 0, time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.members = test.members
			start := network.now()
			session := open(t, network.source(), client(), false)
			network.pass(test.passed)
			want := start.Add(test.want)
			if test.want < 0 {
				want = time.Time{}
			}
			if got := session.RenewAt(); !got.Equal(want) {
				t.Errorf("got %s after the start, want %s", got.Sub(start), test.want)
			}
		})
	}
}

func TestRetryAt(t *testing.T) {
	t.Parallel()
	const (
		access  = `,"expires_in":600,"refresh_token":"r"`
		longer  = access + `,"refresh_expires_in":1800`
		shorter = access + `,"refresh_expires_in":300`
	)
	tests := map[string]struct {
		members string
		body    string // of the token request, which is not sent twice
		passed  time.Duration
		want    time.Duration // from then; zero: too late
	}{
		"plenty of time left":                {longer, "", 0, 30 * time.Second},
		"half of what is left":               {longer, "", 590 * time.Second, 5 * time.Second},
		"a second at least":                  {longer, "", 599 * time.Second, time.Second},
		"the access token is over":           {longer, "", 600 * time.Second, 30 * time.Second},
		"half of the refresh token's":        {shorter, "", 290 * time.Second, 5 * time.Second},
		"the refresh token is over":          {longer, "", 1800 * time.Second, 30 * time.Second},
		"long over, an hour":                 {longer, "", 1800*time.Second + time.Hour - 1, 30 * time.Second},
		"too late":                           {longer, "", 1800*time.Second + time.Hour, 0},
		"body, the access token is over":     {longer, "code=x", 600 * time.Second, 30 * time.Second},
		"body, the refresh token is nearly":  {longer, "code=x", 1799 * time.Second, 30 * time.Second},
		"body, the refresh token is over":    {longer, "code=x", 1800 * time.Second, 0},
		"body, refresh token of unknown end": {access, "code=x", 600*time.Second + time.Hour - 1, 30 * time.Second},
		"body, too late":                     {access, "code=x", 600*time.Second + time.Hour, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.members = test.members
			config := client()
			config.Request.Body = secret.New(test.body)
			session := open(t, network.source(), config, false)
			network.pass(test.passed)
			want := network.now().Add(test.want)
			if test.want == 0 {
				want = time.Time{}
			}
			if got := session.RetryAt(); !got.Equal(want) {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// TestRenewalAfterAnOutage: what the failed ones would have refreshed is over by
// then, and a new token is requested.
func TestRenewalAfterAnOutage(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.members = `,"expires_in":60,"refresh_token":"r","refresh_expires_in":120`
	session := open(t, network.source(), client(), false)
	network.next("/token", slices.Repeat([]reply{{http.StatusServiceUnavailable, ""}}, 6)...)
	for err := session.Renew(t.Context()); err != nil; err = session.Renew(t.Context()) {
		at := session.RetryAt()
		if at.IsZero() {
			t.Fatalf("given up %s later", network.now().Sub(session.Token().RequestedAt))
		}
		network.pass(at.Sub(network.now()))
	}
	if got := session.Token().AccessToken.Reveal(); got != "t2" {
		t.Errorf("the token is %s", got)
	}
}
