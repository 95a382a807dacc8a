// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package acctest runs a real terraform, or tofu, with the provider of this
// module as users do: each command is a process of its own, and the provider is the
// executable that they get.
//
// It needs neither a registry nor init: the provider is built once for each test
// process and found through a development override. Tests do not depend on where
// they run: proxies, the CLI configuration and the provider's own variables are
// removed from the environment.
//
// Like those of terraform-plugin-testing, tests that use it are skipped unless
// TF_ACC is set. TF_ACC_TERRAFORM_PATH names the CLI. What CLIs cannot all do is in
// cli.go.
package acctest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// module is the import path of the provider's main package.
const module = "github.com/oauth2cc/terraform-provider-oauth2cc"

// Main is for TestMain. It removes unwanted variables from the environment, calls run,
// which is m.Run or calls it, removes what was built, and exits with run's exit code.
func Main(run func() int) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); isUnwanted(name) {
			_ = os.Unsetenv(name)
		}
	}
	// The executables end at a race, at once, and do not wait for others as they end.
	_ = os.Setenv("GORACE", "halt_on_error=1 atexit_sleep_ms=0")
	code := 1
	if err := findCLI(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = run()
	}
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// isUnwanted reports whether a variable configures the CLI, this provider or a proxy,
// and would make tests depend on the machine. Those of acceptance tests are kept.
func isUnwanted(name string) bool {
	upper := strings.ToUpper(name)
	switch {
	case strings.HasPrefix(upper, "TF_ACC"):
		return false
	case strings.HasPrefix(upper, "TF_"), strings.HasPrefix(upper, "OAUTH2CC_"):
		return true
	}
	return slices.Contains([]string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"}, upper)
}

// Executable returns the path of the provider, which is alone in its directory. It
// skips the test unless TF_ACC is set.
func Executable(t testing.TB) string {
	t.Helper()
	CLI(t)
	return Build(t, module)
}

// atStart is the environment of the go command. Tests set variables that would move
// its cache.
var atStart = os.Environ()

// built is the directory of the executables of this test process.
var built struct {
	sync.Mutex

	dir string
}

// makeBuilt makes the directory.
func makeBuilt() (err error) {
	if built.dir == "" {
		built.dir, err = os.MkdirTemp("", "oauth2cc-acctest-")
	}
	return err
}

// Build compiles a main package, once for each test process, and returns the path of
// the executable. It is for processes that end with [Main]. The executable is compiled
// like the tests, with the race detector or without, so that no package is compiled twice.
func Build(t testing.TB, importPath string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if err := makeBuilt(); err != nil {
		t.Fatal(err)
	}
	name := path.Base(importPath)
	executable := filepath.Join(built.dir, name, name)
	if _, err := os.Stat(executable); !errors.Is(err, fs.ErrNotExist) {
		return executable
	}
	arguments := []string{"build", "-ldflags=-s -w", "-o", executable}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "-race" || setting.Key == "-gcflags" {
				arguments = append(arguments, setting.Key+"="+setting.Value)
			}
		}
	}
	// Not the test's context: other tests use the executable too.
	command := exec.CommandContext(context.WithoutCancel(t.Context()), "go", append(arguments, importPath)...)
	command.Env = atStart
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", importPath, err, output)
	}
	return executable
}

// patience is ample for anything a test waits for, on a busy machine.
const patience = 30 * time.Second

// Eventually waits until condition returns true. It ends the test after half a minute.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}
