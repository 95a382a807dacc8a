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

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

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

	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: "registry.terraform.io/oauth2cc/oauth2cc",
		Debug:   *debug,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
