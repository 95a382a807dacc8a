// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// cli runs terraform or tofu in the scratch directory.
type cli struct {
	command     string
	directory   string
	environment []string
}

// newCLI prepares a CLI that uses the built provider without `init`, and sets the
// variables of the configuration.
func newCLI(opts options, scratch string, servers *servers) (*cli, error) {
	provider, err := filepath.Abs(opts.providerDir)
	if err != nil {
		return nil, err
	}
	restapi, err := standIn(opts.consumer, scratch)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command, err := json.Marshal([]string{self, "call"})
	if err != nil {
		return nil, err
	}
	settings := filepath.Join(scratch, "cli.tfrc")
	text := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"oauth2cc/oauth2cc\" = %q\n    \"mastercard/restapi\" = %q\n  }\n  direct {}\n}\n", provider, restapi)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return &cli{
		command:   opts.terraform,
		directory: filepath.Join(scratch, "demo"),
		environment: append(withoutSettings(os.Environ()),
			"TF_CLI_CONFIG_FILE="+settings,
			"CHECKPOINT_DISABLE=1",
			"TF_IN_AUTOMATION=1",
			"TF_VAR_issuer="+servers.Issuer(),
			"TF_VAR_api="+servers.apiURL,
			"TF_VAR_http_get="+string(command),
			"CONSUMER_DURATION="+opts.duration.String(),
			"OAUTH2CC_CLIENT_ID="+clientID,
			"OAUTH2CC_CLIENT_SECRET="+servers.secret,
		),
	}, nil
}

// standIn makes the consumer the provider restapi, and returns its directory.
func standIn(consumer, scratch string) (string, error) {
	consumer, err := filepath.Abs(consumer)
	if err != nil {
		return "", err
	}
	directory := filepath.Join(scratch, "restapi")
	return directory, errors.Join(
		os.Mkdir(directory, 0o700),
		os.Symlink(consumer, filepath.Join(directory, "terraform-provider-restapi")),
	)
}

// withoutSettings removes the user's own settings of the CLI and the provider.
func withoutSettings(environment []string) []string {
	var kept []string
	for _, variable := range environment {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "OAUTH2CC_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

// run returns the standard output of the subcommand. If it fails, the error has its
// standard output and standard error.
func (c *cli) run(ctx context.Context, subcommand string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	args = append([]string{subcommand, "-no-color"}, args...)
	command := exec.CommandContext(ctx, c.command, args...) //nolint:gosec // the user selects the CLI
	command.Dir, command.Env = c.directory, c.environment
	command.Stdout, command.Stderr = &stdout, &stderr
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = callTimeout
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n\n%s%s", c.name(), subcommand, err, &stdout, &stderr)
	}
	return stdout.String(), nil
}

func (c *cli) name() string { return filepath.Base(c.command) }

// version returns the name and version of the CLI, such as "Terraform v1.11.4".
func (c *cli) version(ctx context.Context) (string, error) {
	stdout, err := c.run(ctx, "version")
	line, _, _ := strings.Cut(stdout, "\n")
	return line, err
}

// outputs returns the root module's outputs.
func (c *cli) outputs(ctx context.Context) (outputs, error) {
	text, err := c.run(ctx, "output", "-json")
	if err != nil {
		return outputs{}, err
	}
	var found outputs
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		return outputs{}, fmt.Errorf("%s output: %w", c.name(), err)
	}
	return found, nil
}

// outputs are the outputs of the configuration.
type outputs struct {
	ExpiresAt struct{ Value time.Time }      `json:"expires_at"`
	Claims    struct{ Value map[string]any } `json:"claims"`
}
