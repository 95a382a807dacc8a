// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// caller makes calls to an API over a Transport.
type caller struct {
	*tokensource.Transport

	network *server
}

func newCaller(t *testing.T, network *server, source *tokensource.Source, config tokensource.ClientConfig) caller {
	t.Helper()
	transport, err := source.Transport(t.Context(), config, tokensource.TokenHeader{})
	if err != nil {
		t.Fatal(err)
	}
	return caller{transport, network}
}

// call returns the token that a call was last sent with, and its status.
func (c caller) call(t *testing.T) (token string, status int, err error) {
	t.Helper()
	before := c.network.count("/orders")
	request := newRequest(t, nil)
	response, err := c.Over(base{c.network, orders(t, nil)}).RoundTrip(request)
	if request.Header.Get("Authorization") != "" {
		t.Error("the caller's request has the token")
	}
	if sent := sentTokens(c.network); len(sent) > before {
		token = sent[len(sent)-1]
	}
	if err != nil {
		return token, 0, err
	}
	return token, response.StatusCode, response.Body.Close()
}

// want fails unless the next call is accepted with a token.
func (c caller) want(t *testing.T, token string) {
	t.Helper()
	if got, status, err := c.call(t); got != "Bearer "+token || status != http.StatusOK || err != nil {
		t.Errorf("got %d with %q, want %s; %v", status, got, token, err)
	}
}

func newRequest(t *testing.T, body io.Reader) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, apiURL, body)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

var unauthorized = reply{http.StatusUnauthorized, "refused"}

// TestTransportReplacesBeforeExpiry: a tenth of the lifetime is left, or a minute.
func TestTransportReplacesBeforeExpiry(t *testing.T) {
	t.Parallel()
	hour, short := `,"expires_in":3600`, `,"expires_in":40`
	tests := map[string]struct {
		members string
		pass    time.Duration
		token   string
	}{
		"an hour, a minute left":   {hour, 59 * time.Minute, "t1"},
		"an hour, less left":       {hour, 59*time.Minute + time.Second, "t2"},
		"an hour, expired":         {hour, 2 * time.Hour, "t2"},
		"40 seconds, a tenth left": {short, 36 * time.Second, "t1"},
		"40 seconds, less left":    {short, 37 * time.Second, "t2"},
		"unknown lifetime":         {``, 100 * time.Hour, "t1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.members = test.members
			calls := newCaller(t, network, network.source(), client())
			calls.want(t, "t1")
			network.pass(test.pass)
			calls.want(t, test.token)
			calls.want(t, test.token)
			tokens := calls.Tokens()
			if last := tokens[len(tokens)-1].Reveal(); last != test.token || len(tokens) != network.count("/token") {
				t.Errorf("%d tokens, the last is %s", len(tokens), last)
			}
		})
	}
}

// TestTokenEndpointDownAndBack: a call that a valid token can serve is not lost, nor is
// each of them a token request.
func TestTokenEndpointDownAndBack(t *testing.T) {
	t.Parallel()
	network := newServer()
	calls := newCaller(t, network, network.source(), client())
	down := reply{http.StatusServiceUnavailable, ""}
	steps := []struct {
		pass     time.Duration
		queue    []reply
		requests int // token requests until then
		lost     bool
		token    string
	}{
		{59*time.Minute + 10*time.Second, []reply{down}, 2, false, "t1"}, // 50 seconds left, a pause of 25
		{24 * time.Second, nil, 2, false, "t1"},
		{time.Second, []reply{down}, 3, false, "t1"}, // 25 seconds left
		{24 * time.Second, []reply{down}, 4, false, "t1"},
		{time.Second, []reply{down}, 5, true, ""}, // expired
		{0, []reply{down}, 6, true, ""},
		{time.Minute, nil, 7, false, "t2"},
		{0, nil, 7, false, "t2"},
	}
	for i, step := range steps {
		network.pass(step.pass)
		network.next("/token", step.queue...)
		token, status, err := calls.call(t)
		if step.lost {
			fetch, ok := errors.AsType[*tokensource.FetchError](err)
			if !ok || fetch.Client.ClientID != "s6BhdRkqt3" {
				t.Errorf("step %d: got %d, %v", i, status, err)
			}
		} else if err != nil || status != http.StatusOK || token != "Bearer "+step.token {
			t.Errorf("step %d: got %d with %q, %v", i, status, token, err)
		}
		if got := network.count("/token"); got != step.requests {
			t.Errorf("step %d: %d token requests, want %d", i, got, step.requests)
		}
	}
}

// TestRenewalThatHangs takes at most half of what is left of a valid token. It goes on
// for as long as a call waits.
func TestRenewalThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newServer()
		source := tokensource.New(tokensource.Config{HTTP: network, Now: time.Now})
		network.time = time.Now()
		calls := newCaller(t, network, source, client())
		time.Sleep(59*time.Minute + 20*time.Second)
		network.gate, network.gated = make(chan struct{}), "/token"
		begin := time.Now()
		calls.want(t, "t1")
		if elapsed := time.Since(begin); elapsed != 20*time.Second {
			t.Errorf("the call took %s", elapsed)
		}
		time.Sleep(time.Minute)
		network.time = time.Now()
		var group sync.WaitGroup
		for range 3 { // which have no token to fall back to, and wait
			group.Go(func() { calls.want(t, "t3") })
		}
		time.Sleep(time.Minute)
		close(network.gate)
		group.Wait()
	})
}

// TestRefusedByAPI: the token is replaced once, the call sent again, and the second
// refusal is the caller's.
func TestRefusedByAPI(t *testing.T) {
	t.Parallel()
	network := newServer()
	calls := newCaller(t, network, network.source(), client())
	network.next("/orders", unauthorized)
	calls.want(t, "t2")
	network.next("/orders", unauthorized)
	for _, step := range []struct {
		pass   time.Duration
		status int
		token  string
	}{{0, 401, "t2"}, {0, 200, "t2"}, {30 * time.Second, 200, "t2"}} {
		network.pass(step.pass)
		if token, status, err := calls.call(t); token != "Bearer "+step.token || status != step.status || err != nil {
			t.Errorf("got %d with %s, %v", status, token, err)
		}
	}
	network.next("/orders", unauthorized, unauthorized)
	if token, status, err := calls.call(t); token != "Bearer t3" || status != http.StatusUnauthorized || err != nil {
		t.Errorf("got %d with %s, %v", status, token, err)
	}
	if got := network.count("/token"); got != 3 {
		t.Errorf("%d token requests", got)
	}
}

// TestExpiredEarly: a token of two seconds whose exp claim is in whole ones expires early,
// which is not a refusal of the client, however often it happens.
func TestExpiredEarly(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.members = `,"expires_in":2`
	calls := newCaller(t, network, network.source(), client())
	for _, token := range []string{"t2", "t3", "t4"} {
		network.pass(1100 * time.Millisecond)
		network.next("/orders", unauthorized)
		calls.want(t, token)
	}
	network.next("/orders", unauthorized)
	calls.want(t, "t5") // the first refusal
	network.next("/orders", unauthorized)
	if _, status, err := calls.call(t); status != http.StatusUnauthorized || err != nil {
		t.Errorf("got %d, %v", status, err)
	}
}

// TestNoTokenAfterARefusal: a refused token is not used again, whatever becomes of its
// replacement.
func TestNoTokenAfterARefusal(t *testing.T) {
	t.Parallel()
	network := newServer()
	calls := newCaller(t, network, network.source(), client())
	network.next("/orders", unauthorized)
	network.next("/token", reply{http.StatusServiceUnavailable, ""})
	if token, status, err := calls.call(t); !isFetchError(err) {
		t.Errorf("got %d with %s, %v", status, token, err)
	}
	calls.want(t, "t2")
}

func isFetchError(err error) bool {
	_, ok := errors.AsType[*tokensource.FetchError](err)
	return ok
}

// TestConcurrentRefusals share one replacement, whether or not tokens are cached.
func TestConcurrentRefusals(t *testing.T) {
	t.Parallel()
	for name, cache := range map[string]tokensource.Cache{"cache": {}, "no cache": {Off: true}} {
		for name, members := range map[string]string{name: `,"expires_in":3600`, name + ", unknown lifetime": ``} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					const concurrent = 10
					network := newServer()
					network.members = members
					calls := newCaller(t, network, tokensource.New(tokensource.Config{HTTP: network, Now: network.now, Cache: cache}), client())
					network.next("/orders", slices.Repeat([]reply{unauthorized}, concurrent)...)
					network.gate, network.gated = make(chan struct{}), "/orders"
					var group sync.WaitGroup
					for range concurrent {
						group.Go(func() {
							if _, status, err := calls.call(t); status != http.StatusOK || err != nil {
								t.Errorf("got %d, %v", status, err)
							}
						})
					}
					synctest.Wait() // all are refused, and none has returned
					close(network.gate)
					group.Wait()
					if got := network.count("/token"); got != 2 || len(calls.Tokens()) != 2 {
						t.Errorf("%d token requests, %d tokens", got, len(calls.Tokens()))
					}
				})
			})
		}
	}
}

// TestCallerLeavesDuringARenewal: the other calls that wait for it do not notice.
func TestCallerLeavesDuringARenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newServer()
		calls := newCaller(t, network, network.source(), client())
		network.pass(2 * time.Hour)
		network.gate, network.gated = make(chan struct{}), "/token"
		leaving := newRequest(t, nil)
		errLeft := errors.New("left")
		ctx, leave := context.WithCancelCause(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := calls.Over(base{network, orders(t, nil)}).RoundTrip(leaving.WithContext(ctx)); !errors.Is(err, errLeft) {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		group.Go(func() { calls.want(t, "t2") })
		synctest.Wait()
		leave(errLeft)
		synctest.Wait()
		close(network.gate)
		group.Wait()
	})
}

// TestTokenOfABody cannot be replaced, and is used whatever happens.
func TestTokenOfABody(t *testing.T) {
	t.Parallel()
	network, config := newServer(), client()
	config.Request.Body = secret.New("code=SplxlOBeZQQYbYS6WxSbIA")
	calls := newCaller(t, network, network.source(), config)
	if calls.Replaceable() || !newCaller(t, network, network.source(), client()).Replaceable() {
		t.Error("Replaceable is wrong")
	}
	network.next("/orders", unauthorized)
	for _, want := range []int{http.StatusUnauthorized, http.StatusOK} {
		if token, status, err := calls.call(t); token != "Bearer t1" || status != want || err != nil {
			t.Errorf("got %d with %s, %v", status, token, err)
		}
		network.pass(2 * time.Hour)
	}
}

// TestTransportNeedsAToken: its errors are those of Open.
func TestTransportNeedsAToken(t *testing.T) {
	t.Parallel()
	network := newServer()
	network.next("/token", refusal)
	if _, err := network.source().Transport(t.Context(), client(), tokensource.TokenHeader{}); !isFetchError(err) {
		t.Errorf("got %v", err)
	}
	_, err := network.source().Transport(t.Context(), tokensource.ClientConfig{}, tokensource.TokenHeader{})
	if _, ok := errors.AsType[*tokensource.ConfigError](err); !ok {
		t.Errorf("got %v", err)
	}
}

// TestTokenEndpointHangsAfterARefusal: the error is the token request's, by its own
// timeout, and the API's request is not retried because of it.
func TestTokenEndpointHangsAfterARefusal(t *testing.T) {
	t.Parallel()
	var calls, requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api":
			calls.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			if requests.Add(1) > 1 {
				_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that the client has left
				<-r.Context().Done()
			}
			_, _ = io.WriteString(w, `{"access_token":"t1","token_type":"Bearer","expires_in":3600}`)
		}
	}))
	t.Cleanup(server.Close)
	stack, err := httpstack.New(httpstack.Config{Timeout: time.Second}) // in which a busy machine responds
	if err != nil {
		t.Fatal(err)
	}
	config, request := client(), orders(t, nil)
	config.TokenEndpoint = server.URL + "/token"
	request.URL.Scheme, request.URL.Host, request.URL.Path = "http", strings.TrimPrefix(server.URL, "http://"), "/api"
	source := tokensource.New(tokensource.Config{HTTP: stack, Retries: httpstack.Retries{Max: 1, Timeout: time.Second}})
	_, err = source.DoWithToken(t.Context(), config, tokensource.TokenHeader{}, request)
	failed, ok := errors.AsType[*httpstack.Error](err)
	if !isFetchError(err) || !ok || failed.Kind != httpstack.Timeout || failed.URL != config.TokenEndpoint {
		t.Errorf("got %v", err)
	}
	if calls.Load() != 1 || requests.Load() != 3 {
		t.Errorf("%d calls and %d token requests", calls.Load(), requests.Load())
	}
}

// BenchmarkTransport is what the token costs a call.
func BenchmarkTransport(b *testing.B) {
	network := newServer()
	transport, err := network.source().Transport(b.Context(), client(), tokensource.TokenHeader{})
	if err != nil {
		b.Fatal(err)
	}
	response := &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}
	over := transport.Over(roundTripper(func(*http.Request) (*http.Response, error) { return response, nil }))
	request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, apiURL, strings.NewReader("order"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := over.RoundTrip(request); err != nil {
			b.Fatal(err)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
