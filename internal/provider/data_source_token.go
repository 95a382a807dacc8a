// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
)

// tokenDataSource is the data source oauth2cc_token.
type tokenDataSource struct{ configured *configured }

var _ datasource.DataSourceWithConfigure = (*tokenDataSource)(nil)

func newTokenDataSource() datasource.DataSource { return &tokenDataSource{} }

// tokenDataSourceModel holds the data source's attributes.
type tokenDataSourceModel struct {
	requestModel
	tokenInputs
	tokenOutputs
}

// Metadata implements [datasource.DataSource].
func (*tokenDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName + "_token"
}

// Schema implements [datasource.DataSource]. What a data source is given ends in
// the state, so it has no attribute that could carry the client's credentials.
func (*tokenDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := merged(computedScopes(requestAttributes()), tokenInputAttributes(), tokenOutputAttributes())
	resp.Schema = schema.Schema{
		MarkdownDescription: "A token for consumers that cannot take ephemeral values. The token is stored in the state.",
		Attributes:          derived(attributes, forDataSource),
	}
}

// Configure implements [datasource.DataSourceWithConfigure].
func (d *tokenDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.configured, _ = req.ProviderData.(*configured)
}

// Read implements [datasource.DataSource].
func (d *tokenDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model tokenDataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	request := tokenRequest{client: clientModel{requestModel: model.requestModel}, minValidity: model.minValidity()}
	session, diags := d.configured.open(ctx, request, dataSourceKind)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	token := session.Token()
	model.tokenOutputs = newTokenOutputs(ctx, token, token.ResponseWithoutTokens(fields(d.configured.client.ResponseFields)))
	model.Scopes = grantedScopes(session)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}
