// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// The server says that its tokens last two seconds and accepts them for three, as
// calls take time on a busy machine. A long run makes calls over three lifetimes.
const (
	announcedSeconds = 2
	acceptedFor      = 3 * time.Second
	longRun          = "6500ms"
	shortRun         = "4s"
)

const longRunSecret = "gX1fBat3bV"

// throughProxy is a configuration whose second provider, in a process of its own, has
// the address and the credential of a proxy.
const throughProxy = `
terraform {
  required_providers {
    oauth2cc = { source = "oauth2cc/oauth2cc" }
    restapi  = { source = "mastercard/restapi" }
  }
}

provider "oauth2cc" {
  token_endpoint = %q
  client_id      = "deploy"
}

ephemeral "oauth2cc_proxy" "api" {
  url = %q
}

provider "restapi" {
  uri     = ephemeral.oauth2cc_proxy.api.local_url
  headers = { Authorization = ephemeral.oauth2cc_proxy.api.authorization_header }
}

resource "restapi_object" "order" {
  path = "/orders"
  data = "{}"
}
`

// handedOver is the same with a token instead of the proxy.
var handedOver = strings.NewReplacer(
	"oauth2cc_proxy", "oauth2cc_token", "  url = %q\n", "", "ephemeral.oauth2cc_proxy.api.local_url", "%q",
).Replace(throughProxy)

// longRunServer is a server with short tokens for the client deploy.
func longRunServer(t *testing.T) *authservertest.Server {
	t.Helper()
	return authservertest.Start(t, authserver.Config{
		Clients: []authserver.Client{{
			ID: "deploy", Secret: longRunSecret, Lifetime: acceptedFor,
			TokenResponse: []authserver.Mutation{authserver.Set("expires_in", announcedSeconds)},
		}},
		Routes: map[string]string{},
	})
}

// longRunWorkspace has a configuration with the addresses of a server.
func longRunWorkspace(t *testing.T, srv *authservertest.Server, config, duration string, env ...string) *acctest.Workspace {
	t.Helper()
	env = append(env, "OAUTH2CC_CLIENT_SECRET="+longRunSecret, "CONSUMER_DURATION="+duration)
	workspace := acctest.New(t, "", env...)
	workspace.StandIn("mastercard/restapi")
	workspace.Write("main.tf", fmt.Sprintf(config, srv.TokenURL(), srv.APIURL))
	return workspace
}

// mustAcceptAll checks that the API has seen at least some tokens, all of which were
// valid, and returns them.
func mustAcceptAll(t *testing.T, srv *authservertest.Server, atLeast int) []string {
	t.Helper()
	var tokens []string
	for _, call := range srv.Requests(authserver.API) {
		if call.Status != http.StatusOK {
			t.Errorf("%s %s: status %d", call.Method, call.Target, call.Status)
		}
		tokens = append(tokens, strings.TrimPrefix(call.Header.Get("Authorization"), "Bearer "))
	}
	slices.Sort(tokens)
	tokens = slices.Compact(tokens)
	if len(tokens) < atLeast {
		t.Errorf("the API has seen %d tokens, want at least %d", len(tokens), atLeast)
	}
	return tokens
}

// TestAccHandedOver shows the problem: a token that was handed over expires.
func TestAccHandedOver(t *testing.T) {
	t.Parallel()
	srv := longRunServer(t)
	longRunWorkspace(t, srv, handedOver, shortRun).Apply().MustExit(t, 1).MustSay(t, "401 Unauthorized")
}

// TestAccLongRun applies and destroys two configurations at the same time. Neither
// tokens nor credentials of the proxies are in state, plan or log.
func TestAccLongRun(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, throughProxy) // or it has no runs to check
	srv := longRunServer(t)
	var kept [2]string // what is kept of each run, by terraform or in its log
	t.Cleanup(func() { // when both have ended
		for _, token := range mustAcceptAll(t, srv, 2*2*3) {
			if strings.Contains(kept[0]+kept[1], token) {
				t.Error("a token is in state, plan or log")
			}
		}
	})
	for i := range kept {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			kept[i] = keptOfRun(t, srv)
		})
	}
}

// keptOfRun runs plan, apply and destroy, and returns the plan, the state and the log.
func keptOfRun(t *testing.T, srv *authservertest.Server) string {
	t.Helper()
	used := t.TempDir() + "/credentials"
	workspace := longRunWorkspace(t, srv, throughProxy, longRun, "CONSUMER_CREDENTIALS="+used)
	trace := workspace.Trace()
	workspace.Plan("-out=plan").MustExit(t, 2)
	workspace.Apply("plan").MustExit(t, 0)
	texts := []string{
		workspace.Show("plan").MustExit(t, 0).Stdout, unzipped(t, workspace.Path("plan")),
		workspace.Show("").MustExit(t, 0).Stdout, workspace.Read("terraform.tfstate"),
	}
	workspace.Destroy().MustExit(t, 0)
	kept := strings.Join(append(texts, read(t, trace)), "\n")
	credentials := slices.Compact(strings.Fields(strings.ReplaceAll(read(t, used), "Bearer ", "")))
	if len(credentials) != 3 { // of apply, and of the plan and the apply of destroy
		t.Errorf("%d credentials were used, want 3", len(credentials))
	}
	for _, credential := range credentials {
		if strings.Contains(kept, credential) {
			t.Error("the proxy's credential is in state, plan or log")
		}
	}
	if !strings.Contains(kept, "restapi_object") {
		t.Error("the resource is not in it, so the search proves nothing")
	}
	return kept
}

// unzipped is what a saved plan consists of.
func unzipped(t *testing.T, path string) string {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	var text strings.Builder
	for _, file := range archive.File {
		content, err := archive.Open(file.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&text, content); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// TestAccInterruptedLongRun interrupts terraform. What the other provider has begun
// goes on for longer than a token is valid, and ends well.
func TestAccInterruptedLongRun(t *testing.T) {
	t.Parallel()
	srv := longRunServer(t)
	workspace := longRunWorkspace(t, srv, throughProxy, shortRun)
	var output strings.Builder
	command := workspace.Command(t.Context(), "apply", "-no-color", "-auto-approve")
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	acctest.Eventually(t, "the first call", func() bool { return srv.Count(authserver.API) > 0 })
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait() // Terraform reports the interruption
	mustAcceptAll(t, srv, 2)
	if text := output.String(); !strings.Contains(text, "Interrupt received") || strings.Contains(text, "calls failed") {
		t.Errorf("the run ended with:\n%s", text)
	}
	if list := workspace.Run("state", "list").Stdout; !strings.Contains(list, "restapi_object.order") {
		t.Errorf("the state has %q", list)
	}
}

// TestAccTokenEndpointDown has the token endpoint fail for a while. Calls that find no
// token get the reason, and later ones succeed.
func TestAccTokenEndpointDown(t *testing.T) {
	t.Parallel()
	srv := longRunServer(t)
	var down atomic.Bool
	srv.Override(authserver.TokenEndpoint, func(w http.ResponseWriter, _ *http.Request) bool {
		if !down.Load() {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	workspace := longRunWorkspace(t, srv, throughProxy, shortRun, "OAUTH2CC_MAX_RETRIES=0")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		defer down.Store(false)
		for ctx.Err() == nil && srv.Count(authserver.API) == 0 {
			time.Sleep(time.Millisecond)
		}
		down.Store(true)
		for ctx.Err() == nil && !isDown(srv) {
			time.Sleep(time.Millisecond)
		}
	}()
	workspace.Apply().MustExit(t, 1).MustSay(t, "calls failed, the first with: POST /orders/1: 502 Bad Gateway", "503 Service Unavailable")
	mustAcceptAll(t, srv, 2)
}

// isDown reports whether the token endpoint has failed for some calls.
func isDown(srv *authservertest.Server) bool {
	failed := 0
	for _, request := range srv.Requests(authserver.TokenEndpoint) {
		if request.Status == http.StatusServiceUnavailable {
			failed++
		}
	}
	return failed >= 3
}
