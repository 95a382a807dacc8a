// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
)

// requestEphemeralResource is the ephemeral resource oauth2cc_request.
type requestEphemeralResource struct{ data *providerData }

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*requestEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*requestEphemeralResource)(nil)
)

func (*requestEphemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = typeName + "_request"
}

func (*requestEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "One HTTP request whose response is never written to state or plan. It is sent at plan and again at apply.",
		Attributes:          union(apiRequestAttributes(allMethods()), apiResponseAttributes()),
	}
}

func (r *requestEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	r.data, _ = req.ProviderData.(*providerData)
}

func (*requestEphemeralResource) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse,
) {
	var model requestModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	resp.Diagnostics.Append(model.validate()...)
}

func (r *requestEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model requestModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	response, diags := r.data.send(ctx, model.apiRequestModel, waitRequest)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.apiResponseModel = newAPIResponse(ctx, response.Response, func(text string) string { return text })
	resp.Diagnostics.Append(resp.Result.Set(ctx, objectOf(ctx, model))...)
}
