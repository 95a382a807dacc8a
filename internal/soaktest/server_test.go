// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package soaktest

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

// server answers as the ledger says.
type server struct {
	*authservertest.Server
	ledger
}

func startServer(t *testing.T, seed uint64, secret string) *server {
	t.Helper()
	s := &server{authservertest.Start(t, authserver.Config{}), ledger{
		seed: seed, faults: faults(secret), attempts: map[string][]fault{},
	}}
	s.Override(authserver.TokenEndpoint, s.token)
	s.Override(authserver.API, pace)
	return s
}

// register makes the clients of blocks known.
func (s *server) register(t *testing.T, blocks []block, secret string) {
	t.Helper()
	for client := range clients(blocks) {
		if err := s.Register(authserver.Client{ID: client, Secret: secret, Lifetime: lifetime}); err != nil {
			t.Fatal(err)
		}
	}
}

// token plays the fault that is next for whoever asks.
func (s *server) token(w http.ResponseWriter, r *http.Request) bool {
	client, _, _ := r.BasicAuth()
	met := s.next(client)
	time.Sleep(met.delay)
	if met.answer != nil {
		met.answer.ServeHTTP(w, r)
	}
	return met.answer != nil
}

// paceLength is how long a run lasts at one pace: what is asked for at the last
// would be too late with the token of the first.
const paceLength = lifetime * 11 / 10 / (paces - 1)

// pace keeps those waiting who only ask for the time to pass.
func pace(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, pacePath) {
		return false
	}
	time.Sleep(paceLength)
	w.WriteHeader(http.StatusNoContent)
	return true
}

// uses counts how often each client's token was used, and tells of those that were
// not valid when they were.
func (s *server) uses(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, request := range s.Requests(authserver.API) {
		client, used := strings.CutPrefix(request.Target, usePath)
		if !used {
			continue
		}
		if counts[client]++; request.Status != http.StatusOK {
			t.Errorf("the token of %s was answered with %d when it was used", client, request.Status)
		}
	}
	return counts
}

// tokens are all that were used.
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
