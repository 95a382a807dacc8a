// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

const (
	issuer        = "https://server.example.com"
	tokenURL      = issuer + "/token"
	revocationURL = issuer + "/revoke"
	apiURL        = "https://api.example.com/orders"
)

// server stands in for the network: it numbers the tokens it issues, t1, t2, …,
// unless a response is queued, and records the requests. It is the clock too, which
// stands still unless moved.
type server struct {
	// metadata has further members of the discovery document; nil: there is none.
	metadata map[string]string
	// members are further members of a token response.
	members string
	// queued responses, by path, precede the usual ones.
	queued map[string][]reply
	// gate, if not nil, lets one response out for each value: of all, or of the path gated.
	gate  chan struct{}
	gated string

	mu       sync.Mutex
	time     time.Time
	received []httpstack.Request
	issued   int
}

type reply struct {
	status int
	body   string
}

// newServer returns a server whose tokens are valid for an hour.
func newServer() *server {
	return &server{members: `,"expires_in":3600`, time: time.Unix(1300815780, 0).UTC(), queued: map[string][]reply{}}
}

func (s *server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.time
}

// pass moves the clock.
func (s *server) pass(duration time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.time = s.time.Add(duration)
}

// source returns a source that talks to s by its clock.
func (s *server) source() *tokensource.Source {
	return tokensource.New(tokensource.Config{HTTP: s, Now: s.now})
}

// Do sends a request through its Transport, as [httpstack.Client] does.
func (s *server) Do(ctx context.Context, request httpstack.Request) (*httpstack.Response, error) {
	if request.Transport == nil {
		return s.exchange(ctx, request)
	}
	outgoing, err := http.NewRequestWithContext(ctx, request.Method, request.URL.String(), bytes.NewReader(request.Body))
	if err != nil {
		return nil, err
	}
	outgoing.Header = request.Header.Clone()
	received, err := request.Transport(base{s, request}).RoundTrip(outgoing)
	if err != nil {
		return nil, err
	}
	defer func() { _ = received.Body.Close() }()
	body, err := io.ReadAll(received.Body)
	return &httpstack.Response{StatusCode: received.StatusCode, Header: received.Header, Body: body, RequestedAt: s.now(), Secrets: request.Sent()}, err
}

// base is what a request's Transport wraps.
type base struct {
	server  *server
	request httpstack.Request
}

func (b base) RoundTrip(outgoing *http.Request) (*http.Response, error) {
	b.request.Header = outgoing.Header
	response, err := b.server.exchange(outgoing.Context(), b.request)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: response.StatusCode, Header: response.Header, Body: io.NopCloser(bytes.NewReader(response.Body))}, nil
}

func (s *server) exchange(ctx context.Context, request httpstack.Request) (*httpstack.Response, error) {
	s.mu.Lock()
	s.received = append(s.received, request)
	given := s.respond(request)
	response := &httpstack.Response{StatusCode: given.status, Header: http.Header{}, Body: []byte(given.body), RequestedAt: s.time, Secrets: request.Sent()}
	s.mu.Unlock()
	if s.gate != nil && (s.gated == "" || s.gated == request.URL.Path) {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return response, nil
}

// respond requires the lock.
func (s *server) respond(request httpstack.Request) reply {
	path := request.URL.Path
	if queue := s.queued[path]; len(queue) > 0 {
		s.queued[path] = queue[1:]
		return queue[0]
	}
	switch path {
	case "/.well-known/oauth-authorization-server":
		if s.metadata == nil {
			return reply{http.StatusNotFound, ""}
		}
		document := `{"issuer":"` + issuer + `"`
		for name, value := range s.metadata {
			document += `,"` + name + `":` + value
		}
		return reply{http.StatusOK, document + "}"}
	case "/token":
		s.issued++
		return reply{http.StatusOK, fmt.Sprintf(`{"access_token":"t%d"%s}`, s.issued, s.members)}
	case "/revoke", "/orders":
		return reply{http.StatusOK, ""}
	default:
		return reply{http.StatusNotFound, ""}
	}
}

// next queues responses at a path.
func (s *server) next(path string, replies ...reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queued[path] = append(s.queued[path], replies...)
}

// requests returns those that were sent to a path.
func (s *server) requests(path string) []httpstack.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.received), func(request httpstack.Request) bool { return request.URL.Path != path })
}

// count is the number of requests that were sent to a path.
func (s *server) count(path string) int { return len(s.requests(path)) }

// form decodes the body of a request.
func form(t *testing.T, request httpstack.Request) url.Values {
	t.Helper()
	values, err := url.ParseQuery(string(request.Body))
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// client is a client that has all it needs.
func client() tokensource.ClientConfig {
	return tokensource.ClientConfig{
		Server:      tokensource.Server{TokenEndpoint: tokenURL},
		Credentials: tokensource.Credentials{ClientID: "s6BhdRkqt3", ClientSecret: secret.New("gX1fBat3bV")},
		Request:     oauth2.TokenRequest{GrantType: tokensource.GrantClientCredentials},
	}
}

// scoped is client with a scope.
func scoped(scopes ...string) tokensource.ClientConfig {
	config := client()
	config.Request.Scopes = scopes
	return config
}

// tokenFor returns the access token that a client gets.
func tokenFor(t *testing.T, source *tokensource.Source, config tokensource.ClientConfig) string {
	t.Helper()
	session, err := source.Open(t.Context(), config, false)
	if err != nil {
		t.Fatal(err)
	}
	return session.Token().AccessToken.Reveal()
}

// secrets makes secrets of pairs of names and values.
func secrets(pairs ...string) map[string]secret.String {
	made := map[string]secret.String{}
	for pair := range slices.Chunk(pairs, 2) {
		made[pair[0]] = secret.New(pair[1])
	}
	return made
}

// methodOf returns how a token request authenticates its client (RFC 6749 section
// 2.3.1), by what is in it.
func methodOf(t *testing.T, request httpstack.Request) string {
	t.Helper()
	values := form(t, request)
	inHeader := strings.HasPrefix(request.Header.Get("Authorization"), "Basic ")
	switch {
	case inHeader && (values.Has("client_secret") || values.Has("client_id")):
		return "two at once"
	case inHeader:
		return "client_secret_basic"
	case values.Has("client_secret"):
		return "client_secret_post"
	case values.Has("client_id"):
		return "none"
	default:
		return "none, unnamed"
	}
}
