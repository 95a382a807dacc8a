// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

func startRFC(t *testing.T) *authservertest.Server {
	t.Helper()
	return authservertest.Start(t, authserver.Config{Clients: []authserver.Client{rfcClient()}})
}

// fetch sends the example of RFC 6749 §4.4.2 over a real connection.
func fetch(ctx context.Context, t *testing.T, srv *authservertest.Server) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.TokenURL(), strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := srv.Client(t).Do(r)
	if err == nil {
		t.Cleanup(func() { _ = response.Body.Close() })
	}
	return response, err
}

func fetchStatus(t *testing.T, srv *authservertest.Server) int {
	t.Helper()
	response, err := fetch(t.Context(), t, srv)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

func TestFaultResponses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault        http.HandlerFunc
		status       int
		header, want string // a header and its value
		body         string
	}{
		"respond": {
			authserver.Respond(503, http.Header{"Retry-After": {"7"}, "Content-Type": {"text/html"}}, "<p>busy"),
			503, "Retry-After", "7", "<p>busy",
		},
		"OAuth error": {
			authserver.OAuthError(400, "invalid_scope", "no"),
			400, "Content-Type", "application/json", `{"error":"invalid_scope","error_description":"no"}`,
		},
		"OAuth error in a 200": {
			authserver.OAuthError(200, "invalid_client", ""),
			200, "Cache-Control", "no-store", `{"error":"invalid_client"}`,
		},
		"redirect": {authserver.Redirect(307, "https://else.example/"), 307, "Location", "https://else.example/", ""},
		"raw": {
			authserver.Raw("HTTP/1.1 299 Odd\r\nX: y\r\nConnection: close\r\n\r\nodd"), 299, "X", "y", "odd",
		},
		"drip": {authserver.Drip(time.Nanosecond, `{"a":1}`), 200, "Content-Type", "application/json", `{"a":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startRFC(t)
			srv.Fail(authserver.TokenEndpoint, 1, row.fault)
			response, err := fetch(t.Context(), t, srv)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != row.status || response.Header.Get(row.header) != row.want || string(body) != row.body {
				t.Errorf("response is %d %v %q", response.StatusCode, response.Header, body)
			}
			if got := fetchStatus(t, srv); got != 200 {
				t.Errorf("after the fault the status is %d", got)
			}
		})
	}
}

func TestFaultBreaksConnection(t *testing.T) {
	t.Parallel()
	t.Run("drop", func(t *testing.T) {
		t.Parallel()
		srv := startRFC(t)
		srv.Fail(authserver.TokenEndpoint, 1, authserver.Drop())
		if _, err := fetch(t.Context(), t, srv); !errors.Is(err, io.EOF) {
			t.Errorf("error is %v, want EOF", err)
		}
		if got := srv.Requests(); len(got) != 1 || got[0].Status != 0 {
			t.Errorf("recorded %+v, want one request without a status", got)
		}
	})
	t.Run("raw", func(t *testing.T) {
		t.Parallel()
		srv := startRFC(t)
		srv.Fail(authserver.TokenEndpoint, 1, authserver.Raw("SSH-2.0-x\r\n"))
		if response, err := fetch(t.Context(), t, srv); err == nil {
			t.Errorf("the response is %v, want an error", response)
		}
		if got := srv.Requests(); len(got) != 1 || got[0].Status != 0 {
			t.Errorf("recorded %+v, want one request without a status", got)
		}
	})
	t.Run("truncated", func(t *testing.T) {
		t.Parallel()
		srv := startRFC(t)
		srv.Fail(authserver.TokenEndpoint, 1, authserver.Truncated(`{"access_`))
		response, err := fetch(t.Context(), t, srv)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if string(body) != `{"access_` || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("read %q and %v, want the beginning and an unexpected EOF", body, err)
		}
	})
	t.Run("hang", func(t *testing.T) {
		t.Parallel()
		srv := startRFC(t)
		ctx, giveUp := context.WithCancel(t.Context())
		// Once the fault runs, the request has arrived and gets no response.
		srv.Fail(authserver.TokenEndpoint, 1, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			giveUp()
			authserver.Hang()(w, r)
		}))
		if _, err := fetch(ctx, t, srv); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v, want the context's", err)
		}
	})
	t.Run("endless", func(t *testing.T) {
		t.Parallel()
		srv := startRFC(t)
		srv.Fail(authserver.TokenEndpoint, 1, authserver.Endless())
		response, err := fetch(t.Context(), t, srv)
		if err != nil {
			t.Fatal(err)
		}
		const plenty = 4 << 20
		if n, err := io.CopyN(io.Discard, response.Body, plenty); n != plenty || err != nil {
			t.Errorf("read %d bytes and %v", n, err)
		}
	})
}

func TestFaultsQueue(t *testing.T) {
	t.Parallel()
	srv := startRFC(t)
	srv.Fail(authserver.TokenEndpoint, 2, authserver.Respond(503, nil, ""))
	srv.Fail(authserver.API, 1, authserver.Respond(502, nil, ""))
	srv.Fail(authserver.TokenEndpoint, 1, authserver.Respond(429, nil, ""))
	for i, want := range []int{503, 503, 429, 200} {
		if got := fetchStatus(t, srv); got != want {
			t.Errorf("request %d returns %d, want %d", i, got, want)
		}
	}
	if got := srv.Requests(authserver.TokenEndpoint)[0].Status; got != 503 {
		t.Errorf("the recorded status is %d, want the fault's status", got)
	}
	srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.Respond(500, nil, ""))
	for range 3 {
		if got := fetchStatus(t, srv); got != 500 {
			t.Errorf("status is %d, want 500 always", got)
		}
	}
}

func TestOverride(t *testing.T) {
	t.Parallel()
	srv := startRFC(t)
	first := true
	srv.Override(authserver.TokenEndpoint, func(_ http.ResponseWriter, _ *http.Request) bool {
		handled := first
		first = false
		return handled // an empty 200
	})
	srv.Fail(authserver.TokenEndpoint, 1, authserver.Respond(418, nil, ""))
	for i, want := range []int{200, 418, 200} {
		if got := fetchStatus(t, srv); got != want {
			t.Errorf("request %d returns %d, want %d", i, got, want)
		}
	}
	if got := srv.Requests()[0].Status; got != 200 {
		t.Errorf("the recorded status of the implicit response is %d, want 200", got)
	}
	srv.Override(authserver.TokenEndpoint, nil)
	if got := fetchStatus(t, srv); got != 200 {
		t.Errorf("status is %d after the override ended", got)
	}
}
