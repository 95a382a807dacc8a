// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
)

const (
	// processes start at once, more than any machine of the tests has cores.
	processes = 24

	clientID     = "s6BhdRkqt3"
	clientSecret = "gX1fBat3bV"
)

// gettoken is the import path of the command that each process runs.
const gettoken = "github.com/oauth2cc/terraform-provider-oauth2cc/internal/cmd/gettoken"

// startServer starts a server with the client of the processes.
func startServer(t testing.TB) *authservertest.Server {
	t.Helper()
	return authservertest.Start(t, authserver.Config{Clients: []authserver.Client{
		{ID: clientID, Secret: clientSecret, Lifetime: time.Hour},
	}})
}

// caches are the kinds of caches that processes share, as functions that return the
// flags for an empty one.
var caches = map[string]func(t testing.TB) []string{"file": emptyFolder, "redis": emptyRedis}

func emptyFolder(t testing.TB) []string {
	t.Helper()
	return []string{"-folder", t.TempDir()}
}

func emptyRedis(t testing.TB) []string {
	t.Helper()
	return []string{"-redis", redistest.Start(t, redistest.Options{}).URL("", "")}
}

// command returns a process that is not started yet.
func command(ctx context.Context, t testing.TB, srv *authservertest.Server, cache []string) *exec.Cmd {
	t.Helper()
	executable := acctest.Build(t, gettoken) //nolint:contextcheck // shared with other tests, which ctx does not bound
	process := exec.CommandContext(ctx, executable, append([]string{"-token-endpoint", srv.TokenURL(), "-client-id", clientID}, cache...)...)
	process.Env = append(os.Environ(), "CLIENT_SECRET="+clientSecret)
	return process
}

// start runs processes at once and returns what they print: digests of tokens. A
// process that fails, or warns about the cache, fails the test.
func start(ctx context.Context, t testing.TB, srv *authservertest.Server, cache []string, number int) []string {
	t.Helper()
	digests := make([]string, number)
	var running sync.WaitGroup
	for i := range digests {
		process := command(ctx, t, srv, cache)
		running.Go(func() {
			output, err := process.Output()
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				t.Errorf("process %d: %v: %s", i, err, exit.Stderr)
			} else if err != nil {
				t.Errorf("process %d: %v", i, err)
			}
			digests[i] = strings.TrimSpace(string(output))
		})
	}
	running.Wait()
	return digests
}

// TestFleet checks that processes which start at once with an empty cache send one
// token request.
func TestFleet(t *testing.T) {
	t.Parallel()
	for name, empty := range caches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for round := range *rounds {
				srv := startServer(t)
				digests := start(t.Context(), t, srv, empty(t), processes)
				if distinct := slices.Compact(slices.Sorted(slices.Values(digests))); len(distinct) != 1 {
					t.Errorf("round %d: %d different tokens", round, len(distinct))
				}
				if got := srv.Count(authserver.TokenEndpoint); got != 1 {
					t.Errorf("round %d: %d token requests", round, got)
				}
			}
		})
	}
}

// TestFleetOwnerKilled kills the process that is requesting the token: it costs one
// more request, and the others at most the lifetime of the lock.
func TestFleetOwnerKilled(t *testing.T) {
	t.Parallel()
	for name, empty := range caches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, cache := startServer(t), empty(t)
			asked := make(chan struct{})
			srv.Fail(authserver.TokenEndpoint, 1, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(asked)
				authserver.Hang()(w, r)
			}))
			owner := command(t.Context(), t, srv, cache)
			if err := owner.Start(); err != nil {
				t.Fatal(err)
			}
			<-asked
			others := make(chan []string)
			// The lock ends with its process, or when it expires.
			ctx, cancel := context.WithTimeout(t.Context(), redisstore.LockTTL+20*time.Second)
			defer cancel()
			go func() { others <- start(ctx, t, srv, cache, processes-1) }()
			if err := owner.Process.Kill(); err != nil {
				t.Error(err)
			}
			_ = owner.Wait() // it was killed
			if distinct := slices.Compact(slices.Sorted(slices.Values(<-others))); len(distinct) != 1 {
				t.Errorf("%d different tokens", len(distinct))
			}
			if got := srv.Count(authserver.TokenEndpoint); got != 2 {
				t.Errorf("%d token requests, want 2: that of the owner and one more", got)
			}
		})
	}
}
