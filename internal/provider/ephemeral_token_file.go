// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokenfile"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// tokenFileEphemeralResource is the ephemeral resource oauth2cc_token_file.
type tokenFileEphemeralResource struct{ data *providerData }

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*tokenFileEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*tokenFileEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithClose          = (*tokenFileEphemeralResource)(nil)
)

// Values of content.
const (
	accessTokenContent = "access_token"
	assertionContent   = "assertion"
)

// tokenFileModel holds the attributes of the ephemeral resource.
type tokenFileModel struct {
	clientModel

	MinValidity types.String      `tfsdk:"min_validity"`
	Triggers    types.Dynamic     `tfsdk:"triggers"`
	Path        types.String      `tfsdk:"path"`
	Content     types.String      `tfsdk:"content"`
	ExpiresAt   timetypes.RFC3339 `tfsdk:"expires_at"`
}

func (*tokenFileEphemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = typeName + "_token_file"
}

func (*tokenFileEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A file that holds a fresh token for as long as the run takes, and is removed afterwards. " +
			"Requires Terraform 1.10 or OpenTofu 1.11.",
		Attributes: union(clientAttributes(), map[string]schema.Attribute{
			"min_validity": tokenAttributes()["min_validity"],
			"triggers":     triggersAttribute(),
			"path": schema.StringAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "Path of the file. Its folder must exist, and an existing file of the same user is replaced, at plan too. " +
					"Default: a new file in a private temporary folder.",
				Validators: []validator.String{localPath()},
			},
			"content": optional(oneOf(accessTokenContent, assertionContent), "What the file holds: `access_token` (default), or `assertion`, the JWT of "+
				"`signed_assertion` or `federated_assertion` for a tool that exchanges it for a token itself. With `assertion` no token is requested."),
			"expires_at": schema.StringAttribute{
				Computed:            true,
				CustomType:          timetypes.RFC3339Type{},
				MarkdownDescription: "When the first content of the file expires, in UTC (RFC 3339); null if unknown, and then the file is not replaced.",
			},
		}),
	}
}

func (r *tokenFileEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	r.data, _ = req.ProviderData.(*providerData)
}

func (*tokenFileEphemeralResource) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse,
) {
	var model tokenFileModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.effective(ctx).validate(ctx)...)
}

// effective is the client without the assertion that the file does not hold.
func (m tokenFileModel) effective(ctx context.Context) clientModel {
	client := m.clientModel
	if m.Content.ValueString() == assertionContent && !m.FederatedAssertion.IsNull() {
		client.SignedAssertion = types.ObjectNull(m.SignedAssertion.AttributeTypes(ctx))
	}
	return client
}

func (r *tokenFileEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model tokenFileModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client, diags := r.data.tokenClient(ctx, model.effective(ctx), model.MinValidity, waitToken)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	fill := r.data.fillWithTokens
	if model.Content.ValueString() == assertionContent {
		fill = r.data.fillWithAssertions
	}
	config := tokenfile.Config{Path: model.Path.ValueString(), Now: r.data.now, Logger: slog.New(logHandler{})}
	resp.Diagnostics.Append(fill(ctx, client, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if client.MinValidity != nil {
		config.MinValidity = *client.MinValidity
	}
	file, err := tokenfile.Open(lasting(ctx), config)
	if err != nil {
		resp.Diagnostics.Append(describeFileError(err).diagnostic())
		return
	}
	resp.Diagnostics.Append(r.data.cleanup.keep(ctx, file, resp.Private, "wrote this file, and has removed it")...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.Path = types.StringValue(file.Path())
	model.ExpiresAt = instantOf(config.First.ExpiresAt)
	resp.Diagnostics.Append(resp.Result.Set(ctx, objectOf(ctx, model))...)
}

// fillWithTokens has a file hold the client's tokens.
func (d *providerData) fillWithTokens(ctx context.Context, client tokensource.ClientConfig, config *tokenfile.Config) diag.Diagnostics {
	client.MinShare = tokenfile.LastShare
	session, diags := d.openSession(ctx, client, false)
	if diags.HasError() {
		return diags
	}
	content := func(token *oauth2.Token) tokenfile.Content {
		return tokenfile.Content{Value: token.AccessToken, IssuedAt: token.RequestedAt, ExpiresAt: token.ExpiresAt}
	}
	config.First = content(session.Token())
	if !session.Replaceable() {
		diags.AddAttributeWarning(path.Root("request_body"), "The token file is not replaced",
			"request_body is not sent a second time, so the file holds the same token until the end of the run. "+
				"Configure the token request with parameters instead, or enable refresh tokens for this client at the server.")
		return diags
	}
	config.Next = func(ctx context.Context, since time.Time) (tokenfile.Content, error) {
		token, err := session.Replace(ctx, since)
		if err != nil {
			return tokenfile.Content{}, err
		}
		return content(token), nil
	}
	return diags
}

// fillWithAssertions has a file hold the client's assertions.
func (d *providerData) fillWithAssertions(ctx context.Context, client tokensource.ClientConfig, config *tokenfile.Config) diag.Diagnostics {
	var diags diag.Diagnostics
	next := func(ctx context.Context, _ time.Time) (tokenfile.Content, error) {
		assertion, err := d.tokens.Assertion(ctx, client)
		return tokenfile.Content{Value: assertion.Value, IssuedAt: assertion.IssuedAt, ExpiresAt: assertion.ExpiresAt}, err
	}
	first, err := next(ctx, time.Time{})
	if err != nil {
		diags.Append(describeError(err).diagnostic())
		return diags
	}
	config.First, config.Next = first, next
	remaining := first.ExpiresAt.Sub(d.now())
	if least := client.MinValidity; least != nil && !first.ExpiresAt.IsZero() && remaining < *least {
		diags.AddAttributeWarning(path.Root("min_validity"), "Assertion valid for less than min_validity",
			fmt.Sprintf("The assertion is valid for %s, and min_validity is %s. Lower min_validity, or configure a longer lifetime: "+
				"in signed_assertion, or at the platform.", remaining.Round(time.Second), *least))
	}
	return diags
}

func (r *tokenFileEphemeralResource) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	handle, diags := req.Private.GetKey(ctx, sessionKey)
	resp.Diagnostics.Append(diags...)
	file, ok := r.data.cleanup.get(handle).(*tokenfile.File)
	if !ok {
		return
	}
	if err := r.data.cleanup.closeOne(ctx, handle); err != nil {
		resp.Diagnostics.AddWarning("A token file could not be removed",
			harmless("The path "+err.Error()+". Remove the file: the token in it is valid until it expires."))
	}
	failed, last := file.Failures()
	if failed == 0 {
		return
	}
	found := describeFileError(last)
	found.facts = append([]string{
		fmt.Sprintf("Attempts to replace its content that failed: %d. Until one succeeded, the file kept the token it had, even if that had expired.", failed),
		found.summary + ".",
	}, found.facts...)
	resp.Diagnostics.AddWarning("A token file was not replaced in time", found.detail())
}

// describeFileError describes why there is no file at a path, or no content for it.
func describeFileError(err error) finding {
	failure, ok := errors.AsType[*tokenfile.PathError](err)
	if !ok {
		return describeError(err)
	}
	found := finding{attribute: "path", summary: "The token file cannot be written", facts: []string{"The path " + failure.Error() + "."}}
	switch {
	case errors.Is(err, tokenfile.ErrNoFolder):
		found.remedy = "Create the folder before the run, or remove path: the file is then in a temporary folder."
	case errors.Is(err, tokenfile.ErrNotRegular):
		found.remedy = "Links, folders and devices are not replaced. Choose another path."
	case errors.Is(err, tokenfile.ErrOtherUser):
		found.remedy = "Remove the file, or choose another path."
	case errors.Is(err, tokenfile.ErrInUse):
		found.remedy = "Each oauth2cc_token_file needs a path of its own. With count or for_each, make count.index or each.key part of it."
	default:
		found.remedy = "Check the permissions of the folder and the space on its disk, or choose another path."
	}
	return found
}
