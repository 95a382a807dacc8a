// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// lifetime is that of all tokens.
const lifetime = 4 * time.Second

// server responds as its ledger says.
type server struct {
	*authservertest.Server
	ledger
}

func startFaultyServer(t *testing.T, seed uint64, secret string) *server {
	t.Helper()
	s := &server{authservertest.Start(t, authserver.Config{}), ledger{
		seed: seed, faults: faults(secret), attempts: map[string][]fault{},
	}}
	s.Override(authserver.TokenEndpoint, s.token)
	s.Override(authserver.API, pace)
	return s
}

// register registers the clients of blocks.
func (s *server) register(t *testing.T, blocks []block, secret string) {
	t.Helper()
	for client := range clients(blocks) {
		if err := s.Register(authserver.Client{ID: client, Secret: secret, Lifetime: lifetime}); err != nil {
			t.Fatal(err)
		}
	}
}

// token responds with the client's next fault.
func (s *server) token(w http.ResponseWriter, r *http.Request) bool {
	client, _, _ := r.BasicAuth()
	met := s.next(client)
	time.Sleep(met.delay)
	if met.response != nil {
		met.response.ServeHTTP(w, r)
	}
	return met.response != nil
}

// paceLength is the time between two paces. All of them take longer than a token
// lasts.
const paceLength = lifetime * 11 / 10 / (paces - 1)

// pace delays the requests that are there to take time.
func pace(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, pacePath) {
		return false
	}
	time.Sleep(paceLength)
	w.WriteHeader(http.StatusNoContent)
	return true
}

// uses counts the uses of each client's token. It fails the test for those that the
// API rejected.
func (s *server) uses(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, request := range s.Requests(authserver.API) {
		client, used := strings.CutPrefix(request.Target, usePath)
		if !used {
			continue
		}
		if counts[client]++; request.Status != http.StatusOK {
			t.Errorf("the API answered %d to the token of %s", request.Status, client)
		}
	}
	return counts
}

// tokens returns all tokens that were used.
func (s *server) tokens() []string {
	var used []string
	for _, request := range s.Requests(authserver.API) {
		if token, ok := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer "); ok {
			used = append(used, token)
		}
	}
	slices.Sort(used)
	return slices.Compact(used)
}
