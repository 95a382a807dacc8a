// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"crypto/tls"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
)

// cachePassword has characters that are percent-encoded in URLs.
const cachePassword = "t/Wf#0:k@8,Q?"

// cachePrograms are the servers that a cache is on, by their names in the guide.
var cachePrograms = map[string]string{"Redis": "redis-server", "Valkey": "valkey-server"}

// cacheOptions are options of a server with TLS and a user with the rights that the guide
// says, and more.
func cacheOptions(t *testing.T, pki pki, program, more string) redistest.Options {
	t.Helper()
	certificate, err := tls.LoadX509KeyPair(pki.path("server.crt"), pki.path("server.key"))
	if err != nil {
		t.Fatal(err)
	}
	_, rights, _ := strings.Cut(read(t, "../../templates/guides/sharing-tokens.md.tmpl"), "ACL SETUSER oauth2cc on >password ")
	rights, _, ok := strings.Cut(rights, "\n")
	if !ok {
		t.Fatal("the guide names no rights")
	}
	return redistest.Options{
		Program:  program,
		TLS:      &certificate,
		ClientCA: pki.text(t, "ca.crt"), // for servers that verify each other

		Users:      []string{"oauth2cc on >" + cachePassword + " " + rights + more},
		Directives: []string{"tls-auth-clients no"},
	}
}

// cachedRuns are runs that share a cache at a URL.
type cachedRuns struct {
	*authservertest.Server

	pki    pki
	config string
}

func newCachedRuns(t *testing.T, pki pki, url string) cachedRuns {
	t.Helper()
	server := authservertest.Start(t, authserver.Config{Clients: []authserver.Client{{ID: "deploy", Secret: consumerSecret, Lifetime: time.Hour}}})
	return cachedRuns{server, pki, providerBlock("deploy", server.URL, fmt.Sprintf(`
		client_secret = %q
		cache         = { type = "redis", url = %q }
		tls           = { ca_certificate = file("ca.crt") }
	`, consumerSecret, url)) + consumer}
}

// workspace makes a workspace for one of the runs.
func (r cachedRuns) workspace(t *testing.T) *acctest.Workspace {
	t.Helper()
	return workspace(t, r.pki, r.config, nil)
}

// planAndApply runs a saved plan, with something in between.
func (r cachedRuns) planAndApply(t *testing.T, between func()) {
	t.Helper()
	w := r.workspace(t)
	for _, command := range [][]string{{"plan", "-out=saved"}, {"apply", "saved"}} {
		result := w.Run(command...).MustExit(t, 0)
		if strings.Contains(result.Output(), "The token cache is unavailable") {
			t.Error(result.Output())
		}
		if command[0] == "plan" {
			between()
		}
	}
}

// mustRequest holds how many tokens were requested.
func (r cachedRuns) mustRequest(t *testing.T, atLeast, atMost int) {
	t.Helper()
	if got := r.Count(authserver.TokenEndpoint); got < atLeast || got > atMost {
		t.Errorf("%d token requests, want %d to %d", got, atLeast, atMost)
	}
}

// TestRedis plans and applies with each kind of URL, over TLS with a private authority.
func TestRedis(t *testing.T) {
	t.Parallel()
	needServers(t)
	pki := newPKI(t)
	for server, program := range cachePrograms {
		for feature, start := range map[string]func(t *testing.T) (url string){
			"`rediss://`, with the documented permissions": func(t *testing.T) string {
				t.Helper()
				return redistest.Start(t, cacheOptions(t, pki, program, "")).URL("oauth2cc", cachePassword)
			},
			"`rediss://`, another database": func(t *testing.T) string {
				t.Helper()
				return redistest.Start(t, cacheOptions(t, pki, program, " +select")).URL("oauth2cc", cachePassword) + "/7"
			},
			"`rediss+cluster://`, three nodes": func(t *testing.T) string {
				t.Helper()
				return redistest.StartCluster(t, cacheOptions(t, pki, program, " +cluster|slots +asking")).URL("oauth2cc", cachePassword)
			},
		} {
			t.Run(server+" "+feature, func(t *testing.T) {
				t.Parallel()
				works(t, server, "`cache`", feature)
				runs := newCachedRuns(t, pki, start(t))
				runs.planAndApply(t, func() {})
				runs.mustRequest(t, 1, 1)
			})
		}
	}
}

// TestRedisFailOver kills the master between plan and apply, and among processes of a
// fleet. Sentinels and servers have passwords and TLS.
func TestRedisFailOver(t *testing.T) {
	t.Parallel()
	needServers(t)
	pki := newPKI(t)
	for server, program := range cachePrograms {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			works(t, server, "`cache`", "`rediss+sentinel://`, a fail-over between plan and apply")
			watched := startWatched(t, pki, program)
			runs := newCachedRuns(t, pki, watched.URL("oauth2cc", cachePassword))
			runs.planAndApply(t, func() {
				acctest.Eventually(t, "the replica has the token", func() bool { return watched.Replica.Do(t, "DBSIZE") == ":1" })
				watched.FailOver(t)
			})
			runs.mustRequest(t, 1, 1)
		})
	}
	t.Run("fleet", func(t *testing.T) {
		t.Parallel()
		works(t, "Redis", "`cache`", "`rediss+sentinel://`, a fail-over among concurrent runs")
		watched := startWatched(t, pki, cachePrograms["Redis"])
		runs := newCachedRuns(t, pki, watched.URL("oauth2cc", cachePassword))
		const number = 4
		var fleet sync.WaitGroup
		for range number {
			w := runs.workspace(t)
			fleet.Go(func() {
				if result := w.Apply(); result.ExitCode != 0 {
					t.Error(result.Output())
				}
			})
		}
		acctest.Eventually(t, "a token is requested", func() bool { return runs.Count(authserver.TokenEndpoint) > 0 })
		watched.Master.Kill()
		fleet.Wait()
		runs.mustRequest(t, 1, 2*number) // each plan and each apply that could not wait for the fail-over
		watched.AwaitFailOver(t)
		before := runs.Count(authserver.TokenEndpoint)
		runs.planAndApply(t, func() {})
		runs.mustRequest(t, before, before+1)
	})
}

// startWatched starts a master, a replica and three Sentinels, all with TLS and the same
// user.
func startWatched(t *testing.T, pki pki, program string) *redistest.Replicated {
	t.Helper()
	sentinel := cacheOptions(t, pki, program, "")
	sentinel.Users = []string{
		"oauth2cc on >" + cachePassword + " -@all +sentinel|get-master-addr-by-name",
		"default on nopass +@all -sentinel|get-master-addr-by-name",
	}
	return redistest.StartSentinel(t, 3, cacheOptions(t, pki, program, ""), sentinel)
}
