// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

func callOrders(t *testing.T, srv *authserver.Server, token string) response {
	t.Helper()
	return send(t, srv.API(), "GET /orders HTTP/1.1\nHost: api.example\nAuthorization: Bearer "+token+"\n\n")
}

func TestAPI(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		path, authorization string // TOKEN stands for a valid one
		status              int
		challenge           string
	}{
		"valid":           {"/orders", "Bearer TOKEN", 200, ""},
		"lower case":      {"/orders", "bearer TOKEN", 200, ""},
		"any scope":       {"/else", "Bearer TOKEN", 200, ""},
		"scope missing":   {"/admin", "Bearer TOKEN", 403, `Bearer realm="api", error="insufficient_scope", scope="api:admin"`},
		"no token":        {"/orders", "", 401, `Bearer realm="api"`},
		"another scheme":  {"/orders", "Basic TOKEN", 401, `Bearer realm="api"`},
		"unknown":         {"/orders", "Bearer mF_9.B5f-4.1JqM", 401, `Bearer realm="api", error="invalid_token"`},
		"unknown, opaque": {"/orders", "Bearer eh8sk.2^#", 401, `Bearer realm="api", error="invalid_token"`},
		"unknown, admin":  {"/admin", "Bearer x", 401, `Bearer realm="api", error="invalid_token"`},
		"empty":           {"/orders", "Bearer", 400, `Bearer realm="api", error="invalid_request"`},
		"two words":       {"/orders", "Bearer TOKEN TOKEN", 400, `Bearer realm="api", error="invalid_request"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, authserver.Config{Clients: []authserver.Client{rfcClient()}})
			token := send(t, srv, rfcRequest("")).text(t, "access_token")
			request := "GET " + row.path + " HTTP/1.1\nHost: api.example\n"
			if row.authorization != "" {
				request += "Authorization: " + strings.ReplaceAll(row.authorization, "TOKEN", token) + "\n"
			}
			got := send(t, srv.API(), request+"\n")
			if challenge := got.Header().Get("WWW-Authenticate"); got.Code != row.status || challenge != row.challenge {
				t.Errorf("response is %d, %q, want %d, %q", got.Code, challenge, row.status, row.challenge)
			}
		})
	}
}

func TestAPIResponse(t *testing.T) {
	t.Parallel()
	srv := newServer(t, authserver.Config{Clients: []authserver.Client{rfcClient()}})
	got := callOrders(t, srv, send(t, srv, rfcRequest("&scope=api:read")).text(t, "access_token"))
	want := `{"client_id":"s6BhdRkqt3","method":"GET","path":"/orders","scopes":["api:read"]}`
	if body := got.Body.String(); body != want {
		t.Errorf("body is %s, want %s", body, want)
	}
}

func TestAPIRoutes(t *testing.T) {
	t.Parallel()
	srv := newServer(t, authserver.Config{
		Clients: []authserver.Client{rfcClient()},
		Routes:  map[string]string{"DELETE /things/{id}": "api:delete", "/": "api:write"},
	})
	token := send(t, srv, rfcRequest("&scope=api:write")).text(t, "access_token")
	for method, status := range map[string]int{"GET": 200, "DELETE": 403} {
		got := send(t, srv.API(), method+" /things/7 HTTP/1.1\nHost: h\nAuthorization: Bearer "+token+"\n\n")
		if got.Code != status {
			t.Errorf("%s returns %d, want %d", method, got.Code, status)
		}
	}
}

func TestAPIExpiry(t *testing.T) {
	t.Parallel()
	for _, format := range []string{authserver.Opaque, authserver.JWT} {
		for name, row := range map[string]struct {
			lifetime, after time.Duration
			status          int
			code            string
		}{
			"a second left": {time.Hour, time.Hour - time.Second, 200, ""},
			"expired":       {time.Hour, time.Hour, 401, "invalid_token"},
			"no expiry":     {0, 1000 * time.Hour, 200, ""},
		} {
			t.Run(format+", "+name, func(t *testing.T) {
				t.Parallel()
				srv, at := session(t, func(c *authserver.Client) { c.TokenFormat, c.Lifetime = format, row.lifetime })
				token := send(t, srv, rfcRequest("")).text(t, "access_token")
				at.now = at.now.Add(row.after)
				callOrders(t, srv, token).want(t, row.status, row.code)
			})
		}
	}
}
