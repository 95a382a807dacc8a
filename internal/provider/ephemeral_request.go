// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
)

// requestEphemeralResource is the ephemeral resource oauth2cc_request.
type requestEphemeralResource struct{ configured *configured }

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*requestEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*requestEphemeralResource)(nil)
)

func newRequestEphemeralResource() ephemeral.EphemeralResource { return &requestEphemeralResource{} }

// requestMethods are the methods of requests that may do something.
func requestMethods() []string {
	return append(readMethods(), http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions)
}

// requestModelWithAnswer holds the attributes of a kind of oauth2cc_request that
// has outputs.
type requestModelWithAnswer struct {
	callModel
	answerOutputs
}

// Metadata implements [ephemeral.EphemeralResource].
func (*requestEphemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = typeName + "_request"
}

// Schema implements [ephemeral.EphemeralResource].
func (*requestEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "One HTTP request whose answer is never written to state or plan. It is sent at plan and again at apply.",
		Attributes:          merged(callAttributes(requestMethods()), answerAttributes()),
	}
}

// Configure implements [ephemeral.EphemeralResourceWithConfigure].
func (r *requestEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	r.configured, _ = req.ProviderData.(*configured)
}

// ValidateConfig implements [ephemeral.EphemeralResourceWithValidateConfig].
func (*requestEphemeralResource) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse,
) {
	var model requestModelWithAnswer
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.Diagnostics.Append(model.validate()...)
}

// Open implements [ephemeral.EphemeralResource].
func (r *requestEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model requestModelWithAnswer
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	answer, diags := r.configured.call(ctx, model.callModel, requestKind)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.answerOutputs = newAnswerOutputs(ctx, answer.Response, asIs)
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}
