// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

const example = "../../../examples/demo"

// TestMain makes the test binary the program that the configuration's provisioner runs.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "call" {
		main()
		return
	}
	acctest.Main(m.Run)
}

func TestAccDemo(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	err := start(t.Context(), arguments(t, filepath.Dir(acctest.Executable(t))), &stdout, t.Output())
	if err != nil {
		t.Fatalf("%v\n%s", err, &stdout)
	}
	if !strings.Contains(stdout.String(), "Try next") || strings.Contains(stdout.String(), "\x1b") {
		t.Errorf("it does not say what to try next, or is not plain text:\n%s", &stdout)
	}
}

// Not parallel: it sets the directory for temporary directories.
func TestAccDemoLeavesNothing(t *testing.T) {
	temporary := t.TempDir()
	args := arguments(t, temporary)
	t.Setenv("TMPDIR", temporary)
	err := start(t.Context(), args, t.Output(), t.Output())
	if err == nil || !strings.Contains(err.Error(), "oauth2cc") {
		t.Errorf("without a built provider the error is %v", err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

// arguments are those of the demo with a provider in a directory. It lasts longer than
// its tokens.
func arguments(t *testing.T, providerDir string) []string {
	t.Helper()
	configuration, err := os.ReadFile(filepath.Join(example, "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	acctest.Needs(t, string(configuration))
	return []string{
		"-provider-dir", providerDir, "-terraform", acctest.CLI(t),
		"-consumer", acctest.Build(t, "github.com/oauth2cc/terraform-provider-oauth2cc/internal/cmd/consumer"),
		"-duration", "4s", example,
	}
}

func TestCheckText(t *testing.T) {
	t.Parallel()
	both := []issuedToken{{"ephemeral-1", ephemeralScope}, {"ephemeral-2", ephemeralScope}, {"stored-1", storedScope}}
	for name, row := range map[string]struct {
		issued []issuedToken
		text   string
		ok     bool
	}{
		"only the stored":           {both, `{"access_token":"stored-1"}`, true},
		"an ephemeral token":        {both, `{"access_token":"stored-1","leaked":"ephemeral-2"}`, false},
		"the secret":                {both, `{"access_token":"stored-1","leaked":"gX1fBat3bV"}`, false},
		"stored token missing":      {both, `{}`, false},
		"no ephemeral token issued": {both[2:], `{"access_token":"stored-1"}`, false},
		"no token stored":           {both[:2], `{}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			w := &walkthrough{out: &out, servers: &servers{secret: "gX1fBat3bV", issued: row.issued}}
			if err := w.checkText(row.text); (err == nil) != row.ok {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestCall(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer mF_9.B5f-4.1JqM" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(api.Close)
	for name, row := range map[string]struct {
		authorization string
		args          []string
		fails         bool
	}{
		"accepted":   {"Bearer mF_9.B5f-4.1JqM", []string{api.URL}, false},
		"refused":    {"Bearer other", []string{api.URL}, true},
		"no address": {"Bearer mF_9.B5f-4.1JqM", nil, true},
		"no server":  {"Bearer mF_9.B5f-4.1JqM", []string{"http://127.0.0.1:1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := call(t.Context(), row.args, row.authorization); (err != nil) != row.fails {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"no configuration": {},
		"two":              {"a", "b"},
		"unknown flag":     {"-verbose", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parse(args, t.Output()); err == nil {
				t.Error("no error")
			}
		})
	}
}
