// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// wrapper makes a Request.Transport of a function.
func wrapper(roundTrip func(base http.RoundTripper, request *http.Request) (*http.Response, error)) func(http.RoundTripper) http.RoundTripper {
	return func(base http.RoundTripper) http.RoundTripper {
		return roundTripper(func(request *http.Request) (*http.Response, error) { return roundTrip(base, request) })
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// TestWrappedRequest: a wrapper sees each redirect, and may send a request twice. What it
// adds is a secret, and what Do adds is none.
func TestWrappedRequest(t *testing.T) {
	t.Parallel()
	var received []string
	server := start(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received = append(received, r.URL.Path+" "+r.Header.Get("Authorization")+" "+string(body))
		switch {
		case r.URL.Path == "/old":
			http.Redirect(w, r, "/new", http.StatusTemporaryRedirect)
		case r.Header.Get("Authorization") == "Bearer t2":
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	token := "t1"
	send := func(base http.RoundTripper, request *http.Request, token string) (*http.Response, error) {
		request = request.Clone(request.Context())
		request.Body, _ = request.GetBody()
		request.Header.Set("Authorization", "Bearer "+token)
		return base.RoundTrip(request)
	}
	request := httpstack.Request{Method: http.MethodPost, URL: parse(t, server.URL+"/old"), Body: []byte("order")}
	request.Transport = wrapper(func(base http.RoundTripper, request *http.Request) (*http.Response, error) {
		response, err := send(base, request, token)
		token = "t2"
		if err != nil || response.StatusCode != http.StatusUnauthorized {
			return response, err
		}
		_ = response.Body.Close()
		return send(base, request, "t3")
	})
	response, err := newClient(t, httpstack.Config{UserAgent: "provider/1"}).Do(t.Context(), request)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("got %+v, %v", response, err)
	}
	if want := []string{"/old Bearer t1 order", "/new Bearer t2 order", "/new Bearer t3 order"}; !slices.Equal(received, want) {
		t.Errorf("the server received %q", received)
	}
	var secrets []string
	for _, known := range response.Secrets {
		secrets = append(secrets, known.Reveal())
	}
	for _, want := range []string{"order", "Bearer t1", "Bearer t2", "Bearer t3"} {
		if !slices.Contains(secrets, want) {
			t.Errorf("%q is not among %q", want, secrets)
		}
	}
	if slices.Contains(secrets, "provider/1") {
		t.Errorf("the User-Agent is among %q", secrets)
	}
}

// TestSecretsOfAWrapperAreNotShown, also where the request names its secrets itself.
func TestSecretsOfAWrapperAreNotShown(t *testing.T) {
	t.Parallel()
	server := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://other.example/"+r.Header.Get("X-Token"))
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	request := httpstack.Request{Method: http.MethodGet, URL: parse(t, server.URL), Secrets: []secret.String{}}
	request.Transport = wrapper(func(base http.RoundTripper, request *http.Request) (*http.Response, error) {
		request = request.Clone(request.Context())
		request.Header.Set("X-Token", "canary-8c1f2d")
		return base.RoundTrip(request)
	})
	_, err := newClient(t, httpstack.Config{}).Do(t.Context(), request)
	wantFailure(t, err, httpstack.Redirect, true)
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

// TestErrorsOfAWrapper are returned as they are, and those of the exchange as ever.
func TestErrorsOfAWrapper(t *testing.T) {
	t.Parallel()
	own := errors.Join(errors.New("no token"), &httpstack.Error{Kind: httpstack.Timeout, Method: "POST", URL: "https://as.example.com/token"})
	reached := parse(t, start(t, empty).URL)
	pass := func(base http.RoundTripper, request *http.Request) (*http.Response, error) {
		return base.RoundTrip(request)
	}
	tests := map[string]struct {
		address string
		wrap    func(http.RoundTripper, *http.Request) (*http.Response, error)
		kind    httpstack.Kind
	}{
		"its own":         {reached.String(), func(http.RoundTripper, *http.Request) (*http.Response, error) { return nil, own }, ""},
		"of the exchange": {"http://" + closedAddress(t), pass, httpstack.Refused},
		"its header field": {reached.String(), func(base http.RoundTripper, request *http.Request) (*http.Response, error) {
			request.Header.Set("Authorization", "Bearer "+strings.Repeat("x", httpstack.MaxField))
			return base.RoundTrip(request)
		}, httpstack.Invalid},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := httpstack.Request{Method: http.MethodGet, URL: parse(t, test.address), Transport: wrapper(test.wrap)}
			_, err := newClient(t, httpstack.Config{}).Do(t.Context(), request)
			if test.kind != "" {
				wantFailure(t, err, test.kind, false)
				wantText(t, err, "GET "+test.address)
				return
			}
			if err != own { //nolint:errorlint // not even wrapped
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestTimeoutOfAWrappedRequest counts what the exchanges take, and not what the wrapper
// does in between.
func TestTimeoutOfAWrappedRequest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		delay   time.Duration // of each response
		elapsed time.Duration
		timeout bool
	}{
		"both in time":      {4 * time.Second, time.Hour + 8*time.Second, false},
		"the second is not": {6 * time.Second, time.Hour + 10*time.Second, true},
		"the first is not":  {11 * time.Second, 10 * time.Second, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var serving sync.WaitGroup
				defer serving.Wait()
				client := newClient(t, httpstack.Config{AllowPlaintextHTTP: true, Timeout: 10 * time.Second})
				client.SetDialContext(func(context.Context, string, string) (net.Conn, error) {
					conn, server := net.Pipe()
					serving.Go(func() {
						defer func() { _ = server.Close() }()
						_, _ = http.ReadRequest(bufio.NewReader(server))
						time.Sleep(test.delay)
						_, _ = io.WriteString(server, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
					})
					return conn, nil
				})
				begin := time.Now()
				request := httpstack.Request{Method: http.MethodGet, URL: parse(t, "http://api.example.com/")}
				request.Transport = wrapper(func(base http.RoundTripper, request *http.Request) (*http.Response, error) {
					response, err := base.RoundTrip(request)
					if err != nil {
						return nil, err
					}
					_ = response.Body.Close()
					time.Sleep(time.Hour)
					if request.Context().Err() != nil {
						t.Error("the wrapper is bounded by the timeout")
					}
					return base.RoundTrip(request)
				})
				_, err := client.Do(t.Context(), request)
				if test.timeout {
					wantFailure(t, err, httpstack.Timeout, true)
					wantText(t, err, "within 10s")
				} else if err != nil {
					t.Error(err)
				}
				if elapsed := time.Since(begin); elapsed != test.elapsed {
					t.Errorf("after %s, want %s", elapsed, test.elapsed)
				}
			})
		})
	}
}

// TestUnaskedUpgrade: a connection that a server has taken over has no end to wait for.
func TestUnaskedUpgrade(t *testing.T) {
	t.Parallel()
	address := serveRaw(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1<<14))
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: canary\r\n\r\n")
		_, _ = conn.Read(make([]byte, 1)) // until the client closes
	})
	_, err := get(t, newClient(t, httpstack.Config{}), "http://"+address)
	wantFailure(t, err, httpstack.Protocol, true)
}
