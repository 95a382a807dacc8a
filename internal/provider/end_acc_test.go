// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package provider_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// ownToken is a configuration with a token of its own. A verb in rest stands for
// more of its block.
func ownToken(srv *authservertest.Server, more, rest string) string {
	return strings.Replace(hclProvider(srv), "\n}", fmt.Sprintf("\n  revocation_endpoint = %q\n}", srv.RevocationURL()), 1) +
		"ephemeral \"oauth2cc_token\" \"test\" {\n  count = 1\n  revoke_on_close = true\n" + more + "}\n" + rest
}

// mustRevokeAll waits until every token that was issued is revoked.
func mustRevokeAll(t *testing.T, srv *authservertest.Server, issued int) {
	t.Helper()
	if n := srv.Count(authserver.TokenEndpoint); n != issued {
		t.Fatalf("%d tokens were issued, want %d", n, issued)
	}
	acctest.Eventually(t, "all tokens are revoked", func() bool {
		revoked := map[string]bool{}
		for _, request := range srv.Requests(authserver.RevocationEndpoint) {
			revoked[request.Form().Get("token")] = request.Status == 200
		}
		return len(revoked) == issued
	})
}

// TestAccFailedRunRevokes holds that a token of a run's own does not outlive a run
// that fails, although core does not close the ephemeral resource.
func TestAccFailedRunRevokes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		more, rest string
		issued     int // at plan and at apply, if it comes to that
	}{
		"a dependent fails":     {"", strings.Replace(consumer, "test -n", "! test -n", 1), 2},
		"a postcondition fails": {"lifecycle {\n postcondition {\n condition = self.expires_in < 0\n error_message = \"too long\"\n }\n }\n", bystander, 1},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			acctest.New(t, ownToken(srv, row.more, row.rest)).Apply().MustExit(t, 1)
			mustRevokeAll(t, srv, row.issued)
		})
	}
}

// running is terraform apply in a process group of its own. Its provisioner ends
// with the test, or when it is released.
type running struct {
	terraform *exec.Cmd
	ended     chan struct{}
	output    lockedBuffer
	provider  int      // process id
	trace     string   // path of the log
	stdin     *os.File // breaks when all processes that have the other end are gone
	fifo      *os.File // the provisioner runs until it is closed
	file      string   // path of the token file
}

// fileBlock is a token file for which no token is requested.
func fileBlock(path string) string {
	return fmt.Sprintf(`
ephemeral "oauth2cc_token_file" "test" {
  path             = %q
  content          = "assertion"
  client_secret    = "0123456789012345678901234567890123456789"
  signed_assertion = { audience = "https://login.example.com/" }
}
`, path)
}

// startBusy starts terraform apply with a token of its own and a token file, and returns
// when the provisioner runs.
func startBusy(t *testing.T, srv *authservertest.Server) *running {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	waits := strings.Replace(consumer, `test -n \"$TOKENS\"`, "exec cat fifo", 1)
	run := start(t, acctest.New(t, ownToken(srv, "",
		fileBlock(file)+strings.Replace(waits, "{ TOKENS", "{ FILE = ephemeral.oauth2cc_token_file.test.path, TOKENS", 1))))
	run.file = file
	if !strings.HasPrefix(fileText(t, file), "eyJ") {
		t.Fatal("there is no token file")
	}
	return run
}

// start starts terraform apply, and returns when its provisioner reads the named pipe fifo.
func start(t *testing.T, w *acctest.Workspace, args ...string) *running {
	t.Helper()
	fifo := w.Path("fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	run := &running{trace: w.Trace(), ended: make(chan struct{})}
	stdin, stdinWriter, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdinWriter.Close() })
	run.stdin = stdinWriter
	run.terraform = w.Command(t.Context(), append([]string{"apply", "-no-color", "-input=false", "-auto-approve"}, args...)...)
	run.terraform.Stdout, run.terraform.Stderr = &run.output, &run.output
	run.terraform.Stdin, run.terraform.SysProcAttr = stdin, &syscall.SysProcAttr{Setpgid: true}
	if err := run.terraform.Start(); err != nil {
		t.Fatal(err)
	}
	_ = stdin.Close()
	go func() { _ = run.terraform.Wait(); close(run.ended) }() // how it ends is no matter
	t.Cleanup(func() { <-run.ended })                          // the test's context has ended
	acctest.Eventually(t, "the provisioner runs", func() bool {
		run.fifo, err = os.OpenFile(fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		return err == nil
	})
	t.Cleanup(func() { _ = run.fifo.Close() })
	run.provider = lastStarted(t, run.trace)
	return run
}

var pluginStarted = regexp.MustCompile(`plugin started: path=\S*terraform-provider-oauth2cc pid=(\d+)`)

// lastStarted is the process id of the provider that core started last. Each walk has
// one of its own.
func lastStarted(t *testing.T, trace string) int {
	t.Helper()
	all := pluginStarted.FindAllStringSubmatch(fileText(t, trace), -1)
	if len(all) == 0 {
		t.Fatal("core says nothing of the provider")
	}
	id, err := strconv.Atoi(all[len(all)-1][1])
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// mustEnd waits until neither terraform nor a provider runs.
func (r *running) mustEnd(t *testing.T) {
	t.Helper()
	acctest.Eventually(t, "all processes end", func() bool {
		_, err := r.stdin.WriteString("\n")
		return errors.Is(err, syscall.EPIPE)
	})
}

// mustNotIgnore skips a test whose signals this process ignores, as SIGHUP under nohup, and
// so do those that it starts.
func mustNotIgnore(t *testing.T, signals ...syscall.Signal) {
	t.Helper()
	for _, sent := range signals {
		if signal.Ignored(sent) {
			t.Skip("the signal is ignored, as under nohup")
		}
	}
}

// TestAccInterruptedRunRevokes holds that neither a token of a run's own nor a token file
// outlives a run that is interrupted, and no provider its command line.
func TestAccInterruptedRunRevokes(t *testing.T) {
	t.Parallel()
	terraform := func(r *running) int { return r.terraform.Process.Pid }
	group := func(r *running) int { return -r.terraform.Process.Pid }
	tests := map[string]struct {
		signals []syscall.Signal
		to      func(*running) int
	}{
		"SIGINT":                       {[]syscall.Signal{syscall.SIGINT}, terraform},
		"SIGINT twice":                 {[]syscall.Signal{syscall.SIGINT, syscall.SIGINT}, terraform},
		"SIGTERM":                      {[]syscall.Signal{syscall.SIGTERM}, terraform},
		"SIGINT to the process group":  {[]syscall.Signal{syscall.SIGINT}, group},
		"SIGTERM to the process group": {[]syscall.Signal{syscall.SIGTERM}, group},
		"SIGHUP to the process group":  {[]syscall.Signal{syscall.SIGHUP}, group},
		"SIGKILL":                      {[]syscall.Signal{syscall.SIGKILL}, terraform},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustNotIgnore(t, row.signals...)
			srv := startServer(t)
			run := startBusy(t, srv)
			for _, sent := range row.signals {
				if err := syscall.Kill(row.to(run), sent); err != nil {
					t.Fatal(err)
				}
			}
			mustRevokeAll(t, srv, 2)
			run.mustEnd(t)
			mustBeGone(t, run.file)
		})
	}
}

// TestAccSignalledProvider holds how the provider ends when it is the one that is sent
// a signal, even if a token cannot be revoked.
func TestAccSignalledProvider(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sent   syscall.Signal
		hangs  bool
		status string
	}{
		"SIGTERM":                       {syscall.SIGTERM, false, "exit status 143"},
		"SIGHUP":                        {syscall.SIGHUP, false, "exit status 129"},
		"SIGTERM, and revocation hangs": {syscall.SIGTERM, true, "exit status 143"},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustNotIgnore(t, row.sent)
			srv := startServer(t)
			run := startBusy(t, srv)
			if row.hangs {
				srv.Fail(authserver.RevocationEndpoint, authserver.Always, authserver.Hang())
			}
			start := time.Now()
			if err := syscall.Kill(run.provider, row.sent); err != nil {
				t.Fatal(err)
			}
			exited := fmt.Sprintf("plugin process exited: plugin=%s id=%d error=%q", acctest.Executable(t), run.provider, row.status)
			acctest.Eventually(t, exited, func() bool { return strings.Contains(fileText(t, run.trace), exited) })
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
			mustBeGone(t, run.file)
			if !row.hangs {
				mustRevokeAll(t, srv, 2)
				return
			}
			warning := regexp.MustCompile(`\[WARN\].*could not be closed when the provider stopped.*`).FindString(fileText(t, run.trace))
			token := srv.Requests(authserver.RevocationEndpoint)[1].Form().Get("token")
			if warning == "" || strings.Contains(warning, token) {
				t.Errorf("logged is %q", warning)
			}
		})
	}
}

// TestAccIgnoredSIGHUP holds that the provider goes on under nohup.
func TestAccIgnoredSIGHUP(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), "sh", "-c", `trap "" HUP; exec "$0" -debug`, acctest.Executable(t))
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 1)); err != nil { // it says how to attach to it
		t.Fatal(err)
	}
	for _, sent := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		if err := command.Process.Signal(sent); err != nil {
			t.Fatal(err)
		}
	}
	var failure *exec.ExitError
	if err := command.Wait(); !errors.As(err, &failure) || failure.ExitCode() != 143 {
		t.Errorf("ended with %v", err)
	}
}
