// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

const planFile = "demo.tfplan"

// story is the demo as it is told: each step runs a command and then claims what
// a person would want to see. A claim that does not hold ends it.
type story struct {
	out     io.Writer
	cli     *cli
	servers *servers
	example string
}

func (s *story) tell(ctx context.Context) error {
	for _, step := range []func(context.Context) error{s.introduce, s.plan, s.apply, s.output, s.look} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) say(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format+"\n", args...) }

// claim says what holds, or fails.
func (s *story) claim(holds bool, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if !holds {
		return fmt.Errorf("this does not hold: %s", text)
	}
	s.say("  ok  %s", text)
	return nil
}

// command says what is run, and runs it.
func (s *story) command(ctx context.Context, subcommand string, args ...string) (string, error) {
	s.say("\n$ %s %s %s", s.cli.name(), subcommand, strings.Join(args, " "))
	return s.cli.run(ctx, subcommand, args...)
}

func (s *story) introduce(ctx context.Context) error {
	version, err := s.cli.version(ctx)
	if err != nil {
		return err
	}
	s.say("%s applies %s. All of this is on this machine:", version, filepath.Join(s.example, "main.tf"))
	s.say("  authorization server  %s", s.servers.Issuer())
	s.say("  API that it protects  %s", s.servers.apiURL)
	return nil
}

func (s *story) plan(ctx context.Context) error {
	if _, err := s.command(ctx, "plan", "-out="+planFile); err != nil {
		return err
	}
	asked, stored := s.servers.tokens(ephemeralScope), s.servers.tokens(storedScope)
	if err := s.claim(len(asked) == 1, "three ephemeral oauth2cc_token with the same inputs: %d token request", len(asked)); err != nil {
		return err
	}
	return s.claim(len(stored) == 1, "one data source oauth2cc_token with another scope: %d token request", len(stored))
}

func (s *story) apply(ctx context.Context) error {
	s.servers.Reset()
	if _, err := s.command(ctx, "apply", planFile); err != nil {
		return err
	}
	asked := s.servers.Count(authserver.TokenEndpoint)
	if err := s.claim(asked == 1, "the three ephemeral tokens again, in a new process: %d token request", asked); err != nil {
		return err
	}
	calls := s.servers.calls()
	for _, path := range calls[http.StatusOK] {
		s.say("      GET %s%s  200 OK", s.servers.apiURL, path)
	}
	return s.claim(len(calls) == 1 && len(calls[http.StatusOK]) == 3,
		"three provisioners called the API with the token from their environment")
}

func (s *story) output(ctx context.Context) error {
	s.say("\n$ %s output", s.cli.name())
	outputs, err := s.cli.outputs(ctx)
	if err != nil {
		return err
	}
	expiresAt, claims := outputs.ExpiresAt.Value, outputs.Claims.Value
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		s.say("      claims.%-9s  %s", name, show(claims[name]))
	}
	s.say("      expires_at        %s", expiresAt.Format(time.RFC3339))
	if err := s.claim(claims["client_id"] == clientID && claims["scope"] == storedScope, "the claims of the data source's token are readable"); err != nil {
		return err
	}
	left := time.Until(expiresAt)
	return s.claim(left > 59*time.Minute && left <= time.Hour, "it expires in %.0f minutes", left.Minutes())
}

// look searches the plan, the state and the state's file for tokens and for the
// secret.
func (s *story) look(ctx context.Context) error {
	for _, args := range [][]string{{"-json", planFile}, {"-json"}} {
		text, err := s.command(ctx, "show", args...)
		if err != nil {
			return err
		}
		if err := s.searched(text); err != nil {
			return err
		}
	}
	const stateFile = "terraform.tfstate"
	s.say("\n$ cat %s", stateFile)
	text, err := os.ReadFile(filepath.Join(s.cli.directory, stateFile))
	if err != nil {
		return err
	}
	return s.searched(string(text))
}

// searched claims what text holds and what it does not. The stored token is there
// to prove that the search would find an ephemeral one.
func (s *story) searched(text string) error {
	unwanted := s.servers.tokens(ephemeralScope)
	if err := s.claim(holdsNone(text, unwanted), "none of the %d ephemeral tokens is in it", len(unwanted)); err != nil {
		return err
	}
	if err := s.claim(holdsNone(text, []string{s.servers.secret}), "the client secret is not in it"); err != nil {
		return err
	}
	return s.claim(holdsAll(text, s.servers.tokens(storedScope)), "the data source's token is in it, as its documentation says")
}

// holdsAll tells whether all texts are in place, and that there are any.
func holdsAll(place string, texts []string) bool {
	missing := func(text string) bool { return !strings.Contains(place, text) }
	return len(texts) > 0 && !slices.ContainsFunc(texts, missing)
}

// holdsNone tells whether none of the texts is in place, and that there are any.
func holdsNone(place string, texts []string) bool {
	found := func(text string) bool { return strings.Contains(place, text) }
	return len(texts) > 0 && !slices.ContainsFunc(texts, found)
}

// show writes the value of a claim in one line. Numbers of seconds are not
// written as 1.79e+09.
func show(value any) string {
	if number, ok := value.(float64); ok {
		return fmt.Sprintf("%.0f", number)
	}
	return fmt.Sprint(value)
}

const farewell = `
Everything held. The servers have stopped and the working directory is gone.

Try next:
  make test                          run every test
  examples/demo/main.tf              what was applied
  docs/index.md                      use your own authorization server
  docs/guides/choosing.md            choose between ephemeral resource and data source
  go run ./internal/cmd/authserver   play with the mock server
`
