// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// tokenModel holds the attributes of both kinds.
type tokenModel struct {
	Audience    types.String `tfsdk:"audience"`
	AccessToken types.String `tfsdk:"access_token"`
	TokenType   types.String `tfsdk:"token_type"`
	ExpiresAt   types.String `tfsdk:"expires_at"`
}

// setOutputs sets the constant.
func (m *tokenModel) setOutputs() {
	m.AccessToken = types.StringValue("2YotnFZFEjr1zCsicMWpAA")
	m.TokenType = types.StringValue("Bearer")
	m.ExpiresAt = types.StringValue("2038-01-19T03:14:07Z")
}

type tokenDataSource struct{}

func (tokenDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "floor_token"
}

func (tokenDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = datasourceschema.Schema{Attributes: map[string]datasourceschema.Attribute{
		"audience":     datasourceschema.StringAttribute{Optional: true},
		"access_token": datasourceschema.StringAttribute{Computed: true, Sensitive: true},
		"token_type":   datasourceschema.StringAttribute{Computed: true},
		"expires_at":   datasourceschema.StringAttribute{Computed: true},
	}}
}

func (tokenDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model tokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.setOutputs()
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

type tokenEphemeralResource struct{}

func (tokenEphemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "floor_token"
}

func (tokenEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralschema.Schema{Attributes: map[string]ephemeralschema.Attribute{
		"audience":     ephemeralschema.StringAttribute{Optional: true},
		"access_token": ephemeralschema.StringAttribute{Computed: true, Sensitive: true},
		"token_type":   ephemeralschema.StringAttribute{Computed: true},
		"expires_at":   ephemeralschema.StringAttribute{Computed: true},
	}}
}

func (tokenEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model tokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.setOutputs()
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}
