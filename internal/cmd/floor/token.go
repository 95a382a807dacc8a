// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// requestModel has the inputs of both kinds.
type requestModel struct {
	Audience         types.String `tfsdk:"audience"`
	DefaultExpiresIn types.Number `tfsdk:"default_expires_in"`
	GrantType        types.String `tfsdk:"grant_type"`
	Headers          types.Map    `tfsdk:"headers"`
	MinValidity      types.String `tfsdk:"min_validity"`
	Parameters       types.Map    `tfsdk:"parameters"`
	Resources        types.List   `tfsdk:"resources"`
	Scopes           types.List   `tfsdk:"scopes"`
}

// outputsModel has the outputs of both kinds.
type outputsModel struct {
	AccessToken         types.String      `tfsdk:"access_token"`
	TokenType           types.String      `tfsdk:"token_type"`
	AuthorizationHeader types.String      `tfsdk:"authorization_header"`
	ExpiresIn           types.Int64       `tfsdk:"expires_in"`
	ExpiresAt           timetypes.RFC3339 `tfsdk:"expires_at"`
	Claims              types.Dynamic     `tfsdk:"claims"`
	Response            types.Dynamic     `tfsdk:"response"`
}

// set sets the constant, an opaque token.
func (m *outputsModel) set() {
	m.AccessToken = types.StringValue("2YotnFZFEjr1zCsicMWpAA")
	m.TokenType = types.StringValue("Bearer")
	m.AuthorizationHeader = types.StringValue("Bearer 2YotnFZFEjr1zCsicMWpAA")
	m.ExpiresIn = types.Int64Value(3600)
	m.ExpiresAt = timetypes.NewRFC3339ValueMust("2038-01-19T03:14:07Z")
	m.Claims, m.Response = types.DynamicNull(), types.DynamicNull()
}

type tokenDataSource struct{}

type tokenDataSourceModel struct {
	requestModel
	outputsModel
}

func (tokenDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "floor_token"
}

func (tokenDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = dataSourceSchema
}

func (tokenDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model tokenDataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.set()
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

type tokenEphemeralResource struct{}

type tokenEphemeralModel struct {
	requestModel
	outputsModel

	ClientID                  types.String  `tfsdk:"client_id"`
	ClientSecret              types.String  `tfsdk:"client_secret"`
	ClientSecretBasicEncoding types.String  `tfsdk:"client_secret_basic_encoding"`
	DPoPBoundAccessTokens     types.Bool    `tfsdk:"dpop_bound_access_tokens"`
	DPoPPrivateKey            types.String  `tfsdk:"dpop_private_key"`
	FederatedAssertion        types.Object  `tfsdk:"federated_assertion"`
	Issuer                    types.String  `tfsdk:"issuer"`
	KeepAlive                 types.Bool    `tfsdk:"keep_alive"`
	Method                    types.String  `tfsdk:"method"`
	ParametersIn              types.String  `tfsdk:"parameters_in"`
	RequestBody               types.String  `tfsdk:"request_body"`
	ResponseFields            types.Map     `tfsdk:"response_fields"`
	RevocationEndpoint        types.String  `tfsdk:"revocation_endpoint"`
	RevokeOnClose             types.Bool    `tfsdk:"revoke_on_close"`
	SignedAssertion           types.Object  `tfsdk:"signed_assertion"`
	TokenEndpoint             types.String  `tfsdk:"token_endpoint"`
	TokenEndpointAuthMethod   types.String  `tfsdk:"token_endpoint_auth_method"`
	Triggers                  types.Dynamic `tfsdk:"triggers"`
	RefreshToken              types.String  `tfsdk:"refresh_token"`
	RefreshExpiresIn          types.Int64   `tfsdk:"refresh_expires_in"`
}

func (tokenEphemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "floor_token"
}

func (tokenEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralSchema
}

func (tokenEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model tokenEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.set()
	model.RefreshToken, model.RefreshExpiresIn = types.StringNull(), types.Int64Null()
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}
