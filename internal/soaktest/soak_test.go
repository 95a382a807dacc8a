// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package soaktest

import (
	"maps"
	"runtime"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// parallelism is more than the resources of a run, so that a token is used as soon
// as it is there, and not when Terraform comes round to it.
const parallelism = "-parallelism=250"

func TestAccSoak(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("what a process holds is read from /proc")
	}
	t.Logf("%d requests with seed %d", *requests, *seed)
	secret := acctest.NewCanary("client secret", ` /+&=<>"é`)
	server := startServer(t, *seed, secret.Value)
	provider := startProvider(t)
	workspace := acctest.New(t, "", "TF_REATTACH_PROVIDERS="+provider.reattach)

	plans, asked := runs(*requests), map[string]int{}
	var warm usage
	for i, blocks := range plans {
		began := time.Now()
		if err := server.register(blocks, secret.Value); err != nil {
			t.Fatal(err)
		}
		workspace.Configure(server.configuration(blocks, secret.Value))
		result := workspace.Plan(parallelism)
		secret.MustNotBeIn(t, "what terraform says", result.Output())
		maps.Copy(asked, clients(blocks))
		if !provider.alive() {
			t.Fatal("the provider has ended by itself")
		}
		if i == len(plans)/5 {
			warm = provider.settled(t)
			t.Logf("warm: %s", warm)
		}
		t.Logf("run %d of %d took %s: %s", i+1, len(plans), time.Since(began).Round(time.Millisecond), provider.measure(t))
	}
	server.check(t, asked)
	end := provider.settled(t)
	t.Logf("at the end: %s", end)
	if grown := end.grown(warm); len(grown) > 0 {
		t.Fatalf("the provider has grown: %q\n%s", grown, provider.stacks(t))
	}
	if code := provider.interrupt(t); code != 0 {
		t.Errorf("the interrupted provider ended with %d, want 0", code)
	}
	log := read(t, provider.stderr)
	secret.MustNotBeIn(t, "the log", log)
	t.Logf("log of %d bytes", len(log))
}

// check holds the clients' requests against the rules, and that each token was used
// where it was granted. Of each client it is told how many blocks ask for it.
func (s *server) check(t *testing.T, asked map[string]int) {
	t.Helper()
	uses, sent, issued, shared, replaced := s.uses(t), 0, 0, 0, 0
	for client, calls := range asked {
		met := s.of(client)
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
	if shared == 0 || replaced == 0 {
		t.Error("want some tokens to be shared, and some to be replaced in time")
	}
	t.Logf("%d requests sent, %d tokens issued, %d blocks with the token of another, %d tokens replaced in time", sent, issued, shared, replaced)
}
