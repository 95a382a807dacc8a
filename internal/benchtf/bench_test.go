// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package benchtf

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

const module = "github.com/oauth2cc/terraform-provider-oauth2cc"

// TestAccBenchmark runs the benchmark, by default at its smallest, and holds that the
// figures are there.
func TestAccBenchmark(t *testing.T) { //nolint:paralleltest // other tests would slow it down
	acctest.CLI(t) // skips the test before anything is built
	if runtime.GOOS != "linux" {
		t.Skip("memory is read from /proc")
	}
	directory := *out
	if directory == "" {
		directory = t.TempDir()
	}
	if err := os.MkdirAll(directory, 0o755); err != nil { //nolint:gosec // it is published
		t.Fatal(err)
	}
	newBenchmark(t, filepath.Join(directory, resultsName)).measure(t)
	if t.Failed() {
		return
	}
	results, err := makePage(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, bound := range results.bounds() {
		t.Log(bound)
	}
	checkResults(t, results)
}

// checkResults holds that everything was measured.
func checkResults(t *testing.T, results *Results) {
	t.Helper()
	for _, one := range results.Samples {
		if one.Provider == subject && one.Command == plan && one.Requests != one.Clients {
			t.Errorf("%d token requests, want %d: %+v", one.Requests, one.Clients, one)
		}
		if one.Wall <= 0 || one.CPU <= one.ProviderCPU || one.ProviderCPU <= 0 || one.CLIMemory <= 0 || one.ProviderMemory <= 0 {
			t.Errorf("nothing was measured: %+v", one)
		}
	}
}

// benchmark is a run of the benchmark.
type benchmark struct {
	server    *server
	providers []provider // the floor, this provider and its peers
	file      *os.File
}

func newBenchmark(t *testing.T, path string) *benchmark {
	t.Helper()
	b := &benchmark{server: startServer(t)}
	for _, one := range []struct{ name, executable string }{
		{floor, acctest.Build(t, module+"/internal/cmd/floor")},
		{subject, acctest.Executable(t)},
	} {
		found, err := newProvider(one.name, one.executable, "")
		if err != nil {
			t.Fatal(err)
		}
		b.providers = append(b.providers, found)
	}
	b.providers = append(b.providers, peers...)
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	b.file = file
	t.Cleanup(func() { _ = file.Close() }) // every line was written
	return b
}

// measure measures the starts, then the cases.
func (b *benchmark) measure(t *testing.T) {
	t.Helper()
	begin := time.Now()
	for _, one := range measureStarts(t, b.providers) {
		b.write(t, Record{Starts: &one})
	}
	number := 0
	for _, one := range cases() {
		number += len(commandsOf(one)) * len(b.providers) * *rounds
	}
	t.Logf("%d commands", number)
	for _, one := range cases() {
		for round := range *rounds {
			t.Run(fmt.Sprintf("%s/%d tokens/%d clients/round %d", one.Kind, one.Tokens, one.Clients, round), func(t *testing.T) {
				b.round(t, one, round)
			})
		}
	}
	run := b.describe(t)
	run.Minutes = time.Since(begin).Minutes()
	b.write(t, Record{Run: run})
}

// write appends a line to the results.
func (b *benchmark) write(t *testing.T, one Record) {
	t.Helper()
	if err := json.NewEncoder(b.file).Encode(one); err != nil {
		t.Fatal(err)
	}
}

// cases are those that the flags ask for, and in which all clients get a token.
func cases() []Case {
	var all []Case
	for _, kind := range *kinds {
		for _, number := range *clients {
			for _, count := range *tokens {
				if count%number == 0 {
					all = append(all, Case{kind, count, number})
				}
			}
		}
	}
	return all
}

// round runs each command once with each provider. They take turns at being the first.
func (b *benchmark) round(t *testing.T, of Case, round int) {
	t.Helper()
	var stages []*stage
	for _, one := range b.providers {
		if s := newStage(t, one, b.server, of); s != nil {
			stages = append(stages, s)
		}
	}
	for _, command := range commandsOf(of) {
		for turn := range stages {
			used := stages[(round+turn)%len(stages)].run(t, command.arguments)
			used.Case, used.Command, used.Round = of, command.name, round
			b.write(t, Record{Sample: &used})
		}
	}
}

// commandsOf are the commands that a case is measured with.
func commandsOf(of Case) []command {
	switch {
	case of.Tokens > *planAbove:
		return commands[:1]
	case of.Kind == dataKind && of.Tokens > *destroyAbove:
		return commands[:len(commands)-1]
	}
	return commands
}

// describe returns what is to be known of the run.
func (b *benchmark) describe(t *testing.T) *Run {
	t.Helper()
	cli, err := exec.CommandContext(t.Context(), acctest.CLI(t), "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(string(cli), "\n")
	run := &Run{
		Version: *version, CLI: name, Go: runtime.Version(), Rounds: *rounds, Sizes: map[string]int64{},
		Machine: fmt.Sprintf("%d × %s, %s/%s", runtime.NumCPU(), processor(), runtime.GOOS, runtime.GOARCH),
	}
	for _, one := range b.providers {
		info, err := os.Stat(one.executable)
		if err != nil {
			t.Fatal(err)
		}
		run.Sizes[one.name] = info.Size()
	}
	return run
}

// processor returns the name of the machine's processor.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	if found := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(text); found != nil {
		return string(found[1])
	}
	return "unknown processor"
}
