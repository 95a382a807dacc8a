// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

func TestRecorder(t *testing.T) {
	t.Parallel()
	at := newClock()
	srv := newServer(t, authserver.Config{
		Clients: []authserver.Client{rfcClient()}, Now: func() time.Time { return at.now },
	})
	send(t, srv, strings.Replace(rfcRequest("&scope=nope"), "/token", "/token?tenant=a%20b", 1))
	callOrders(t, srv, "x")
	send(t, srv, "GET /nowhere HTTP/1.1\nHost: h\n\n")

	got := srv.Requests(authserver.TokenEndpoint)
	if len(got) != 1 {
		t.Fatalf("%d token requests recorded, want 1", len(got))
	}
	r := got[0]
	if r.Endpoint != authserver.TokenEndpoint || !r.Time.Equal(at.now) || r.Method != "POST" || r.Status != 400 ||
		r.Target != "/token?tenant=a%20b" || r.Host != "server.example.com" ||
		r.Header.Get("Authorization") != "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW" ||
		string(r.Body) != "grant_type=client_credentials&scope=nope" || r.Form().Get("scope") != "nope" {
		t.Errorf("recorded %+v", r)
	}
	for _, count := range []struct {
		of   []authserver.Endpoint
		want int
	}{
		{nil, 3},
		{[]authserver.Endpoint{authserver.API}, 1},
		{[]authserver.Endpoint{authserver.OtherPath, authserver.API}, 2},
		{[]authserver.Endpoint{authserver.Metadata}, 0},
	} {
		if n := srv.Count(count.of...); n != count.want {
			t.Errorf("%d requests to %v, want %d", n, count.of, count.want)
		}
	}
	srv.Reset()
	if n := srv.Count(); n != 0 {
		t.Errorf("%d requests after Reset", n)
	}
}

func TestRecorderBoundsBody(t *testing.T) {
	t.Parallel()
	srv := newServer(t, authserver.Config{Clients: []authserver.Client{rfcClient()}})
	got := send(t, srv, rfcRequest("&x="+strings.Repeat("a", 1<<20)))
	if got.Code != http.StatusBadRequest || srv.Count() != 0 {
		t.Errorf("response is %d with %d recorded", got.Code, srv.Count())
	}
}

func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	srv := newServer(t, authserver.Config{Clients: []authserver.Client{rfcClient()}})
	var wait sync.WaitGroup
	var tokens sync.Map
	for range 50 {
		wait.Go(func() {
			token := send(t, srv, rfcRequest("")).document["access_token"]
			tokens.Store(token, true)
			_ = srv.Requests()
		})
	}
	wait.Wait()
	distinct := 0
	tokens.Range(func(any, any) bool { distinct++; return true })
	if distinct != 50 || srv.Count(authserver.TokenEndpoint) != 50 {
		t.Errorf("%d tokens and %d records of 50 requests", distinct, srv.Count(authserver.TokenEndpoint))
	}
}

func TestLoggerKeepsSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	srv := newServer(t, authserver.Config{
		Clients: []authserver.Client{rfcClient()}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	token := send(t, srv, strings.Replace(rfcRequest(""), "/token", "/token?key=gX1fBat3bV", 1)).text(t, "access_token")
	callOrders(t, srv, token)
	for _, want := range []string{`msg="POST /token"`, `msg="GET /orders"`, "status=200"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log does not have %s:\n%s", want, &log)
		}
	}
	for _, secret := range []string{"gX1fBat3bV", "czZCaGRSa3F0MzpnWDFmQmF0M2JW", token} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("log has %q:\n%s", secret, &log)
		}
	}
}
