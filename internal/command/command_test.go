// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package command_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/command"
)

// patience bounds commands that end by themselves.
const patience = time.Minute

// shell is a command that runs a script with parameters.
func shell(script string, parameters ...string) []string {
	return append([]string{"/bin/sh", "-c", script, "sh"}, parameters...)
}

func run(t *testing.T, argv []string, stdin string) (string, error) {
	t.Helper()
	output, err := command.NewQueue(patience).Run(t.Context(), argv, []byte(stdin))
	return string(output), err
}

func TestRun(t *testing.T) {
	t.Parallel()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		argv  []string
		stdin string
		want  string
	}{
		"arguments as they are":         {[]string{"printf", "%s|", "$HOME", "a b", "*", ""}, "", "$HOME|a b|*||"},
		"standard input":                {[]string{"cat"}, "to sign\x00\xff", "to sign\x00\xff"},
		"standard input that is unread": {[]string{"echo", "a"}, strings.Repeat("x", 1<<20), "a\n"},
		"empty standard input":          {[]string{"cat"}, "", ""},
		"working directory":             {[]string{"/bin/sh", "-c", "pwd -P"}, "", folder + "\n"},
		"standard error beside it":      {shell("echo a >&2; echo b"), "", "b\n"},
		"as much as is allowed":         {[]string{"head", "-c", "65536", "/dev/zero"}, "", strings.Repeat("\x00", 65536)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := run(t, test.argv, test.stdin); err != nil || got != test.want {
				t.Errorf("got %.100q, error %v, want %.100q", got, err, test.want)
			}
		})
	}
}

// TestEnvironment: what go-plugin tells a provider, or it itself, is not for others.
func TestEnvironment(t *testing.T) {
	t.Setenv("TF_PLUGIN_MAGIC_COOKIE", "set")
	t.Setenv("PLUGIN_CLIENT_CERT", "set")
	t.Setenv("PLUGIN_MIN_PORT", "set")
	t.Setenv("PLUGINS", "set")
	t.Setenv("MY_PLUGIN_A", "set")
	t.Setenv("TF_LOG_SDK", "set")
	command.Hide("TF_LOG_SDK")
	t.Cleanup(func() { command.Hide() })
	got, err := run(t, shell(`echo "$TF_PLUGIN_MAGIC_COOKIE$PLUGIN_CLIENT_CERT$PLUGIN_MIN_PORT$TF_LOG_SDK,$PLUGINS,$MY_PLUGIN_A"`), "")
	if want := ",set,set\n"; err != nil || got != want {
		t.Errorf("got %q, error %v, want %q", got, err, want)
	}
}

// TestNoTerminal wants a command to lead a session of its own without a terminal.
func TestNoTerminal(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	got, err := run(t, shell("cat /proc/$$/stat"), "")
	var pid, parent, processGroup, session, terminal int
	var name, state string
	if _, scanned := fmt.Sscan(got, &pid, &name, &state, &parent, &processGroup, &session, &terminal); err != nil || scanned != nil {
		t.Fatal(got, err, scanned)
	}
	if processGroup != pid || session != pid || terminal != 0 {
		t.Errorf("process %d has the group %d, the session %d and the terminal %d", pid, processGroup, session, terminal)
	}
}

func TestFailure(t *testing.T) {
	t.Parallel()
	const (
		jwt    = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.dBjftJeZ4CVP"
		body   = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v"
		pem    = "-----BEGIN PRIVATE KEY-----\n" + body + "\n-----END PRIVATE KEY-----"
		filler = "; i=0; while [ $i -lt 1100 ]; do echo 0123456789012345678901234567890123456789012345678901234567890123 >&2; i=$((i+1)); done"
	)
	tests := map[string]struct {
		argv  []string
		stdin string
		want  string
	}{
		"status":              {shell("exit 3"), "", "/bin/sh failed with exit status 3"},
		"signal":              {shell("kill -TERM $$"), "", "/bin/sh failed with signal: terminated"},
		"standard error":      {shell("echo 'no such key' >&2; exit 1"), "", "/bin/sh failed with exit status 1: no such key"},
		"last lines":          {shell("seq 1 8 >&2; exit 1"), "", "/bin/sh failed with exit status 1: 4 5 6 7 8"},
		"control characters":  {shell(`printf '\033[31mno\033[0m\r\n\ta' >&2; exit 1`), "", "/bin/sh failed with exit status 1: [31mno [0m a"},
		"JWT":                 {shell(`echo "got $1!" >&2; exit 1`, jwt), "", "/bin/sh failed with exit status 1: got [redacted]!"},
		"PEM":                 {shell(`echo "got $1!" >&2; exit 1`, pem), "", "/bin/sh failed with exit status 1: got [redacted]!"},
		"PEM without its end": {shell(`echo "got $1" >&2; exit 1`, pem[:50]), "", "/bin/sh failed with exit status 1: got [redacted]"},
		"PEM without its beginning": {
			shell(`printf '%s' "$1" | head -c 40 >&2; echo >&2`+filler+`; printf '%s' "$1" | tail -c 50 >&2; echo >&2; echo end >&2; exit 1`, pem), "",
			"/bin/sh failed with exit status 1: end",
		},
		"one long line":        {shell("head -c 70000 /dev/zero | tr '\\0' x >&2; exit 1"), "", "/bin/sh failed with exit status 1"},
		"its standard output":  {shell("echo opaque-token; echo got opaque-token >&2; exit 1"), "", "/bin/sh failed with exit status 1: got [redacted]"},
		"its standard input":   {shell("cat >&2; exit 1"), "signing-input", "/bin/sh failed with exit status 1: [redacted]"},
		"too much":             {[]string{"yes"}, "", "yes wrote more than 65536 bytes to standard output"},
		"a byte too much":      {[]string{"head", "-c", "65537", "/dev/zero"}, "", "head wrote more than 65536 bytes to standard output"},
		"no such program":      {[]string{"no-such-program"}, "", "no-such-program cannot be started: executable file not found in $PATH"},
		"no such file":         {[]string{"./no/such", "secret"}, "", "./no/such cannot be started: no such file or directory"},
		"a folder":             {[]string{"/"}, "", "/ cannot be started: is a directory"},
		"the words of a shell": {[]string{"echo a"}, "", "echo a cannot be started: executable file not found in $PATH; write each argument as an element of the list, as no shell splits them"},
		"JWT in place of it":   {[]string{jwt}, "", "the command cannot be started: executable file not found in $PATH"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := run(t, test.argv, test.stdin); err == nil || err.Error() != test.want {
				t.Errorf("got %.100q, error %v, want %s", got, err, test.want)
			}
		})
	}
	t.Run("a long line is shortened", func(t *testing.T) {
		t.Parallel()
		_, err := run(t, shell("head -c 20000 /dev/zero | tr '\\0' x >&2; echo end >&2; exit 1"), "")
		if err == nil || len(err.Error()) > 1100 || !strings.HasSuffix(err.Error(), "xxxend") {
			t.Error(err)
		}
	})
}

// TestSecretsOfTheEnvironment: a script that traces what it does writes its variables.
func TestSecretsOfTheEnvironment(t *testing.T) {
	t.Setenv("VAULT_TOKEN", "hvs.CAESIJ")
	t.Setenv("HSM_PIN", "93412")
	t.Setenv("AWS_REGION", "eu-central-1")
	_, err := run(t, shell(`set -x; : "$VAULT_TOKEN" "$HSM_PIN" "$AWS_REGION"; exit 1`), "")
	if want := "/bin/sh failed with exit status 1: + : [redacted] [redacted] eu-central-1 + exit 1"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// pipe is a named pipe in a folder of its own.
func pipe(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// lingering writes a line into a pipe, which it and two processes that it starts keep open.
const lingering = `exec 3>"$1"; echo ready >&3; (trap '' TERM HUP; sleep 600) & sleep 600`

// TestTheWholeGroupEnds waits until no process has the pipe open.
func TestTheWholeGroupEnds(t *testing.T) {
	t.Parallel()
	t.Run("timeout", func(t *testing.T) {
		t.Parallel()
		name := pipe(t)
		failed := make(chan error, 1)
		go func() {
			_, err := command.NewQueue(time.Second).Run(t.Context(), shell(lingering, name), nil)
			failed <- err
		}()
		wantContents(t, name, "ready\n")
		if err := <-failed; err == nil || err.Error() != "/bin/sh did not end within 1s" {
			t.Error(err)
		}
	})
	t.Run("interrupt", func(t *testing.T) {
		t.Parallel()
		name := pipe(t)
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := command.NewQueue(patience).Run(ctx, shell(lingering, name), nil)
			failed <- err
		}()
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		reader := bufio.NewReader(file)
		if _, err := reader.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := io.ReadAll(reader); err != nil {
			t.Error(err)
		}
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Run("success", func(t *testing.T) {
		t.Parallel()
		name := pipe(t)
		written := make(chan string, 1)
		go func() {
			output, err := command.NewQueue(patience).Run(t.Context(), shell(`exec 3>"$1"; sleep 600 & echo done`, name), nil)
			written <- fmt.Sprint(string(output), err)
		}()
		wantContents(t, name, "")
		if got := <-written; got != "done\n<nil>" {
			t.Error(got)
		}
	})
}

func wantContents(t *testing.T, name, want string) {
	t.Helper()
	if got, err := os.ReadFile(name); err != nil || string(got) != want {
		t.Errorf("got %q, error %v, want %q", got, err, want)
	}
}

// TestProcessThatLeftTheGroup: it has the command's standard output open until this test
// opens the pipe, which the command does not wait for.
func TestProcessThatLeftTheGroup(t *testing.T) {
	t.Parallel()
	name := pipe(t)
	got, err := run(t, shell(`setsid cat "$1" & echo done`, name), "")
	if err != nil || got != "done\n" {
		t.Errorf("got %q, error %v", got, err)
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Error(err)
	}
}

func TestOneAtATime(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "running")
	queue := command.NewQueue(patience)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := queue.Run(t.Context(), shell(`mkdir "$1" && ls / && rmdir "$1"`, folder), nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestInterruptedInTheQueue: a command that waits for another ends with its own context.
func TestInterruptedInTheQueue(t *testing.T) {
	t.Parallel()
	name := pipe(t)
	queue := command.NewQueue(patience)
	first := make(chan error, 1)
	go func() {
		_, err := queue.Run(t.Context(), shell(`echo running > "$1"; cat "$1"`, name), nil)
		first <- err
	}()
	wantContents(t, name, "running\n") // it is the first one's turn
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := queue.Run(ctx, []string{"true"}, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Error(err)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
}
