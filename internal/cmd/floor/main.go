// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Command floor is a provider whose tokens are a constant: it has one data source and
// one ephemeral resource, both floor_token, with the attributes of oauth2cc_token. It is
// what a provider of such tokens on the same framework costs at the least, and what the
// benchmarks compare with: see internal/benchtf. It uses the framework as the framework's
// documentation does, logs by default included.
//
// Each call decodes the configuration of a block into a model, sets the outputs and
// encodes the model, and does nothing else. There are no validators, and no connections.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return floor{} }, providerserver.ServeOpts{
		Address: "registry.terraform.io/oauth2cc/floor", // only for debuggers
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// floor is the provider. Its block has no attributes.
type floor struct{}

var _ provider.ProviderWithEphemeralResources = floor{}

func (floor) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "floor"
}

func (floor) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (floor) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (floor) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return tokenDataSource{} }}
}

func (floor) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return tokenEphemeralResource{} }}
}

func (floor) Resources(context.Context) []func() resource.Resource { return nil }
