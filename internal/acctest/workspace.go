// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// commandTimeout bounds one command. What hangs longer than this hangs for ever.
const commandTimeout = 3 * time.Minute

// preamble has the provider found; see cliConfig.
const preamble = `terraform {
  required_providers {
    oauth2cc = { source = "oauth2cc/oauth2cc" }
  }
}
`

// Workspace is a directory with a configuration, in which commands are run one
// after the other. Their state and plans stay with it until the test ends.
type Workspace struct {
	t      testing.TB
	cli    string
	dir    string
	env    []string
	config string
}

// New makes a workspace with the configuration in config, which names no required
// providers, and with env, of the form "NAME=value", added to the environment of
// every command. It skips the test unless TF_ACC is set.
func New(t testing.TB, config string, env ...string) *Workspace {
	t.Helper()
	provider := Executable(t)
	cli, err := cliPath()
	if err != nil {
		t.Fatal(err)
	}
	w := &Workspace{t: t, cli: cli, dir: t.TempDir()}
	w.env = slices.Concat(clean(os.Environ()), []string{
		"TF_CLI_CONFIG_FILE=" + w.write("cli.tfrc", cliConfig(filepath.Dir(provider))),
		"TF_IN_AUTOMATION=1",
		"CHECKPOINT_DISABLE=1",
		"NO_COLOR=1",
	}, env)
	w.Configure(config)
	return w
}

// cliConfig has the CLI take the provider from a directory, without init. The
// address has no host, so that it means that of the CLI's own registry.
func cliConfig(provider string) string {
	return fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"oauth2cc/oauth2cc\" = %q\n  }\n  direct {}\n}\n", provider)
}

// Configure replaces the configuration.
func (w *Workspace) Configure(config string) {
	w.t.Helper()
	w.config = config
	w.write("main.tf", preamble+config)
}

// Edit replaces a text, which must be there, in the configuration.
func (w *Workspace) Edit(from, to string) {
	w.t.Helper()
	if !strings.Contains(w.config, from) {
		w.t.Fatalf("there is no %q in the configuration", from)
	}
	w.Configure(strings.ReplaceAll(w.config, from, to))
}

// Trace has all further commands log everything, the CLI's own doings and the
// provider's, and returns the path of the file they add to.
func (w *Workspace) Trace() string {
	path := filepath.Join(w.dir, "trace.log")
	w.env = append(w.env, "TF_LOG=TRACE", "TF_LOG_PATH="+path)
	return path
}

// Path is the path of a file in the workspace.
func (w *Workspace) Path(name string) string { return filepath.Join(w.dir, name) }

// Read returns the contents of a file in the workspace, which must be there.
func (w *Workspace) Read(name string) string {
	w.t.Helper()
	contents, err := os.ReadFile(w.Path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(contents)
}

// Validate runs terraform validate.
func (w *Workspace) Validate() Result { return w.Run("validate", "-no-color") }

// Plan runs terraform plan. Its exit code is 0 where there is nothing to change
// and 2 where there is.
func (w *Workspace) Plan(args ...string) Result {
	return w.Run(append([]string{"plan", "-no-color", "-input=false", "-detailed-exitcode"}, args...)...)
}

// Apply runs terraform apply, of a saved plan where args names one.
func (w *Workspace) Apply(args ...string) Result {
	return w.Run(append([]string{"apply", "-no-color", "-input=false", "-auto-approve"}, args...)...)
}

// Destroy runs terraform destroy.
func (w *Workspace) Destroy() Result {
	return w.Run("destroy", "-no-color", "-input=false", "-auto-approve")
}

// Show runs terraform show -json for a saved plan, or for the state where plan is
// empty.
func (w *Workspace) Show(plan string) Result {
	if plan == "" {
		return w.Run("show", "-json")
	}
	return w.Run("show", "-json", plan)
}

// Run runs any command of the CLI. Only a CLI that cannot be run ends the test.
func (w *Workspace) Run(args ...string) Result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), commandTimeout)
	defer cancel()
	var stdout, stderr strings.Builder
	command := exec.CommandContext(ctx, w.cli, args...)
	command.Dir, command.Env, command.Stdout, command.Stderr = w.dir, w.env, &stdout, &stderr
	err := command.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && (!exited || ctx.Err() != nil) {
		w.t.Fatalf("terraform %s: %v\n%s%s", strings.Join(args, " "), err, &stdout, &stderr)
	}
	return Result{Args: args, ExitCode: command.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

// write writes a file of the workspace and returns its path.
func (w *Workspace) write(name, contents string) string {
	w.t.Helper()
	path := w.Path(name)
	if err := os.WriteFile(path, []byte(contents), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}
