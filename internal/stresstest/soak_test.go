// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"maps"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// parallelism exceeds the number of resources of a run, so that a token is used as
// soon as it is there.
const parallelism = "-parallelism=250"

func TestAccSoak(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("it reads /proc")
	}
	t.Logf("%d requests with seed %d", *requests, *seed)
	s := newSoak(t)
	all := runs(*requests)
	var warm usage
	for i, blocks := range all {
		s.run(t, blocks)
		t.Logf("after run %d of %d: %s", i+1, len(all), s.provider.measure(t))
		if i == len(all)/5 {
			warm = s.provider.settled(t)
			t.Logf("warm: %s", warm)
		}
	}
	end := s.provider.settled(t)
	t.Logf("at the end: %s", end)
	s.check(t)
	if grown := end.grown(warm); len(grown) > 0 {
		t.Fatalf("the provider has grown: %q\n%s", grown, s.provider.stacks(t))
	}
	if code := s.provider.interrupt(t); code != 0 {
		t.Errorf("the interrupted provider ended with %d, want 0", code)
	}
	s.searchLog(t)
}

// soak is a provider process, its server, and a workspace for both.
type soak struct {
	server    *server
	provider  *process
	workspace *acctest.Workspace
	secret    acctest.Canary
	// calls counts the blocks that requested the token of each client.
	calls map[string]int
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	secret := acctest.NewCanary("client secret", ` /+&=<>"é`)
	s := &soak{server: startFaultyServer(t, *seed, secret.Value), provider: startProvider(t), secret: secret, calls: map[string]int{}}
	s.workspace = acctest.New(t, "", "TF_REATTACH_PROVIDERS="+s.provider.reattach)
	return s
}

// run makes Terraform open, use and close the blocks. The exit code has no meaning, as
// some blocks of most runs fail.
func (s *soak) run(t *testing.T, blocks []block) {
	t.Helper()
	s.server.register(t, blocks, s.secret.Value)
	s.workspace.Configure(s.server.configuration(blocks, s.secret.Value))
	began := time.Now()
	result := s.workspace.Plan(parallelism)
	t.Logf("terraform plan took %s", time.Since(began).Round(time.Millisecond))
	s.secret.MustNotBeIn(t, "the output", result.Output())
	if !s.provider.alive() {
		t.Fatal("the provider ended by itself")
	}
	s.provider.stop(t)
	maps.Copy(s.calls, clients(blocks))
}

// check checks the clients' requests against the rules, and that each token was used
// where it was granted.
func (s *soak) check(t *testing.T) {
	t.Helper()
	uses, sent, issued, shared, replaced := s.server.uses(t), 0, 0, 0, 0
	for client, calls := range s.calls {
		met := s.server.of(client)
		tokens, want := grants(met), grants(met)
		sent, issued = sent+len(met), issued+tokens
		if isShared(client) {
			want = calls
			shared, replaced = shared+calls-tokens, replaced+tokens-1
		}
		if err := judge(met, calls); err != nil {
			t.Errorf("%s: %v: %v", client, err, met)
		}
		if uses[client] != want {
			t.Errorf("%s: its tokens were used %d times, want %d: %v", client, uses[client], want, met)
		}
	}
	t.Logf("%d requests, %d tokens issued, shared %d times and replaced %d times", sent, issued, shared, replaced)
	if shared <= 0 || replaced <= 0 {
		t.Error("no token was shared, or none was replaced in time")
	}
}

// searchLog searches the provider's log for the secret and for tokens.
func (s *soak) searchLog(t *testing.T) {
	t.Helper()
	log := read(t, s.provider.stderr)
	if !strings.Contains(log, s.server.TokenURL()) {
		t.Error("the log does not contain the token endpoint, so the search proves nothing")
	}
	s.secret.MustNotBeIn(t, "the log", log)
	for _, token := range s.server.tokens() {
		if strings.Contains(log, token) {
			t.Errorf("token %s is in the log", token)
		}
	}
}
