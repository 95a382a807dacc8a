// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// requestDataSource is the data source oauth2cc_request.
type requestDataSource struct{ data *providerData }

var (
	_ datasource.DataSourceWithConfigure      = (*requestDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*requestDataSource)(nil)
)

func (*requestDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName + "_request"
}

func (*requestDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "One HTTP request that reads. The request and the response are stored in the state; the token never is.",
		Attributes:          converted(union(apiRequestAttributes(readMethods()), apiResponseAttributes()), dataSourceTypes),
	}
}

func (d *requestDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.data, _ = req.ProviderData.(*providerData)
}

func (*requestDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var model requestModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	resp.Diagnostics.Append(model.validate()...)
}

// A response that repeats the token is stored without it.
func (d *requestDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model requestModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	response, diags := d.data.send(ctx, model.apiRequestModel, waitDataSource)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.apiResponseModel = newAPIResponse(ctx, response.Response, secret.NewRedactor(response.Tokens...).RedactKnown)
	resp.Diagnostics.Append(resp.State.Set(ctx, objectOf(ctx, model))...)
}
