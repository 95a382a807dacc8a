// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// tokenOutputs holds the attributes of tokenOutputAttributes.
type tokenOutputs struct {
	AccessToken         types.String      `tfsdk:"access_token"`
	TokenType           types.String      `tfsdk:"token_type"`
	AuthorizationHeader types.String      `tfsdk:"authorization_header"`
	ExpiresIn           types.Int64       `tfsdk:"expires_in"`
	ExpiresAt           timetypes.RFC3339 `tfsdk:"expires_at"`
	Claims              types.Dynamic     `tfsdk:"claims"`
	Response            types.Dynamic     `tfsdk:"response"`
}

// newTokenOutputs shows a token, with response as the decoded answer.
func newTokenOutputs(ctx context.Context, token *oauth2.Token, response any) tokenOutputs {
	outputs := tokenOutputs{
		AccessToken:         types.StringValue(token.AccessToken.Reveal()),
		TokenType:           types.StringNull(),
		AuthorizationHeader: types.StringValue(token.AuthorizationHeader().Reveal()),
		ExpiresIn:           types.Int64Null(),
		ExpiresAt:           timetypes.NewRFC3339Null(),
		Claims:              types.DynamicNull(),
		Response:            dynamic(ctx, response),
	}
	if token.TokenType != "" {
		outputs.TokenType = types.StringValue(token.TokenType)
	}
	if !token.ExpiresAt.IsZero() {
		outputs.ExpiresIn = types.Int64Value(token.ExpiresIn)
		outputs.ExpiresAt = timetypes.NewRFC3339TimeValue(token.ExpiresAt.UTC().Truncate(time.Second))
	}
	if decoded, err := oauth2.DecodeJWT(token.AccessToken.Reveal()); err == nil {
		outputs.Claims = dynamic(ctx, decoded.Claims)
	}
	return outputs
}

// grantedScopes are the scopes of a session's token: those that the server names, or
// else those that were requested (RFC 6749 section 3.3); null where neither is
// known.
func grantedScopes(session *tokensource.Session) types.List {
	scopes := session.Token().Scopes
	if scopes == nil {
		scopes = session.RequestedScopes()
	}
	if scopes == nil {
		return types.ListNull(types.StringType)
	}
	return stringList(scopes)
}

// stringList turns texts into a list.
func stringList(values []string) types.List {
	elements := make([]attr.Value, len(values))
	for i, value := range values {
		elements[i] = types.StringValue(value)
	}
	return types.ListValueMust(types.StringType, elements)
}
