// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// serverMetadataDataSource is the data source oauth2cc_server_metadata.
type serverMetadataDataSource struct{ data *providerData }

var _ datasource.DataSourceWithConfigure = (*serverMetadataDataSource)(nil)

// Members of the document with attributes of their own: URLs of endpoints and lists of
// names (RFC 8414 section 2; userinfo_endpoint and end_session_endpoint are OpenID
// Connect's).
var (
	metadataEndpoints = []string{
		"token_endpoint", "authorization_endpoint", "revocation_endpoint", "introspection_endpoint",
		"userinfo_endpoint", "end_session_endpoint", "jwks_uri",
	}
	metadataLists = []string{
		"grant_types_supported", "scopes_supported", "token_endpoint_auth_methods_supported",
		"token_endpoint_auth_signing_alg_values_supported",
	}
)

func (*serverMetadataDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName + "_server_metadata"
}

func (*serverMetadataDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"issuer": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Issuer whose metadata to read. Default: the provider's.",
			Validators:          []validator.String{issuerURL()},
		},
		"mtls_endpoint_aliases": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Endpoints for clients with a certificate (RFC 8705 section 5), by name; null if the server names none.",
		},
		"document": schema.DynamicAttribute{Computed: true, MarkdownDescription: "The whole document, decoded."},
	}
	for _, name := range metadataEndpoints {
		attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: "The document's `" + name + "`; null if it names none."}
	}
	for _, name := range metadataLists {
		attributes[name] = schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "The document's `" + name + "`; null if it names none.",
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Metadata of an authorization server (RFC 8414 or OpenID Connect Discovery). Nothing in it is secret.",
		Attributes:          attributes,
	}
}

func (d *serverMetadataDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.data, _ = req.ProviderData.(*providerData)
}

func (d *serverMetadataDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var own types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("issuer"), &own)...)
	server := serverModel{Issuer: own}.over(d.data.client.serverModel).over(d.data.environment.serverModel)
	issuer := server.Issuer
	unknown := append(unknownIn(ctx, map[string]attr.Value{"issuer": issuer}), d.data.unknown...)
	switch {
	case resp.Diagnostics.HasError():
	case len(unknown) > 0:
		resp.Diagnostics.Append(unknownError(unknown, waitDataSource))
	case issuer.ValueString() == "":
		resp.Diagnostics.AddAttributeError(path.Root("issuer"), "Missing attribute issuer", "Set issuer here or in the provider block.")
	default:
		d.read(ctx, issuer.ValueString(), resp)
	}
}

// read reads the metadata and sets the outputs.
func (d *serverMetadataDataSource) read(ctx context.Context, issuer string, resp *datasource.ReadResponse) {
	metadata, err := d.data.tokens.Metadata(ctx, issuer)
	if err != nil {
		resp.Diagnostics.Append(describeError(err).diagnostic())
		return
	}
	values := map[string]any{
		"issuer":                issuer,
		"mtls_endpoint_aliases": stringMap(metadata.Document["mtls_endpoint_aliases"]),
		"document":              dynamic(ctx, metadata.Document),
	}
	for _, name := range metadataEndpoints {
		var endpoint *string
		if text, ok := metadata.Document[name].(string); ok {
			endpoint = &text
		}
		values[name] = endpoint
	}
	for _, name := range metadataLists {
		values[name] = metadata.Strings(name)
	}
	for name, value := range values {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
}

// stringMap returns the members of a JSON object that are strings, nil if value is not
// an object.
func stringMap(value any) map[string]string {
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	texts := map[string]string{}
	for name, member := range object {
		if text, ok := member.(string); ok {
			texts[name] = text
		}
	}
	return texts
}
