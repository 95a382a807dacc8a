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
)

const planFile = "demo.tfplan"

// walkthrough is the demo: each step runs a command and verifies what it did.
type walkthrough struct {
	out     io.Writer
	cli     *cli
	servers *servers
	opts    options
}

func (w *walkthrough) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{w.introduce, w.plan, w.apply, w.output, w.search} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (w *walkthrough) say(format string, args ...any) {
	_, _ = fmt.Fprintf(w.out, format+"\n", args...)
}

// claim prints the claim if it is true, and fails otherwise.
func (w *walkthrough) claim(ok bool, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if !ok {
		return fmt.Errorf("this is not true: %s", text)
	}
	w.say("  ok  %s", text)
	return nil
}

// command prints the command and runs it.
func (w *walkthrough) command(ctx context.Context, subcommand string, args ...string) (string, error) {
	w.say("\n$ %s %s %s", w.cli.name(), subcommand, strings.Join(args, " "))
	return w.cli.run(ctx, subcommand, args...)
}

func (w *walkthrough) introduce(ctx context.Context) error {
	version, err := w.cli.version(ctx)
	if err != nil {
		return err
	}
	w.say("%s applies %s. Everything runs on this machine:", version, filepath.Join(w.opts.example, "main.tf"))
	w.say("  authorization server  %s", w.servers.Issuer())
	w.say("  protected API         %s", w.servers.apiURL)
	return nil
}

func (w *walkthrough) plan(ctx context.Context) error {
	if _, err := w.command(ctx, "plan", "-out="+planFile); err != nil {
		return err
	}
	ephemeral, stored := w.servers.tokens(ephemeralScope), w.servers.tokens(storedScope)
	if err := w.claim(len(ephemeral) == 1, "three ephemeral oauth2cc_token with the same inputs: %d token request", len(ephemeral)); err != nil {
		return err
	}
	return w.claim(len(stored) == 1, "one data source oauth2cc_token with another scope: %d token request", len(stored))
}

func (w *walkthrough) apply(ctx context.Context) error {
	w.servers.Reset()
	planned, proxied := len(w.servers.tokens(ephemeralScope)), len(w.servers.tokens(proxiedScope))
	w.say("\nThe apply takes a while: another provider makes calls for %s, with tokens that last %s.", w.opts.duration, shortLifetime)
	if _, err := w.command(ctx, "apply", planFile); err != nil {
		return err
	}
	requests := len(w.servers.tokens(ephemeralScope)) - planned
	if err := w.claim(requests == 1, "the three ephemeral tokens again, in a new process: %d token request", requests); err != nil {
		return err
	}
	if err := w.provisioners(); err != nil {
		return err
	}
	return w.longRun(len(w.servers.tokens(proxiedScope)) - proxied)
}

func (w *walkthrough) provisioners() error {
	calls := w.servers.calls(false)
	for _, path := range calls[http.StatusOK] {
		w.say("      GET %s%s  200 OK", w.servers.apiURL, path)
	}
	return w.claim(len(calls) == 1 && len(calls[http.StatusOK]) == 3,
		"three provisioners called the API with the token from their environment")
}

// longRun verifies the calls of the provider behind oauth2cc_proxy.
func (w *walkthrough) longRun(tokens int) error {
	calls := w.servers.calls(true)
	succeeded := len(calls[http.StatusOK])
	if err := w.claim(succeeded > tokens && len(calls) == 1,
		"another provider called the API %d times through oauth2cc_proxy: no 401", succeeded); err != nil {
		return err
	}
	return w.claim(tokens > 1, "it was configured once, and the proxy used %d tokens of %s each", tokens, shortLifetime)
}

func (w *walkthrough) output(ctx context.Context) error {
	w.say("\n$ %s output", w.cli.name())
	outputs, err := w.cli.outputs(ctx)
	if err != nil {
		return err
	}
	expiresAt, claims := outputs.ExpiresAt.Value, outputs.Claims.Value
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		w.say("      claims.%-9s  %s", name, show(claims[name]))
	}
	w.say("      expires_at        %s", expiresAt.Format(time.RFC3339))
	if err := w.claim(claims["client_id"] == clientID && claims["scope"] == storedScope, "the claims of the data source's token can be read"); err != nil {
		return err
	}
	left := time.Until(expiresAt)
	return w.claim(left > 59*time.Minute && left <= time.Hour, "it expires in %.0f minutes", left.Minutes())
}

// search searches the plan, the state and the state file for tokens and the secret.
func (w *walkthrough) search(ctx context.Context) error {
	for _, args := range [][]string{{"-json", planFile}, {"-json"}} {
		text, err := w.command(ctx, "show", args...)
		if err != nil {
			return err
		}
		if err := w.checkText(text); err != nil {
			return err
		}
	}
	const stateFile = "terraform.tfstate"
	w.say("\n$ cat %s", stateFile)
	text, err := os.ReadFile(filepath.Join(w.cli.directory, stateFile))
	if err != nil {
		return err
	}
	return w.checkText(string(text))
}

// checkText checks which tokens are in text. The stored token proves that the search
// would find an ephemeral one.
func (w *walkthrough) checkText(text string) error {
	unwanted := slices.Concat(w.servers.tokens(ephemeralScope), w.servers.tokens(proxiedScope))
	if err := w.claim(containsNone(text, unwanted), "none of the %d ephemeral tokens is in it", len(unwanted)); err != nil {
		return err
	}
	if err := w.claim(containsNone(text, []string{w.servers.secret}), "the client secret is not in it"); err != nil {
		return err
	}
	return w.claim(containsAll(text, w.servers.tokens(storedScope)), "the data source's token is in it, as documented")
}

// containsAll reports whether all texts, of which there must be some, are in s.
func containsAll(s string, texts []string) bool {
	missing := func(text string) bool { return !strings.Contains(s, text) }
	return len(texts) > 0 && !slices.ContainsFunc(texts, missing)
}

// containsNone reports whether none of the texts, of which there must be some, is in s.
func containsNone(s string, texts []string) bool {
	found := func(text string) bool { return strings.Contains(s, text) }
	return len(texts) > 0 && !slices.ContainsFunc(texts, found)
}

// show formats the value of a claim. NumericDates are not formatted as 1.79e+09.
func show(value any) string {
	if number, ok := value.(float64); ok {
		return fmt.Sprintf("%.0f", number)
	}
	return fmt.Sprint(value)
}

const farewell = `
All checks passed. The servers are stopped and the working directory is removed.

Try next:
  make test                          run every test
  examples/demo/main.tf              what was applied
  docs/index.md                      use your own authorization server
  docs/guides/choosing.md            choose between ephemeral resource and data source
  docs/guides/long-runs.md           runs that take longer than a token is valid
  go run ./internal/cmd/authserver   try the mock server
`
