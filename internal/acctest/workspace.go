// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// commandTimeout bounds one command: whatever takes longer hangs.
const commandTimeout = 3 * time.Minute

// preamble names the provider that cliConfig overrides.
const preamble = `terraform {
  required_providers {
    oauth2cc = { source = "oauth2cc/oauth2cc" }
  }
}
`

// Workspace is a directory with a configuration. It keeps the state and the plans
// of the commands that are run in it until the test ends.
type Workspace struct {
	t         testing.TB
	cli       string
	dir       string
	env       []string
	config    string
	installed map[string]string // directories of providers, by address
}

// New returns a workspace with the given configuration, without required_providers.
// Each command runs with env, entries of the form "NAME=value", added to its
// environment. It skips the test unless TF_ACC is set and the CLI knows all that is in
// the configuration.
func New(t testing.TB, config string, env ...string) *Workspace {
	t.Helper()
	w := &Workspace{t: t, cli: CLI(t), dir: t.TempDir()}
	w.installed = map[string]string{"oauth2cc/oauth2cc": filepath.Dir(Executable(t))}
	w.Write("cli.tfrc", cliConfig(w.installed))
	// Tests of a package may set some after Main has run.
	environment := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return isUnwanted(name)
	})
	w.env = slices.Concat(environment, []string{
		"TF_CLI_CONFIG_FILE=" + w.Path("cli.tfrc"),
		"TF_IN_AUTOMATION=1",
		"CHECKPOINT_DISABLE=1",
		"NO_COLOR=1",
	}, env)
	w.Configure(config)
	return w
}

// cliConfig makes the CLI take providers from directories, without init. An address
// without a host applies to the registry of either CLI.
func cliConfig(installed map[string]string) string {
	var overrides strings.Builder
	for address, directory := range installed {
		fmt.Fprintf(&overrides, "    %q = %q\n", address, directory)
	}
	return "provider_installation {\n  dev_overrides {\n" + overrides.String() + "  }\n  direct {}\n}\n"
}

// StandIn installs stand-ins of other providers, each a process of its own: see
// internal/cmd/consumer. Addresses are like "hashicorp/kubernetes".
func (w *Workspace) StandIn(addresses ...string) {
	w.t.Helper()
	consumer := Build(w.t, module+"/internal/cmd/consumer")
	for _, address := range addresses {
		directory := w.t.TempDir()
		if err := os.Symlink(consumer, filepath.Join(directory, "terraform-provider-"+path.Base(address))); err != nil {
			w.t.Fatal(err)
		}
		w.Install(address, directory)
	}
}

// Install makes the CLI take another provider from a directory with its executable.
func (w *Workspace) Install(address, directory string) {
	w.t.Helper()
	w.installed[address] = directory
	w.Write("cli.tfrc", cliConfig(w.installed))
}

// Configure replaces the configuration.
func (w *Workspace) Configure(config string) {
	w.t.Helper()
	w.config = config
	w.Write("main.tf", preamble+config)
}

// Edit replaces a text in the configuration, which must contain it.
func (w *Workspace) Edit(from, to string) {
	w.t.Helper()
	if !strings.Contains(w.config, from) {
		w.t.Fatalf("the configuration does not contain %q", from)
	}
	w.Configure(strings.ReplaceAll(w.config, from, to))
}

// Trace makes all further commands log at TRACE, the CLI's part and the provider's,
// and returns the path of the file that they append to.
func (w *Workspace) Trace() string {
	log := filepath.Join(w.dir, "trace.log")
	w.env = append(w.env, "TF_LOG=TRACE", "TF_LOG_PATH="+log)
	return log
}

// Path is the path of a file in the workspace.
func (w *Workspace) Path(name string) string { return filepath.Join(w.dir, name) }

// Write writes a file in the workspace. It skips the test if the file is a configuration
// with what the CLI does not know.
func (w *Workspace) Write(name, contents string) {
	w.t.Helper()
	if strings.HasSuffix(name, ".tf") {
		Needs(w.t, contents)
	}
	if err := os.WriteFile(w.Path(name), []byte(contents), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// Read returns the contents of a file in the workspace, which must exist.
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

// Plan runs terraform plan. Its exit code is 0 if there are no changes and 2 if
// there are.
func (w *Workspace) Plan(args ...string) Result {
	return w.Run(append([]string{"plan", "-no-color", "-input=false", "-detailed-exitcode"}, args...)...)
}

// Apply runs terraform apply, of a saved plan if args names one.
func (w *Workspace) Apply(args ...string) Result {
	return w.Run(append([]string{"apply", "-no-color", "-input=false", "-auto-approve"}, args...)...)
}

// Destroy runs terraform destroy.
func (w *Workspace) Destroy() Result {
	return w.Run("destroy", "-no-color", "-input=false", "-auto-approve")
}

// Show runs terraform show -json for a saved plan, or for the state if plan is
// empty.
func (w *Workspace) Show(plan string) Result {
	if plan == "" {
		return w.Run("show", "-json")
	}
	return w.Run("show", "-json", plan)
}

// Run runs any command of the CLI. It ends the test only if the CLI does not run or
// does not end in time.
func (w *Workspace) Run(args ...string) Result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), commandTimeout)
	defer cancel()
	var stdout, stderr strings.Builder
	command := w.Command(ctx, args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && (!exited || ctx.Err() != nil) {
		w.t.Fatalf("terraform %s: %v\n%s%s", strings.Join(args, " "), err, &stdout, &stderr)
	}
	return Result{Args: args, ExitCode: command.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

// Command returns any command of the CLI, for tests that start it and send it
// signals. It is killed when ctx ends.
func (w *Workspace) Command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, w.cli, args...)
	command.Dir, command.Env = w.dir, w.env
	return command
}

// Result is the outcome of one command.
type Result struct {
	Args           []string
	ExitCode       int
	Stdout, Stderr string
}

// Output is what a user sees in a terminal.
func (r Result) Output() string { return r.Stdout + r.Stderr }

// Prose is Output without the frames around diagnostics and with white space
// collapsed, as the CLI breaks lines to fit the terminal.
func (r Result) Prose() string {
	unframed := strings.NewReplacer("╷", " ", "│", " ", "╵", " ").Replace(r.Output())
	return strings.Join(strings.Fields(unframed), " ")
}

// MustExit ends the test unless the exit code is code.
func (r Result) MustExit(t testing.TB, code int) Result {
	t.Helper()
	if r.ExitCode != code {
		t.Fatalf("terraform %s: exit code %d, want %d:\n%s", strings.Join(r.Args, " "), r.ExitCode, code, r.Output())
	}
	return r
}

// MustSay ends the test unless the command's output contains each text, wherever
// its lines are broken.
func (r Result) MustSay(t testing.TB, texts ...string) Result {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.Prose(), text) {
			t.Fatalf("terraform %s: the output does not contain %q:\n%s", strings.Join(r.Args, " "), text, r.Output())
		}
	}
	return r
}
