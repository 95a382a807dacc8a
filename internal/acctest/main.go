// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// module is where the provider's main package is.
const module = "github.com/oauth2cc/terraform-provider-oauth2cc"

// executableName is the one that the CLI looks for.
const executableName = "terraform-provider-oauth2cc"

// Main is for TestMain. It frees the tests from the surroundings, runs them, and
// removes what they built.
func Main(m *testing.M) {
	for _, name := range foreignVariables(os.Environ()) {
		_ = os.Unsetenv(name)
	}
	if path, err := cliPath(); err == nil {
		_ = os.Setenv("TF_ACC_TERRAFORM_PATH", path) // for terraform-plugin-testing, which would download one
	}
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// cliPath finds the CLI that tests run.
func cliPath() (string, error) {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path, nil
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", fmt.Errorf("neither terraform nor tofu is on PATH, and TF_ACC_TERRAFORM_PATH is not set")
}

// Executable is the path of the provider that the commands of this test process
// run, for tests that start it themselves. It skips the test unless TF_ACC is set.
func Executable(t testing.TB) string {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests are skipped unless TF_ACC is set")
	}
	dir, err := providerDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, executableName)
}

// built is the provider of this test process.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// providerDir builds the provider where that has not been done, and returns the
// directory of the executable.
func providerDir() (string, error) {
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "oauth2cc-acctest-"); built.err != nil {
			return
		}
		executable := filepath.Join(built.dir, executableName)
		output, err := exec.CommandContext(context.Background(), "go", "build", "-o", executable, module).CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("building the provider: %w\n%s", err, output)
		}
	})
	return built.dir, built.err
}
