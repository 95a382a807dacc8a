// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// Scopes in the demo's configuration. They distinguish its tokens.
const (
	ephemeralScope = "api:read"
	storedScope    = "reports:read"
	proxiedScope   = "orders:write"
)

// The demo's clients. The tokens of the second last two seconds. The API accepts them
// for one more, as calls take time on a busy machine.
const (
	clientID      = "demo"
	shortClientID = "demo-short"
	shortLifetime = 2 * time.Second
)

// orderPath is what the other provider calls.
const orderPath = "/orders/1"

// servers are the mock authorization server and the protected API.
type servers struct {
	*authserver.Server

	apiURL string
	secret string // of the client, random
	open   []*http.Server

	mu     sync.Mutex
	issued []issuedToken
}

// issuedToken is a response of the token endpoint.
type issuedToken struct {
	Token string `json:"access_token"`
	Scope string `json:"scope"`
}

// startServers starts both on loopback, each on its own port.
func startServers(ctx context.Context) (*servers, error) {
	auth, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	api, err := listen(ctx)
	if err != nil {
		return nil, errors.Join(err, auth.Close())
	}
	s := &servers{apiURL: origin(api), secret: rand.Text()}
	s.Server, err = authserver.New(authserver.Config{
		Issuer: origin(auth),
		Clients: []authserver.Client{{
			ID: clientID, Secret: s.secret, TokenFormat: authserver.JWT, Lifetime: time.Hour,
			Scopes: []string{ephemeralScope, storedScope},
		}, {
			ID: shortClientID, Secret: s.secret, Lifetime: shortLifetime + time.Second,
			Scopes:        []string{proxiedScope},
			TokenResponse: []authserver.Mutation{authserver.Set("expires_in", shortLifetime.Seconds())},
		}},
		Routes: map[string]string{"/": ephemeralScope, orderPath: proxiedScope},
	})
	if err != nil {
		return nil, errors.Join(err, auth.Close(), api.Close())
	}
	s.serve(auth, http.HandlerFunc(s.recordIssued))
	s.serve(api, s.API())
	return s, nil
}

func listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", "127.0.0.1:0")
}

func origin(l net.Listener) string { return "http://" + l.Addr().String() }

func (s *servers) serve(l net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: callTimeout}
	s.open = append(s.open, server)
	go func() { _ = server.Serve(l) }() // ends with close
}

func (s *servers) close() error {
	var err error
	for _, server := range s.open {
		err = errors.Join(err, server.Close())
	}
	return err
}

// recordIssued serves the authorization server and records the tokens it issues, to
// search for them later.
func (s *servers) recordIssued(w http.ResponseWriter, r *http.Request) {
	copied := &copyingWriter{ResponseWriter: w}
	s.ServeHTTP(copied, r)
	var token issuedToken
	if json.Unmarshal(copied.body.Bytes(), &token) != nil || token.Token == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued = append(s.issued, token)
}

// tokens returns the tokens issued so far with scope.
func (s *servers) tokens(scope string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for _, token := range s.issued {
		if token.Scope == scope {
			found = append(found, token.Token)
		}
	}
	return found
}

// calls returns the request-targets of the API calls since the last reset, sorted, by
// status: those to orderPath if proxied is true, else the others.
func (s *servers) calls(proxied bool) map[int][]string {
	found := map[int][]string{}
	for _, request := range s.Requests(authserver.API) {
		if (request.Target == orderPath) == proxied {
			found[request.Status] = append(found[request.Status], request.Target)
		}
	}
	for status := range found {
		slices.Sort(found[status])
	}
	return found
}

// copyingWriter keeps a copy of the response body.
type copyingWriter struct {
	http.ResponseWriter

	body bytes.Buffer
}

func (w *copyingWriter) Write(data []byte) (int, error) {
	return io.MultiWriter(&w.body, w.ResponseWriter).Write(data)
}
