// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package benchtf

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// stage is where the commands with one provider run.
type stage struct {
	provider  provider
	server    *server
	workspace *acctest.Workspace
	record    string // path, see internal/cmd/metered
}

// newStage returns a stage, or nil if the provider cannot run the case.
func newStage(t *testing.T, one provider, srv *server, of Case) *stage {
	t.Helper()
	text, err := one.configure(Configuration{Case: of, TokenEndpoint: srv.TokenURL(), ClientSecret: clientSecret})
	if err != nil {
		t.Fatal(err)
	}
	if text == "" {
		return nil
	}
	directory := t.TempDir()
	metered := filepath.Join(directory, "terraform-provider-"+one.kind)
	if err := os.Symlink(acctest.Build(t, module+"/internal/cmd/metered"), metered); err != nil {
		t.Fatal(err)
	}
	s := &stage{provider: one, server: srv, record: filepath.Join(directory, "record")}
	s.workspace = acctest.New(t, "", "METERED_PROVIDER="+one.executable, "METERED_RECORD="+s.record)
	s.workspace.Install("hashicorp/"+one.kind, directory)
	s.workspace.Write("main.tf", text)
	return s
}

// command is a command of the CLI.
type command struct {
	name      string
	arguments []string
}

// commands are what is measured, in this order.
var commands = []command{
	{plan, []string{"plan", "-input=false", "-out=planned"}},
	{"apply", []string{"apply", "-input=false", "planned"}},
	{"second plan", []string{"plan", "-input=false"}},
	{"destroy", []string{"destroy", "-input=false", "-auto-approve"}},
}

// run runs one command and returns what it used. It ends the test if the command fails.
func (s *stage) run(t *testing.T, arguments []string) Sample {
	t.Helper()
	if err := os.Remove(s.record); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	s.server.reset()
	command := s.workspace.Command(t.Context(), arguments...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	begin := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	peak := make(chan float64)
	go func() { peak <- peakMemory(command.Process.Pid, ended) }()
	err := command.Wait()
	used := Sample{Provider: s.provider.name, Wall: time.Since(begin).Seconds()}
	close(ended)
	used.CLIMemory = <-peak
	if err != nil {
		t.Fatalf("%s: terraform %s: %v\n%s", s.provider.name, strings.Join(arguments, " "), err, &output)
	}
	used.CPU = cpuTime(command)
	used.ProviderCPU, used.ProviderMemory = s.recorded(t)
	used.Requests, used.Connections = s.server.Count(authserver.TokenEndpoint), int(s.server.connections.Load())
	return used
}

// cpuTime includes that of the provider, for which the CLI has waited.
func cpuTime(ended *exec.Cmd) float64 {
	return (ended.ProcessState.UserTime() + ended.ProcessState.SystemTime()).Seconds()
}

// recorded sums up the CPU time of the provider's processes, and returns the memory of
// the largest.
func (s *stage) recorded(t *testing.T) (seconds, mebibytes float64) {
	t.Helper()
	text, err := os.ReadFile(s.record)
	if err != nil {
		t.Fatal(err)
	}
	running := 0
	for line := range strings.Lines(string(text)) {
		if line == "started\n" {
			running++
			continue
		}
		var one float64
		var kibibytes int64
		if _, err := fmt.Sscanf(line, "ended %f %d", &one, &kibibytes); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		running--
		seconds += one
		mebibytes = max(mebibytes, float64(kibibytes)/1024)
	}
	if running > 0 {
		t.Fatalf("%s: Terraform killed %d processes, which then record nothing", s.provider.name, running)
	}
	return seconds, mebibytes
}

var peakLine = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB`)

// peakMemory returns the peak resident memory of a process, in MiB, as of a few
// milliseconds before its end. The kernel's own sum at the end has the provider in it.
func peakMemory(pid int, ended <-chan struct{}) float64 {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for kibibytes := 0; ; {
		status, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status")) // gone at the end
		if found := peakLine.FindSubmatch(status); found != nil {
			kibibytes, _ = strconv.Atoi(string(found[1]))
		}
		select {
		case <-tick.C:
		case <-ended:
			return float64(kibibytes) / 1024
		}
	}
}
