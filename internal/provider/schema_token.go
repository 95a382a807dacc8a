// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
)

// tokenOutputAttributes are the outputs of both kinds of oauth2cc_token. The
// input scopes is an output too: see computedScopes.
func tokenOutputAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"access_token": schema.StringAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "The access token.",
		},
		"token_type": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Type of the token as the server spelled it; null if it named none.",
		},
		"authorization_header": schema.StringAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "Value for an `Authorization` header: `Bearer`, a space and the token.",
		},
		"expires_in": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Lifetime in seconds, as issued; null if unknown.",
		},
		"expires_at": schema.StringAttribute{
			Computed:            true,
			CustomType:          timetypes.RFC3339Type{},
			MarkdownDescription: "When the token expires, in UTC (RFC 3339); null if unknown. Counted from when the token was asked for.",
		},
		"claims": schema.DynamicAttribute{
			Computed:            true,
			MarkdownDescription: "Claims of the token where it is a JWT, otherwise null. They are decoded and not verified.",
		},
		"response": schema.DynamicAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "The server's whole answer, decoded, for members that have no attribute here; null if it has more than 20,000 values.",
		},
	}
}

// computedScopes turns the input scopes into one that is an output as well.
func computedScopes(attributes map[string]schema.Attribute) map[string]schema.Attribute {
	scopes, _ := attributes["scopes"].(schema.ListAttribute)
	scopes.Computed = true
	scopes.MarkdownDescription += " As an output, the granted scopes; where the server names none, those asked for."
	attributes["scopes"] = scopes
	return attributes
}

// sessionAttributes are those of the ephemeral resource alone, which unlike a
// data source has an end.
func sessionAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"triggers": schema.DynamicAttribute{
			Optional: true,
			MarkdownDescription: "Any value. It is not used: as long as it is unknown, Terraform waits with the token, " +
				"so that a reference to a resource here has the token fetched after that resource is there.",
		},
		"keep_alive": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Keeps the session at the server alive with the refresh token, shortly before it would expire, for as long as the run takes. " +
				"It cannot replace the token that was handed out: a consumer that needs one which lives longer wants `min_validity`. Default `false`.",
		},
		"revoke_on_close": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Requests a token that is not shared, and revokes it and its refresh token when the run no longer needs it. " +
				"A run that fails or is interrupted revokes it too. A revocation that fails is a warning, and after such a run a line in Terraform's log. Default `false`.",
		},
		"refresh_token": schema.StringAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "The refresh token; null if the server issued none.",
		},
		"refresh_expires_in": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Lifetime of the refresh token in seconds, as issued; null if unknown or unlimited.",
		},
	}
}
