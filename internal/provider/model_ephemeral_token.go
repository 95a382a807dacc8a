// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// tokenEphemeralModel holds the attributes of the ephemeral resource.
type tokenEphemeralModel struct {
	clientModel
	tokenInputs
	tokenOutputs

	Triggers         types.Dynamic `tfsdk:"triggers"`
	KeepAlive        types.Bool    `tfsdk:"keep_alive"`
	RevokeOnClose    types.Bool    `tfsdk:"revoke_on_close"`
	RefreshToken     types.String  `tfsdk:"refresh_token"`
	RefreshExpiresIn types.Int64   `tfsdk:"refresh_expires_in"`
}

// request is what the block asks for.
func (m tokenEphemeralModel) request() tokenRequest {
	return tokenRequest{client: m.clientModel, minValidity: m.minValidity(), own: m.RevokeOnClose.ValueBool()}
}

// show sets the outputs. Scopes that the block asks for stay as they are, since
// Terraform insists on what is configured.
func (m *tokenEphemeralModel) show(ctx context.Context, session *tokensource.Session) {
	token := session.Token()
	m.tokenOutputs = newTokenOutputs(ctx, token, token.Response)
	m.RefreshToken, m.RefreshExpiresIn = types.StringNull(), types.Int64Null()
	if !token.RefreshToken.IsZero() {
		m.RefreshToken = types.StringValue(token.RefreshToken.Reveal())
	}
	if token.RefreshExpiresIn > 0 {
		m.RefreshExpiresIn = types.Int64Value(token.RefreshExpiresIn)
	}
	if m.Scopes.IsNull() {
		m.Scopes = grantedScopes(session)
	}
}
