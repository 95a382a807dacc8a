// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
)

// tokenDataSource is the data source oauth2cc_token.
type tokenDataSource struct{ data *providerData }

var _ datasource.DataSourceWithConfigure = (*tokenDataSource)(nil)

// tokenDataSourceModel holds the data source's attributes.
type tokenDataSourceModel struct {
	tokenRequestModel
	tokenModel
}

func (*tokenDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName + "_token"
}

// Attributes of a data source end up in the state, so none can hold the client's
// credentials.
func (*tokenDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A token for consumers that cannot take ephemeral values. The token is stored in the state.",
		Attributes:          converted(union(computedScopes(tokenRequestAttributes()), tokenAttributes()), dataSourceTypes),
	}
}

func (d *tokenDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.data, _ = req.ProviderData.(*providerData)
}

func (d *tokenDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model tokenDataSourceModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	session, diags := d.data.openToken(ctx, clientModel{tokenRequestModel: model.tokenRequestModel}, model.MinValidity, false, waitDataSource)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	token := session.Token()
	model.setOutputs(ctx, token, token.ResponseWithoutTokens(responseFields(d.data.client.ResponseFields)))
	model.Scopes = grantedScopes(ctx, session)
	resp.Diagnostics.Append(resp.State.Set(ctx, objectOf(ctx, model))...)
}
