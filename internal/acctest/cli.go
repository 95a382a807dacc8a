// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// never is the release that can do what no release can.
const never = math.MaxInt

// syntax is all that a configuration may contain and not every CLI knows, with the
// first release of each that does: 8 is Terraform 1.8.
var syntax = []struct {
	name                string
	uses                *regexp.Regexp
	terraform, openTofu int
}{
	{"functions of providers", regexp.MustCompile(`\bprovider::`), 8, 7},
	{"ephemeral resources and variables", regexp.MustCompile(`(?m)^\s*ephemeral( "| *=)`), 10, 11},
	{"actions", regexp.MustCompile(`(?m)^\s*action "`), 14, never},
}

// cli is the CLI that tests run.
var cli struct {
	path     string
	openTofu bool
	minor    int // of version 1
}

// UnneededAtApply is how often the CLI opens, as it applies a plan, an ephemeral resource
// that nothing needs by then: once, but OpenTofu since 1.12 not at all.
func UnneededAtApply() int {
	if cli.openTofu && cli.minor >= 12 {
		return 0
	}
	return 1
}

// MocksEphemeral reports whether mock_provider has ephemeral resources. OpenTofu 1.11 has
// them from its ninth patch.
func MocksEphemeral() bool { return cli.openTofu }

// CLI returns the path of the CLI that tests run. It skips the test unless TF_ACC
// is set.
func CLI(t testing.TB) string {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests are skipped unless TF_ACC is set")
	}
	return cli.path
}

// Needs skips the test if a configuration contains what the CLI does not know.
func Needs(t testing.TB, configuration string) {
	t.Helper()
	if name := filepath.Base(CLI(t)); Lacks(configuration) != "" {
		t.Skipf("%s 1.%d has no %s", name, cli.minor, Lacks(configuration))
	}
}

// Lacks returns what a configuration contains and the CLI does not know, or nothing.
func Lacks(configuration string) string {
	for _, one := range syntax {
		first := one.terraform
		if cli.openTofu {
			first = one.openTofu
		}
		if cli.minor < first && one.uses.MatchString(configuration) {
			return one.name
		}
	}
	return ""
}

// findCLI sets cli, and the variables that terraform-plugin-testing reads, if TF_ACC is
// set.
func findCLI() error {
	if os.Getenv("TF_ACC") == "" {
		return nil
	}
	cli.path = os.Getenv("TF_ACC_TERRAFORM_PATH")
	for _, name := range []string{"terraform", "tofu"} {
		if found, err := exec.LookPath(name); err == nil && cli.path == "" {
			cli.path = found
		}
	}
	if cli.path == "" {
		return errors.New("neither terraform nor tofu is on PATH, and TF_ACC_TERRAFORM_PATH is not set")
	}
	output, err := exec.CommandContext(context.Background(), cli.path, "version").Output()
	if err != nil {
		return fmt.Errorf("%s version: %w", cli.path, err)
	}
	version := versionLine.FindSubmatch(output)
	if version == nil {
		return fmt.Errorf("%s is neither Terraform nor OpenTofu 1.x: %s", cli.path, output)
	}
	cli.openTofu = string(version[1]) == "OpenTofu"
	cli.minor, _ = strconv.Atoi(string(version[2]))
	if cli.openTofu {
		// It looks for providers without a source address in its own registry.
		_ = os.Setenv("TF_ACC_PROVIDER_HOST", "registry.opentofu.org")
		if cli.path, err = withoutOpen(cli.path); err != nil {
			return err
		}
	}
	return os.Setenv("TF_ACC_TERRAFORM_PATH", cli.path) // terraform-plugin-testing would download one
}

var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v1\.(\d+)\.`)

// withoutOpen returns the path of a program that runs OpenTofu. In the changes of a plan
// OpenTofu 1.11 also shows the ephemeral resources that it opened to make it, and
// terraform-plugin-testing would see a plan that is not empty.
func withoutOpen(openTofu string) (string, error) {
	script := fmt.Sprintf(`#!/bin/sh
test "$1" = show || exec '%[1]s' "$@"
shown=$('%[1]s' "$@") || exit
printf '%%s\n' "$shown" | sed 's/"actions":\["open"\]/"actions":["no-op"]/g'
`, openTofu)
	if err := makeBuilt(); err != nil {
		return "", err
	}
	program := filepath.Join(built.dir, "tofu")
	return program, os.WriteFile(program, []byte(script), 0o700) //nolint:gosec // it is executed
}
