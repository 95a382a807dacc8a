// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
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

// tokenInputs holds the attributes of tokenInputAttributes.
type tokenInputs struct {
	MinValidity types.String `tfsdk:"min_validity"`
}

// minValidity is the least validity asked for, nil where none is. The schema has
// already refused what is no duration.
func (i tokenInputs) minValidity() *time.Duration {
	if i.MinValidity.IsNull() {
		return nil
	}
	parsed, err := time.ParseDuration(i.MinValidity.ValueString())
	if err != nil {
		return nil
	}
	return &parsed
}

// open begins a session for a token block. It adds a warning where the token is
// not what the block hopes for.
func (c *configured) open(ctx context.Context, request tokenRequest, from kind) (*tokensource.Session, diag.Diagnostics) {
	client, diags := c.effective(ctx, request.client, from)
	if diags.HasError() {
		return nil, diags
	}
	client.MinValidity = request.minValidity
	session, err := c.tokens.Open(ctx, client, request.own)
	diags.Append(c.cacheWarnings()...)
	if err != nil {
		diags.Append(tokenError(err, from))
		return nil, diags
	}
	diags.Append(c.warnings(session.Token(), client)...)
	diags.Append(missingScopes(session)...)
	return session, diags
}

// tokenRequest is what a token block asks for.
type tokenRequest struct {
	client clientModel
	// minValidity is nil where the block names none.
	minValidity *time.Duration
	// own asks for a token that is nobody else's and is revoked in the end.
	own bool
}

// tokenInputAttributes are the inputs of both kinds of oauth2cc_token.
func tokenInputAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"min_validity": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "How long a token must still be valid to be reused, for example `\"10m\"`; set it to the time your run takes. " +
				"Default: a minute, or a tenth of the token's lifetime where that is shorter. A new token that lives shorter than this is a warning.",
			Validators: []validator.String{durationFrom(0)},
		},
	}
}

// warnings points out where a token falls short of the configuration.
func (c *configured) warnings(token *oauth2.Token, client tokensource.ClientConfig) diag.Diagnostics {
	var diags diag.Diagnostics
	remaining, known := token.Remaining(c.now())
	if known && remaining <= 0 {
		diags.AddWarning("The token has expired",
			"The server issued a token whose lifetime, by its response or by the exp claim, has already ended. Check this machine's clock, then the server's.")
	} else if known && client.MinValidity != nil && remaining < *client.MinValidity {
		diags.AddAttributeWarning(path.Root("min_validity"), "Token valid for less than min_validity",
			fmt.Sprintf("The server issued a token that is valid for %s, and min_validity is %s. "+
				"Calls late in the run may be refused. Lower min_validity, or configure a longer token lifetime at the server.",
				remaining.Truncate(time.Second), *client.MinValidity))
	}
	diags.Append(unreadLifetime(token, client.Request.Fields)...)
	if token.DPoPBound() {
		diags.AddWarning("DPoP token",
			"The server issued a token that is bound to a key (RFC 9449). Every call with it needs a proof, which other providers "+
				"cannot make. Register the client for bearer tokens.")
	}
	return diags
}

// unreadLifetime is for a token whose lifetime the server names in a way that cannot
// be read.
func unreadLifetime(token *oauth2.Token, fields oauth2.Fields) diag.Diagnostics {
	var diags diag.Diagnostics
	name, held := token.UnreadableLifetime(fields)
	if name == "" {
		return diags
	}
	wanted, remedy := "a positive number of seconds", "If it is a point in time, set response_fields.expires_at. Otherwise set default_expires_in."
	if name == oauth2.FieldExpiresAt {
		wanted, remedy = "a date with a time zone or a number of seconds since 1970", "Set default_expires_in."
	}
	if pointer, ok := fields[name]; ok {
		name = fmt.Sprintf("%q (response_fields.%s)", pointer, name)
		remedy = "Compare response_fields with the server's documentation. " + remedy
	}
	diags.AddWarning("Token lifetime unknown", harmless(fmt.Sprintf("In the token response, %s should be %s, but is %s. "+
		"Without a lifetime the token is not reused: each block requests its own.\n\n%s", name, wanted, held, remedy)))
	return diags
}

// missingScopes is for scopes that were requested and not granted.
func missingScopes(session *tokensource.Session) diag.Diagnostics {
	var diags diag.Diagnostics
	granted := session.Token().Scopes
	missing := slices.DeleteFunc(session.RequestedScopes(), func(scope string) bool { return slices.Contains(granted, scope) })
	if granted == nil || len(missing) == 0 {
		return diags
	}
	diags.AddAttributeWarning(path.Root("scopes"), "Fewer scopes granted than requested",
		"The server did not grant: "+strings.Join(missing, " ")+". Calls that need them will be refused. Allow them for this client at the server, "+
			"or remove them from scopes.")
	return diags
}
