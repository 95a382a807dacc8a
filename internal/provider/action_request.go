// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
)

// requestAction is the action oauth2cc_request.
type requestAction struct{ configured *configured }

var (
	_ action.ActionWithConfigure      = (*requestAction)(nil)
	_ action.ActionWithValidateConfig = (*requestAction)(nil)
)

func newRequestAction() action.Action { return &requestAction{} }

// Metadata implements [action.Action].
func (*requestAction) Metadata(_ context.Context, _ action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = typeName + "_request"
}

// Schema implements [action.Action].
func (*requestAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "One HTTP request, sent when the action is invoked and at no other time. Needs Terraform 1.14.",
		Attributes:          derived(callAttributes(requestMethods()), forAction),
	}
}

// Configure implements [action.ActionWithConfigure].
func (a *requestAction) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	a.configured, _ = req.ProviderData.(*configured)
}

// ValidateConfig implements [action.ActionWithValidateConfig].
func (*requestAction) ValidateConfig(ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse) {
	defer contain(&resp.Diagnostics)
	var model callModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.Diagnostics.Append(model.validate()...)
}

// Invoke implements [action.Action].
func (a *requestAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	defer contain(&resp.Diagnostics)
	var model callModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	answer, diags := a.configured.call(ctx, model, requestKind)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf("The API answered %d.", answer.StatusCode)})
	}
}
