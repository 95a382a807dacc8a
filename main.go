// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Command terraform-provider-oauth2cc is a Terraform provider that gets OAuth
// 2.0 client credentials tokens from any authorization server.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// version is set by the linker.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger to attach to")
	flag.Parse()

	// net/http prints what a server sends out of turn to the standard logger, which
	// would end in Terraform's log.
	log.SetOutput(io.Discard)

	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	serve := func() tfprotov6.ProviderServer { return provider.NewServer(version) }
	if err := tf6server.Serve("registry.terraform.io/oauth2cc/oauth2cc", serve, options...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
