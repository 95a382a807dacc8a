// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Command schema writes the provider's schemas as "terraform providers schema
// -json" does. Documentation is generated from its output and not from a CLI's,
// since each CLI leaves out what it does not know: actions, before Terraform
// 1.14, and in OpenTofu.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// providerName is the name that tfplugindocs looks for.
const providerName = "oauth2cc"

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	schemas, err := provider.NewServer("dev").GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return err
	}
	for _, finding := range schemas.Diagnostics {
		return fmt.Errorf("%s: %s", finding.Summary, finding.Detail)
	}
	written, err := convert(schemas)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(written)
}
