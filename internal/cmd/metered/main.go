// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

// Command metered stands in for a provider's executable in benchmarks: it runs the
// executable that METERED_PROVIDER names as a child, with its own arguments, standard
// input and output, and appends a line to the file METERED_RECORD when it starts and one
// with the child's CPU time, in seconds, and peak resident memory, in KiB, when it has
// ended. What the kernel counts for an ended process is exact, other than what a sampler
// sees of a running one. Starting this command costs about a millisecond.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	status, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "metered:", err)
	}
	os.Exit(status)
}

// run runs the provider and returns its exit status.
func run() (int, error) {
	record, err := os.OpenFile(os.Getenv("METERED_RECORD"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the benchmark names it
	if err != nil {
		return 1, err
	}
	if _, err := fmt.Fprintln(record, "started"); err != nil {
		return 1, err
	}
	provider := exec.Command(os.Getenv("METERED_PROVIDER"), os.Args[1:]...) //nolint:gosec,noctx // the benchmark names it; it ends when Terraform says so
	provider.Stdin, provider.Stdout, provider.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = provider.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return 1, err
	}
	state := provider.ProcessState
	usage, _ := state.SysUsage().(*syscall.Rusage)
	_, err = fmt.Fprintf(record, "ended %f %d\n", (state.UserTime() + state.SystemTime()).Seconds(), usage.Maxrss)
	return state.ExitCode(), errors.Join(err, record.Close())
}
