// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

func newClient(t *testing.T, config httpstack.Config) *httpstack.Client {
	t.Helper()
	client, err := httpstack.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func parse(tb testing.TB, text string) *url.URL {
	tb.Helper()
	u, err := url.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// startTLS serves handler with HTTP/2 enabled and a certificate of ca.
func startTLS(t *testing.T, ca *authority, config *tls.Config, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	if config == nil {
		config = &tls.Config{Certificates: []tls.Certificate{ca.issue(t, nil)}}
	}
	server.TLS = config
	server.EnableHTTP2 = true
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func start(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// asError is the *Error that every failed request returns.
func asError(t *testing.T, err error) *httpstack.Error {
	t.Helper()
	failed, ok := errors.AsType[*httpstack.Error](err)
	if !ok {
		t.Fatalf("error is %T (%v), want *httpstack.Error", err, err)
	}
	return failed
}

func wantFailure(t *testing.T, err error, kind httpstack.Kind, sent bool) {
	t.Helper()
	failed := asError(t, err)
	if failed.Kind != kind || failed.Sent != sent {
		t.Fatalf("kind is %q and Sent %t, want %q and %t: %v", failed.Kind, failed.Sent, kind, sent, err)
	}
}

func wantText(t *testing.T, err error, text string) {
	t.Helper()
	if !strings.Contains(err.Error(), text) {
		t.Errorf("error does not say %q: %v", text, err)
	}
}

func get(t *testing.T, client *httpstack.Client, address string) (*httpstack.Response, error) {
	t.Helper()
	return client.Do(t.Context(), httpstack.Request{Method: http.MethodGet, URL: parse(t, address)})
}

func TestRequestArrivesAsGiven(t *testing.T) {
	t.Parallel()
	type seen struct{ method, target, body, contentType, userAgent string }
	var got seen
	server := start(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = seen{r.Method, r.RequestURI, string(body), r.Header.Get("Content-Type"), r.UserAgent()}
		w.Header().Set("X-Answer", "yes")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short and stout")
	})
	now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	client := newClient(t, httpstack.Config{UserAgent: "provider/1", Now: func() time.Time { return now }})
	response, err := client.Do(t.Context(), httpstack.Request{
		Method: "POST",
		URL:    parse(t, server.URL+"/a%2Fb?x=1&x=%20#fragment"),
		Header: http.Header{"Content-Type": {"text/plain"}},
		Body:   []byte("grant_type=client_credentials"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := seen{"POST", "/a%2Fb?x=1&x=%20", "grant_type=client_credentials", "text/plain", "provider/1"}
	if got != want {
		t.Errorf("server saw %+v, want %+v", got, want)
	}
	if response.StatusCode != http.StatusTeapot || string(response.Body) != "short and stout" || response.Header.Get("X-Answer") != "yes" {
		t.Errorf("response is %d %q %v", response.StatusCode, response.Body, response.Header)
	}
	if !response.RequestedAt.Equal(now) {
		t.Errorf("RequestedAt is %v, want %v", response.RequestedAt, now)
	}
}

func TestUserAgentOfRequestWins(t *testing.T) {
	t.Parallel()
	server := start(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Received", r.UserAgent()) })
	client := newClient(t, httpstack.Config{UserAgent: "provider/1"})
	header := http.Header{"User-Agent": {"mine/2"}}
	response, err := client.Do(t.Context(), httpstack.Request{Method: "GET", URL: parse(t, server.URL), Header: header})
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Header.Get("X-Received"); got != "mine/2" {
		t.Errorf("User-Agent is %q, want mine/2", got)
	}
}

// A request's header and body are shared by callers that send it again.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server := startTLS(t, ca, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/final" {
			http.Redirect(w, r, "/final", http.StatusPermanentRedirect)
			return
		}
		_, _ = io.Copy(w, r.Body)
	}))
	client := newClient(t, httpstack.Config{CACertificates: ca.pem(), UserAgent: "provider/1"})
	request := httpstack.Request{
		Method: "POST",
		URL:    parse(t, server.URL+"/first#fragment"),
		Header: http.Header{"X-A": {"b"}},
		Body:   bytes.Repeat([]byte("0123456789"), 1000),
	}
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			response, err := client.Do(t.Context(), request)
			if err != nil {
				t.Error(err)
				return
			}
			if !bytes.Equal(response.Body, request.Body) {
				t.Errorf("%d bytes came back, want the %d sent", len(response.Body), len(request.Body))
			}
		})
	}
	group.Wait()
	if len(request.Header) != 1 || request.URL.Path != "/first" {
		t.Errorf("the caller's request was changed: %v %v", request.URL, request.Header)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	addresses := map[string]bool{}
	server := start(t, func(_ http.ResponseWriter, r *http.Request) { addresses[r.RemoteAddr] = true })
	client := newClient(t, httpstack.Config{})
	for range 3 {
		if _, err := get(t, client, server.URL); err != nil {
			t.Fatal(err)
		}
	}
	if len(addresses) != 1 {
		t.Errorf("%d connections for three requests, want 1", len(addresses))
	}
}

// TestConnectionsOfManyAreReused by as many requests at once as -parallelism may ask
// for. A few connections may not be idle yet when the second half begins.
func TestConnectionsOfManyAreReused(t *testing.T) {
	t.Parallel()
	const parallelism = 50
	var addresses sync.Map
	arrived, response := make(chan struct{}), make(chan struct{})
	server := start(t, func(_ http.ResponseWriter, r *http.Request) {
		addresses.Store(r.RemoteAddr, true)
		arrived <- struct{}{}
		<-response
	})
	client := newClient(t, httpstack.Config{})
	for range 2 {
		var group sync.WaitGroup
		for range parallelism {
			group.Go(func() {
				if _, err := get(t, client, server.URL); err != nil {
					t.Error(err)
				}
			})
		}
		for range parallelism {
			<-arrived
		}
		for range parallelism {
			response <- struct{}{}
		}
		group.Wait()
	}
	connections := 0
	addresses.Range(func(any, any) bool { connections++; return true })
	if connections > parallelism*3/2 {
		t.Errorf("%d connections for %d requests at once", connections, parallelism)
	}
}

func TestCanceledBeforeSending(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("canary-cause"))
	client := newClient(t, httpstack.Config{})
	_, err := client.Do(ctx, httpstack.Request{Method: "GET", URL: parse(t, "http://127.0.0.1:1/")})
	wantFailure(t, err, httpstack.Canceled, false)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("errors.Is does not find context.Canceled in %v", err)
	}
	if strings.Contains(err.Error(), "canary-cause") {
		t.Errorf("error shows the caller's cause: %v", err)
	}
}

func TestNewRefusesConfig(t *testing.T) {
	t.Parallel()
	if _, err := httpstack.New(httpstack.Config{Timeout: -time.Second}); err == nil {
		t.Error("a negative timeout is accepted")
	}
}
