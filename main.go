// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Command terraform-provider-oauth2cc is a Terraform provider that gets OAuth
// 2.0 client credentials tokens from any authorization server.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/command"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// version is set by the linker.
var version = "dev"

// cleanupTimeout bounds the cleanup after the last call. Core kills a provider two
// seconds after it asks it to stop.
const cleanupTimeout = 1500 * time.Millisecond

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger to attach to")
	flag.Parse()

	// net/http prints unsolicited responses to the standard logger, and so to Terraform's
	// log.
	log.SetOutput(io.Discard)

	stop := stopSignals()
	if !*debug { // with -debug the shell is the parent: it has other variables, and the provider may outlive it
		quietLogs()
		go hangUpWithParent(stop)
	}
	cleanup := new(provider.Cleanup)
	logging := loggingContext() // now, as serving replaces os.Stderr, which this reads
	status := serve(cleanup, *debug, stop)
	ctx, cancel := context.WithTimeout(logging, cleanupTimeout)
	cleanup.Close(ctx)
	cancel()
	command.End() // now, as revoking a token may need a signature
	os.Exit(status)
}

// serve serves until core stops the provider or a signal arrives, and returns the exit
// status. After a signal it does not wait for running calls.
func serve(cleanup *provider.Cleanup, debug bool, stop <-chan os.Signal) int {
	var options []tf6server.ServeOpt
	if debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	server := func() tfprotov6.ProviderServer { return provider.NewServer(version, provider.WithCleanup(cleanup)) }
	served := make(chan error, 1)
	go func() { served <- tf6server.Serve("registry.terraform.io/oauth2cc/oauth2cc", server, options...) }()
	select {
	case err := <-served:
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	case received := <-stop:
		return 128 + int(received.(syscall.Signal)) //nolint:forcetypeassert // os/signal delivers no other
	}
}
