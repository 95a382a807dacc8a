// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// tokenEphemeralResource is the ephemeral resource oauth2cc_token.
type tokenEphemeralResource struct{ configured *configured }

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*tokenEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*tokenEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithRenew          = (*tokenEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithClose          = (*tokenEphemeralResource)(nil)
)

func newTokenEphemeralResource() ephemeral.EphemeralResource { return &tokenEphemeralResource{} }

// Metadata implements [ephemeral.EphemeralResource].
func (*tokenEphemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = typeName + "_token"
}

// Schema implements [ephemeral.EphemeralResource].
func (*tokenEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A token that is never written to state or plan. Needs Terraform 1.10 or OpenTofu 1.11.",
		Attributes: merged(
			computedScopes(clientAttributes()), tokenInputAttributes(), tokenOutputAttributes(), sessionAttributes(),
		),
	}
}

// Configure implements [ephemeral.EphemeralResourceWithConfigure].
func (r *tokenEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	r.configured, _ = req.ProviderData.(*configured)
}

// ValidateConfig implements [ephemeral.EphemeralResourceWithValidateConfig].
func (*tokenEphemeralResource) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse,
) {
	defer contain(&resp.Diagnostics)
	var model tokenEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.validate(ctx)...)
}

// Open implements [ephemeral.EphemeralResource].
func (r *tokenEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	defer contain(&resp.Diagnostics)
	var model tokenEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	session, diags := r.configured.open(ctx, model.request(), ephemeralKind)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.keep(ctx, session, model, resp)...)
	model.show(ctx, session)
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}

// keep remembers a session that is renewed or revoked later. From then on its token
// is revoked, whatever else happens.
func (r *tokenEphemeralResource) keep(
	ctx context.Context, session *tokensource.Session, model tokenEphemeralModel, resp *ephemeral.OpenResponse,
) diag.Diagnostics {
	var diags diag.Diagnostics
	keepAlive, revoke := model.KeepAlive.ValueBool(), model.RevokeOnClose.ValueBool()
	if keepAlive {
		resp.RenewAt = session.RenewAt()
		if resp.RenewAt.IsZero() {
			diags.Append(nothingToKeepAlive())
		}
	}
	if revoke || !resp.RenewAt.IsZero() {
		handle, err := r.configured.cleanup.add(ctx, session)
		if err != nil {
			diags.Append(stoppingError())
			return diags
		}
		diags.Append(resp.Private.SetKey(ctx, sessionKey, handle)...)
	}
	return diags
}

// Renew implements [ephemeral.EphemeralResourceWithRenew]. It cannot change the
// token that was handed out; it keeps the session at the server alive. A failure
// is a warning, as that token may well be good still.
func (r *tokenEphemeralResource) Renew(ctx context.Context, req ephemeral.RenewRequest, resp *ephemeral.RenewResponse) {
	defer contain(&resp.Diagnostics)
	handle, diags := req.Private.GetKey(ctx, sessionKey)
	resp.Diagnostics.Append(diags...)
	session, ok := r.configured.cleanup.get(handle).(*tokensource.Session)
	if !ok {
		return
	}
	if err := session.Renew(ctx); err != nil {
		resp.Diagnostics.Append(renewWarning(err))
		resp.RenewAt = session.RetryAt()
		return
	}
	resp.RenewAt = session.RenewAt()
}

// Close implements [ephemeral.EphemeralResourceWithClose].
func (r *tokenEphemeralResource) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	defer contain(&resp.Diagnostics)
	handle, diags := req.Private.GetKey(ctx, sessionKey)
	resp.Diagnostics.Append(diags...)
	if err := r.configured.cleanup.closeOne(ctx, handle); err != nil {
		resp.Diagnostics.Append(revocationWarning(err))
	}
}
