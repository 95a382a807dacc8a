// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// requestAction is the action oauth2cc_request.
type requestAction struct{ data *providerData }

var (
	_ action.ActionWithConfigure      = (*requestAction)(nil)
	_ action.ActionWithValidateConfig = (*requestAction)(nil)
)

func (*requestAction) Metadata(_ context.Context, _ action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = typeName + "_request"
}

func (*requestAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "One HTTP request, sent when the action is invoked and at no other time. Requires Terraform 1.14.",
		Attributes:          converted(apiRequestAttributes(allMethods()), actionTypes),
	}
}

func (a *requestAction) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	a.data, _ = req.ProviderData.(*providerData)
}

func (*requestAction) ValidateConfig(ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse) {
	var model apiRequestModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	resp.Diagnostics.Append(model.validate()...)
}

func (a *requestAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var model apiRequestModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	shown := progress{send: resp.SendProgress}
	defer shown.end()
	response, diags := a.data.send(httpstack.WithProgress(ctx, shown.show), model, waitRequest)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		shown.show("the API responded with " + httpstack.ShowStatus(response.StatusCode))
	}
}

// progress shows messages while an action runs. A token request that others wait
// for too may outlive the action, and nothing may be sent after its end.
type progress struct {
	mu   sync.Mutex
	send func(action.InvokeProgressEvent) // nil after the end
}

func (p *progress) show(message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.send != nil {
		p.send(action.InvokeProgressEvent{Message: harmless(sentence(message))})
	}
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.send = nil
}
