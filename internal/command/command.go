// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package command runs the user's commands, such as one that signs with a key in an HSM.
//
// A command is a list of arguments and is run without a shell, in the working directory and
// the environment of this process. Everything that it starts ends with it. What it writes to
// standard output is the caller's and appears in no error; of standard error the last lines
// do, redacted. It does not repeat a command.
package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// MaxOutput limits what a command may write to standard output, in bytes.
const MaxOutput = 64 << 10

// pipeGrace is how long the pipes of a command that has ended may stay open: a process that
// left its group may hold them.
const pipeGrace = 500 * time.Millisecond

// Queue runs commands one at a time.
type Queue struct {
	timeout time.Duration
	turn    chan struct{}
}

// NewQueue returns a queue that gives each command so much time.
func NewQueue(timeout time.Duration) *Queue {
	return &Queue{timeout: timeout, turn: make(chan struct{}, 1)}
}

// Run runs a command, whose first argument is the program, and returns what it wrote to
// standard output. It ends the command with ctx, and is an error if the command does not
// succeed in time. The error names the program and holds none of the secrets, of which those
// in the environment are known.
func (q *Queue) Run(ctx context.Context, argv []string, stdin []byte, secrets ...secret.String) ([]byte, error) {
	select {
	case q.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-q.turn }()
	limited, cancel := context.WithTimeout(ctx, q.timeout)
	defer cancel()
	stdout := &head{full: cancel}
	stderr := new(tail)
	failure := run(limited, argv, stdin, stdout, stderr)
	name := shownProgram(argv[0])
	switch {
	case failure == nil:
		return stdout.content, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case stdout.overflow:
		return nil, fmt.Errorf("%s wrote more than %d bytes to standard output", name, MaxOutput)
	case limited.Err() != nil:
		failure = fmt.Errorf("%s did not end within %s", name, q.timeout)
	default:
		failure = describe(name, failure)
	}
	known := slices.Concat(environmentSecrets(os.Environ()), secrets, []secret.String{secret.New(string(stdout.content)), secret.New(string(stdin))})
	if lines := stderr.lastLines(secret.NewRedactor(known...)); lines != "" {
		failure = fmt.Errorf("%w: %s", failure, lines)
	}
	return nil, failure
}

// Commands that run, so that they end with this process.
var (
	mu      sync.Mutex
	running = map[*group]bool{}
	ended   bool
)

// End ends all commands. None can be run afterwards.
func End() {
	mu.Lock()
	defer mu.Unlock()
	ended = true
	for group := range running {
		group.kill()
	}
}

var errEnded = errors.New("the provider is stopping")

// run runs a command. When it has ended, so does what is left of its group.
func run(ctx context.Context, argv []string, stdin []byte, stdout *head, stderr *tail) error {
	command := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the user's choice
	command.Env = environment(os.Environ())
	if stdin != nil {
		command.Stdin = bytes.NewReader(stdin)
	}
	command.Stdout, command.Stderr = stdout, stderr
	command.WaitDelay = pipeGrace
	group := newGroup(command)
	defer group.close()
	command.Cancel = func() error {
		mu.Lock() // which start holds until the group is complete
		defer mu.Unlock()
		group.kill()
		return nil
	}
	if err := start(command, group); err != nil {
		return err
	}
	err := command.Wait()
	mu.Lock()
	delete(running, group)
	mu.Unlock()
	group.kill()
	if errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
		return nil // the command has succeeded
	}
	return err
}

func start(command *exec.Cmd, group *group) error {
	mu.Lock()
	defer mu.Unlock()
	if ended {
		return errEnded
	}
	if err := command.Start(); err != nil {
		return err
	}
	group.add(command.Process)
	running[group] = true
	return nil
}

var hidden []string

// Hide keeps variables of this process from commands. It is called before any is run.
func Hide(names ...string) { hidden = names }

// environment returns the variables of this process without those that are hidden or that
// Terraform sets to start a provider: a command that is a provider too would take them for
// its own.
func environment(all []string) []string {
	var passed []string
	for _, variable := range all {
		name, _, _ := strings.Cut(variable, "=")
		if name != "TF_PLUGIN_MAGIC_COOKIE" && !strings.HasPrefix(name, "PLUGIN_") && !slices.Contains(hidden, name) {
			passed = append(passed, variable)
		}
	}
	return passed
}

// secretName matches the names of variables whose values are usually secret. A script that
// traces what it does writes them to standard error.
var secretName = regexp.MustCompile(`(?i)SECRET|TOKEN|PASS|KEY|CREDENTIAL|(^|_)PIN(_|$)`)

func environmentSecrets(all []string) []secret.String {
	var secrets []secret.String
	for _, variable := range all {
		if name, value, _ := strings.Cut(variable, "="); secretName.MatchString(name) {
			secrets = append(secrets, secret.New(value))
		}
	}
	return secrets
}

// unnamed stands for a program whose name is not shown.
const unnamed = "the command"

// shownProgram names a program, unless its name seems to be a secret in the wrong place.
func shownProgram(name string) string {
	const maxLength = 256
	shown := secret.OneLine(name)
	if shown == "" || len(name) > maxLength || secret.LooksLikeKey(name) {
		return unnamed
	}
	return shown
}

// describe says why a command failed, without the arguments and the output.
func describe(name string, err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("%s failed with %s", name, exit.ProcessState)
	}
	if failure, ok := errors.AsType[*exec.Error](err); ok {
		err = failure.Err
	}
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		err = failure.Err
	}
	if errors.Is(err, exec.ErrNotFound) && strings.Contains(name, " ") && name != unnamed {
		return fmt.Errorf("%s cannot be started: %w; write each argument as an element of the list, as no shell splits them", name, err)
	}
	return fmt.Errorf("%s cannot be started: %w", name, err)
}
