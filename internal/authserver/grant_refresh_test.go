// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// clock is a clock set by the test.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)} }

// session returns a server that issues refresh tokens for a day to the RFC client.
func session(t *testing.T, change func(*authserver.Client)) (*authserver.Server, *clock) {
	t.Helper()
	c, at := rfcClient(), newClock()
	c.RefreshLifetime = 24 * time.Hour
	change(&c)
	other := authserver.Client{ID: "other", Secret: "other", RefreshLifetime: time.Hour}
	return newServer(t, authserver.Config{
		Clients: []authserver.Client{c, other},
		Now:     func() time.Time { return at.now },
	}), at
}

func unchanged(*authserver.Client) {}

func refreshRequest(token, more string) string {
	return strings.Replace(rfcRequest(more), "=client_credentials", "=refresh_token&refresh_token="+token, 1)
}

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	srv, _ := session(t, unchanged)
	first := send(t, srv, rfcRequest(""))
	used := first.text(t, "refresh_token")
	second := send(t, srv, refreshRequest(used, ""))
	second.want(t, 200, "")
	if second.text(t, "access_token") == first.text(t, "access_token") || second.text(t, "refresh_token") == used {
		t.Error("the refresh returned an old token")
	}
	send(t, srv, refreshRequest(used, "")).want(t, 400, "invalid_grant")
	send(t, srv, refreshRequest(second.text(t, "refresh_token"), "")).want(t, 200, "")
}

func TestRefreshRefuses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		more  string
		after time.Duration
		code  string
	}{
		"valid":                  {},
		"narrower scope":         {more: "&scope=api:read"},
		"wider scope":            {more: "&scope=api:read+api:admin", code: "invalid_scope"},
		"same resource":          {more: "&resource=https://server.example.com"},
		"other resource":         {more: "&resource=https://elsewhere.example", code: "invalid_target"},
		"a second before expiry": {after: 24*time.Hour - time.Second},
		"expired":                {after: 24 * time.Hour, code: "invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, at := session(t, unchanged)
			token := send(t, srv, rfcRequest("")).text(t, "refresh_token")
			at.now = at.now.Add(row.after)
			status := 200
			if row.code != "" {
				status = 400
			}
			send(t, srv, refreshRequest(token, row.more)).want(t, status, row.code)
		})
	}
}

func TestRefreshRefusesOtherTokens(t *testing.T) {
	t.Parallel()
	srv, _ := session(t, unchanged)
	// base64("other:other")
	theirs := send(t, srv, strings.Replace(rfcRequest(""), "czZCaGRSa3F0MzpnWDFmQmF0M2JW", "b3RoZXI6b3RoZXI=", 1))
	send(t, srv, refreshRequest(theirs.text(t, "refresh_token"), "")).want(t, 400, "invalid_grant")
	send(t, srv, refreshRequest(theirs.text(t, "access_token"), "")).want(t, 400, "invalid_grant")
	send(t, srv, refreshRequest("tGzv3JOkF0XG5Qx2TlKWIA", "")).want(t, 400, "invalid_grant")
	send(t, srv, refreshRequest("", "")).want(t, 400, "invalid_request")
}

// A refresh with a narrower scope does not narrow the refresh token (RFC 6749 §6).
func TestRefreshKeepsScope(t *testing.T) {
	t.Parallel()
	srv, _ := session(t, unchanged)
	token := send(t, srv, rfcRequest("")).text(t, "refresh_token")
	less := send(t, srv, refreshRequest(token, "&scope=api:read"))
	if got := less.text(t, "scope"); got != "api:read" {
		t.Errorf("scope is %q, want the requested one", got)
	}
	again := send(t, srv, refreshRequest(less.text(t, "refresh_token"), ""))
	if got := again.text(t, "scope"); got != "api:read api:write" {
		t.Errorf("scope is %q, want the original one", got)
	}
}

func TestRefusedRefreshKeepsToken(t *testing.T) {
	t.Parallel()
	srv, _ := session(t, unchanged)
	token := send(t, srv, rfcRequest("")).text(t, "refresh_token")
	send(t, srv, refreshRequest(token, "&scope=api:admin")).want(t, 400, "invalid_scope")
	send(t, srv, refreshRequest(token, "")).want(t, 200, "")
}
