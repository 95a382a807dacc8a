// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// requestDataSource is the data source oauth2cc_request.
type requestDataSource struct{ configured *configured }

var (
	_ datasource.DataSourceWithConfigure      = (*requestDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*requestDataSource)(nil)
)

func newRequestDataSource() datasource.DataSource { return &requestDataSource{} }

// readMethods are the methods of requests that read. POST is among them for APIs
// that want their queries in a body.
func readMethods() []string { return []string{http.MethodGet, http.MethodHead, http.MethodPost} }

// Metadata implements [datasource.DataSource].
func (*requestDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName + "_request"
}

// Schema implements [datasource.DataSource].
func (*requestDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "One HTTP request that reads. What is sent and the API's answer are stored in the state; the token never is.",
		Attributes:          derived(merged(callAttributes(readMethods()), answerAttributes()), forDataSource),
	}
}

// Configure implements [datasource.DataSourceWithConfigure].
func (d *requestDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.configured, _ = req.ProviderData.(*configured)
}

// ValidateConfig implements [datasource.DataSourceWithValidateConfig].
func (*requestDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var model requestModelWithAnswer
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.Diagnostics.Append(model.validate()...)
}

// Read implements [datasource.DataSource]. An answer that repeats the token is
// stored without it.
func (d *requestDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model requestModelWithAnswer
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	answer, diags := d.configured.call(ctx, model.callModel, requestDataSourceKind)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.answerOutputs = newAnswerOutputs(ctx, answer.Response, secret.NewRedactor(answer.Tokens...).RedactKnown)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// asIs takes nothing out of an answer.
func asIs(answer string) string { return answer }
