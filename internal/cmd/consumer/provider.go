// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// product is a provider that this command stands in for.
type product struct {
	name     string
	provider schema.Schema
	// connect makes a client of the API from the provider block.
	connect func(*block) (*api, error)
	// resource is the type of the only resource, and target the path of its objects.
	resource string
	schema   resourceschema.Schema
	target   string
}

// standIn is the provider.
type standIn struct{ product }

func (s standIn) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = s.name
}

func (s standIn) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = s.provider
}

func (s standIn) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	block := &block{ctx: ctx, config: req.Config, diagnostics: &resp.Diagnostics}
	api, err := s.connect(block)
	if err != nil {
		resp.Diagnostics.AddError(s.name+" cannot be configured", err.Error())
		return
	}
	resp.ResourceData = api
}

func (standIn) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (s standIn) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &object{product: s.product} }}
}

// block is a provider block.
type block struct {
	ctx         context.Context //nolint:containedctx // it is for the duration of one call
	config      tfsdk.Config
	diagnostics *diag.Diagnostics
}

// text is a string of the block, or empty.
func (b *block) text(at path.Path) string {
	var value types.String
	b.diagnostics.Append(b.config.GetAttribute(b.ctx, at, &value)...)
	return value.ValueString()
}

// texts is a map of strings, or empty.
func (b *block) texts(at path.Path) map[string]string {
	var value types.Map
	b.diagnostics.Append(b.config.GetAttribute(b.ctx, at, &value)...)
	found := map[string]string{}
	b.diagnostics.Append(value.ElementsAs(b.ctx, &found, false)...)
	return found
}

// object is the resource. Its state is what is configured.
type object struct {
	product

	api *api
}

func (o *object) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = o.resource
}

func (o *object) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = o.schema
}

func (o *object) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	o.api, _ = req.ProviderData.(*api)
}

func (o *object) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	if err := o.api.work(ctx, "POST", o.target); err != nil {
		resp.Diagnostics.AddError(o.resource+" cannot be created", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
}

func (o *object) Read(ctx context.Context, _ resource.ReadRequest, resp *resource.ReadResponse) {
	if err := o.api.call(ctx, "GET", o.target); err != nil {
		resp.Diagnostics.AddError(o.resource+" cannot be read", err.Error())
	}
}

func (o *object) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	if err := o.api.work(ctx, "PUT", o.target); err != nil {
		resp.Diagnostics.AddError(o.resource+" cannot be updated", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
}

func (o *object) Delete(ctx context.Context, _ resource.DeleteRequest, resp *resource.DeleteResponse) {
	if err := o.api.work(ctx, "DELETE", o.target); err != nil {
		resp.Diagnostics.AddError(o.resource+" cannot be deleted", err.Error())
	}
}
