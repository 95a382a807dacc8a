// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Command demo shows the provider at work. It applies a configuration with a real
// terraform or tofu against a mock authorization server and a protected API, and
// verifies everything it claims.
//
//	demo -provider-dir bin -consumer bin/consumer -terraform terraform examples/demo
//	demo call URL
//
// The second form is for the configuration's provisioner: it calls an API with the
// Authorization header from the environment.
//
// It listens on loopback only, downloads nothing, works in a temporary directory and
// leaves nothing behind.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() { os.Exit(status(os.Args[1:])) }

// status runs the command and returns its exit status.
func status(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := start(ctx, args, os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "\nThe demo failed:", err)
		return 1
	}
	return 0
}

func start(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == "call" {
		return call(ctx, args[1:], os.Getenv("AUTHORIZATION"))
	}
	opts, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if err := run(ctx, opts, stdout); err != nil {
		return err
	}
	_, err = io.WriteString(stdout, farewell)
	return err
}

type options struct {
	providerDir string // holds the built provider
	consumer    string // the stand-in for another provider
	duration    time.Duration
	terraform   string
	example     string // directory of the configuration
}

func parse(args []string, stderr io.Writer) (options, error) {
	var opts options
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opts.providerDir, "provider-dir", "bin", "`directory` of the built provider")
	flags.StringVar(&opts.consumer, "consumer", filepath.Join("bin", "consumer"), "`executable` of internal/cmd/consumer")
	flags.DurationVar(&opts.duration, "duration", 10*time.Second, "how long the consumer makes calls")
	flags.StringVar(&opts.terraform, "terraform", "terraform", "terraform or tofu `command`")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() != 1 {
		return options{}, errors.New("usage: demo [flags] CONFIGURATION")
	}
	opts.example = flags.Arg(0)
	return opts, nil
}

// run starts the servers, runs the walkthrough and cleans up.
func run(ctx context.Context, opts options, stdout io.Writer) (err error) {
	servers, err := startServers(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, servers.close()) }()
	scratch, err := os.MkdirTemp("", "oauth2cc-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	if err := os.CopyFS(filepath.Join(scratch, "demo"), os.DirFS(opts.example)); err != nil {
		return fmt.Errorf("copy the configuration: %w", err)
	}
	cli, err := newCLI(opts, scratch, servers)
	if err != nil {
		return err
	}
	return (&walkthrough{out: stdout, cli: cli, servers: servers, opts: opts}).run(ctx)
}
