// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"strings"
	"testing"
)

// Result is the outcome of one command.
type Result struct {
	Args           []string
	ExitCode       int
	Stdout, Stderr string
}

// Output is what a user sees in a terminal.
func (r Result) Output() string { return r.Stdout + r.Stderr }

// Prose is Output without the frames around diagnostics and with white space
// collapsed, as the CLI breaks lines to fit the terminal.
func (r Result) Prose() string {
	unframed := strings.NewReplacer("╷", " ", "│", " ", "╵", " ").Replace(r.Output())
	return strings.Join(strings.Fields(unframed), " ")
}

// MustExit ends the test unless the exit code is code.
func (r Result) MustExit(t testing.TB, code int) Result {
	t.Helper()
	if r.ExitCode != code {
		t.Fatalf("terraform %s: exit code %d, want %d:\n%s", strings.Join(r.Args, " "), r.ExitCode, code, r.Output())
	}
	return r
}

// MustSay ends the test unless the command's output contains each text, wherever
// its lines are broken.
func (r Result) MustSay(t testing.TB, texts ...string) Result {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.Prose(), text) {
			t.Fatalf("terraform %s: the output does not contain %q:\n%s", strings.Join(r.Args, " "), text, r.Output())
		}
	}
	return r
}
