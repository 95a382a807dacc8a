// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// process is a provider that commands attach to: it outlives them.
type process struct {
	command  *exec.Cmd
	ended    chan struct{}
	stdout   string // path
	stderr   string // path; see logging
	reattach string // the value of TF_REATTACH_PROVIDERS
	socket   string // path, part of reattach
}

// logging sets the provider's log to TRACE, the framework's, which is ten times as
// long, to WARN, and makes the runtime list its goroutines every second, and its
// collections. Those are as frequent as at a user's.
var logging = []string{"TF_LOG=TRACE", "TF_LOG_SDK=WARN", "GOGC=100", "GODEBUG=schedtrace=1000,scheddetail=1,gctrace=1"}

var reattachLine = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.*"String":"(.*?)".*)'`)

// startProvider runs the provider until it is interrupted, or the test ends.
func startProvider(t *testing.T) *process {
	t.Helper()
	dir := t.TempDir()
	p := &process{ended: make(chan struct{}), stdout: filepath.Join(dir, "stdout"), stderr: filepath.Join(dir, "stderr")}
	p.command = exec.CommandContext(t.Context(), acctest.Executable(t), "-debug")
	p.command.Env = append(os.Environ(), logging...)
	p.command.Stdout, p.command.Stderr = create(t, p.stdout), create(t, p.stderr)
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.command.Wait(); close(p.ended) }() // the result is in ProcessState
	t.Cleanup(func() { <-p.ended })                      // the context ends first
	acctest.Eventually(t, "the provider prints how to attach to it", func() bool {
		found := reattachLine.FindStringSubmatch(read(t, p.stdout))
		if found != nil {
			// Without a host the address applies to the registry of either CLI.
			p.reattach, p.socket = strings.ReplaceAll(found[1], "registry.terraform.io/", ""), found[2]
		}
		return found != nil
	})
	return p
}

// alive reports whether the process is running.
func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// stop calls StopProvider, as Terraform does when a run is interrupted. Nothing is
// running then, but the framework keeps the context of every request until this call
// (registerContext of its protocol servers), which would hide what the provider keeps.
func (p *process) stop(t *testing.T) {
	t.Helper()
	connection, err := grpc.NewClient("unix:"+p.socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	err = connection.Invoke(t.Context(), "/tfplugin6.Provider/StopProvider", &emptypb.Empty{}, &emptypb.Empty{})
	if err != nil {
		t.Fatal(err)
	}
}

// interrupt sends the process an interrupt and returns its exit code.
func (p *process) interrupt(t *testing.T) int {
	t.Helper()
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	acctest.Eventually(t, "the provider ends when it is interrupted", func() bool { return !p.alive() })
	return p.command.ProcessState.ExitCode()
}

// stacks ends the process and returns the stacks of its goroutines.
func (p *process) stacks(t *testing.T) string {
	t.Helper()
	_ = p.command.Process.Signal(syscall.SIGQUIT)
	acctest.Eventually(t, "the provider ends with its stacks", func() bool { return !p.alive() })
	_, stacks, _ := strings.Cut(read(t, p.stderr), "SIGQUIT: quit")
	return stacks
}

// create creates a file that is open until the test ends.
func create(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// read returns the text of a file.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
