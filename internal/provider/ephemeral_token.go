// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// tokenEphemeralResource is the ephemeral resource oauth2cc_token.
type tokenEphemeralResource struct{ data *providerData }

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*tokenEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*tokenEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithRenew          = (*tokenEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithClose          = (*tokenEphemeralResource)(nil)
)

// tokenEphemeralModel holds the attributes of the ephemeral resource.
type tokenEphemeralModel struct {
	clientModel
	tokenModel

	Triggers         types.Dynamic `tfsdk:"triggers"`
	KeepAlive        types.Bool    `tfsdk:"keep_alive"`
	RevokeOnClose    types.Bool    `tfsdk:"revoke_on_close"`
	RefreshToken     types.String  `tfsdk:"refresh_token"`
	RefreshExpiresIn types.Int64   `tfsdk:"refresh_expires_in"`
}

func (*tokenEphemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = typeName + "_token"
}

func (*tokenEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A token that is never written to state or plan. Requires Terraform 1.10 or OpenTofu 1.11.",
		Attributes: union(computedScopes(clientAttributes()), tokenAttributes(), map[string]schema.Attribute{
			"triggers": triggersAttribute(),
			"keep_alive": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Uses the refresh token to keep the session at the server alive for the duration of the run. " +
					"The token that was handed out stays the same; for one that is valid longer, set `min_validity`. Default `false`.",
			},
			"revoke_on_close": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Requests a token that is not shared, and revokes it and its refresh token when the run no longer needs it, " +
					"also if the run fails or is interrupted. A failed revocation is a warning, or after such a run a line in Terraform's log. Default `false`.",
			},
			"refresh_token":      schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "The refresh token; null if the server issued none."},
			"refresh_expires_in": schema.Int64Attribute{Computed: true, MarkdownDescription: "Lifetime of the refresh token in seconds, as issued; null if unknown or unlimited."},
		}),
	}
}

func (r *tokenEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	r.data, _ = req.ProviderData.(*providerData)
}

func (*tokenEphemeralResource) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse,
) {
	var model tokenEphemeralModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.validate(ctx)...)
}

func (r *tokenEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model tokenEphemeralModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	session, diags := r.data.openToken(ctx, model.clientModel, model.MinValidity, model.RevokeOnClose.ValueBool(), waitToken)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.keep(ctx, session, model, resp)...)
	token := session.Token()
	model.setOutputs(ctx, token, token.Response)
	model.RefreshToken, model.RefreshExpiresIn = types.StringNull(), types.Int64Null()
	if !token.RefreshToken.IsZero() {
		model.RefreshToken = types.StringValue(token.RefreshToken.Reveal())
	}
	if token.RefreshExpiresIn > 0 {
		model.RefreshExpiresIn = types.Int64Value(token.RefreshExpiresIn)
	}
	if model.Scopes.IsNull() { // Terraform requires configured values to stay as they are
		model.Scopes = grantedScopes(ctx, session)
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, objectOf(ctx, model))...)
}

// keep remembers a session that is to be renewed or revoked. From then on its token
// is revoked whatever else happens.
func (r *tokenEphemeralResource) keep(
	ctx context.Context, session *tokensource.Session, model tokenEphemeralModel, resp *ephemeral.OpenResponse,
) diag.Diagnostics {
	var diags diag.Diagnostics
	if model.KeepAlive.ValueBool() {
		resp.RenewAt = session.RenewAt()
		if resp.RenewAt.IsZero() {
			diags.AddAttributeWarning(path.Root("keep_alive"), "Nothing to keep alive",
				"The server issued no refresh token, or no lifetime with it, so keep_alive has no effect. Remove it, "+
					"or enable refresh tokens for this client at the server.")
		}
	}
	if !model.RevokeOnClose.ValueBool() && resp.RenewAt.IsZero() {
		return diags
	}
	return append(diags, r.data.cleanup.keep(ctx, session, resp.Private, "requested this token, and has revoked it")...)
}

// Renew cannot change the token that was handed out; it keeps the session at the server
// alive. A failure is a warning, since that token may still be valid.
func (r *tokenEphemeralResource) Renew(ctx context.Context, req ephemeral.RenewRequest, resp *ephemeral.RenewResponse) {
	handle, diags := req.Private.GetKey(ctx, sessionKey)
	resp.Diagnostics.Append(diags...)
	session, ok := r.data.cleanup.get(handle).(*tokensource.Session)
	if !ok {
		return
	}
	if err := session.Renew(ctx); err != nil {
		found := describeError(err)
		found.facts = append([]string{found.summary + "."}, found.facts...)
		resp.Diagnostics.Append(found.warning("keep_alive", "The session could not be kept alive"))
		resp.RenewAt = session.RetryAt()
		return
	}
	resp.RenewAt = session.RenewAt()
}

func (r *tokenEphemeralResource) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	handle, diags := req.Private.GetKey(ctx, sessionKey)
	resp.Diagnostics.Append(diags...)
	if err := r.data.cleanup.closeOne(ctx, handle); err != nil {
		resp.Diagnostics.Append(revocationWarning(err))
	}
}

// revocationWarning is for tokens that could not be revoked, each with an error.
func revocationWarning(err error) diag.Diagnostic {
	failures := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		failures = joined.Unwrap()
	}
	var found finding
	for _, failure := range failures {
		facts, remedy := describeRevocation(failure)
		for _, fact := range facts {
			if !slices.Contains(found.facts, fact) { // both tokens usually fail alike
				found.facts = append(found.facts, fact)
			}
		}
		found.remedy = "The token stays valid until it expires. " + remedy
	}
	if retried, ok := errors.AsType[*tokensource.RetriedError](err); ok { // one stands for both
		found.facts = append(found.facts, attemptsFacts(retried.Attempts)...)
	}
	return found.warning("revoke_on_close", "A token could not be revoked")
}

// describeRevocation says why a token could not be revoked, and what to do.
func describeRevocation(err error) (facts []string, remedy string) {
	if errors.Is(err, context.DeadlineExceeded) {
		return []string{"The revocation endpoint did not respond within the few seconds available at the end of a run."}, "Check revocation_endpoint."
	}
	remedy = "Check revocation_endpoint, and that this client may revoke such tokens. Some servers cannot revoke JWTs."
	if response, ok := errors.AsType[*oauth2.Error](err); ok {
		facts = serverFacts(response)
		switch {
		case response.StatusCode == http.StatusProxyAuthRequired:
			remedy = proxyCredentials
		case response.Temporary():
			remedy = "The server may be unavailable. If the token must not live that long, revoke it there."
		}
	} else if failure, ok := errors.AsType[*httpstack.Error](err); ok {
		found := describeNetwork(failure, "revocation_endpoint")
		facts, remedy = append([]string{found.summary + "."}, found.facts...), found.remedy
	} else {
		return describeCause(err).facts, remedy
	}
	return facts, remedy
}
