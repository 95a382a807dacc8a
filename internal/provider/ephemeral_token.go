// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// tokenEphemeralResource is the ephemeral resource oauth2cc_token.
type tokenEphemeralResource struct{ configured *configured }

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*tokenEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*tokenEphemeralResource)(nil)
)

func newTokenEphemeralResource() ephemeral.EphemeralResource { return &tokenEphemeralResource{} }

// tokenEphemeralModel holds the ephemeral resource's attributes.
type tokenEphemeralModel struct {
	clientModel
	tokenInputs
	tokenOutputs

	Triggers types.Dynamic `tfsdk:"triggers"`
}

// Metadata implements [ephemeral.EphemeralResource].
func (*tokenEphemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = typeName + "_token"
}

// Schema implements [ephemeral.EphemeralResource].
func (*tokenEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A token that is never written to state or plan. Needs Terraform 1.10 or OpenTofu 1.11.",
		Attributes: merged(
			computedScopes(clientAttributes()), tokenInputAttributes(), tokenOutputAttributes(),
			map[string]schema.Attribute{"triggers": schema.DynamicAttribute{
				Optional: true,
				MarkdownDescription: "Any value. It is not used: as long as it is unknown, Terraform waits with the token, " +
					"so that a reference to a resource here has the token fetched after that resource is there.",
			}},
		),
	}
}

// Configure implements [ephemeral.EphemeralResourceWithConfigure].
func (r *tokenEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	r.configured, _ = req.ProviderData.(*configured)
}

// ValidateConfig implements [ephemeral.EphemeralResourceWithValidateConfig].
func (*tokenEphemeralResource) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse,
) {
	var model tokenEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.validate()...)
}

// Open implements [ephemeral.EphemeralResource].
func (r *tokenEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model tokenEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	token, diags := r.configured.token(ctx, tokenRequest{model.clientModel, model.minValidity()}, ephemeralKind)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.tokenOutputs = newTokenOutputs(ctx, token, token.Response)
	if model.Scopes.IsNull() { // Terraform insists on what is configured
		model.Scopes = grantedScopes(token, r.configured.client.Scopes)
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}
