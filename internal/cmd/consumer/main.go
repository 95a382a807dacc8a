// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Command consumer stands in for another provider, in tests and in the demo: for
// kubernetes, helm, restapi, grafana or azurerm, as the name of its file says
// (terraform-provider-kubernetes). It has as much of the provider's schema as the
// examples use, takes the address and the credential of an API in its configuration,
// and uses them as the provider does. It imports nothing of this module.
//
// Creating and deleting an object makes calls for as long as CONSUMER_DURATION says,
// each of which must succeed.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

func main() {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), "terraform-provider-")
	if err := serve(context.Background(), name); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve serves the provider of that name until Terraform ends it.
func serve(ctx context.Context, name string) error {
	one, ok := products[name]
	if !ok {
		return fmt.Errorf("there is no stand-in for %q", name)
	}
	one.name = name
	return providerserver.Serve(ctx, func() provider.Provider { return standIn{one} }, providerserver.ServeOpts{
		Address: "registry.terraform.io/hashicorp/" + name, // only for debuggers, which this has not
	})
}
