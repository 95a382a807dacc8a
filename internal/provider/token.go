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
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// tokenAttributes are those that both kinds of oauth2cc_token have beside the
// client's. The input scopes is an output too: see computedScopes.
func tokenAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"min_validity": optional(durationFrom(0), "How long a token must still be valid to be reused, for example `\"10m\"`. Set it to the duration of your runs. "+
			"Default: a minute, or a tenth of the token's lifetime if that is shorter. If a new token is valid for less, there is a warning."),
		"access_token": schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "The access token."},
		"token_type":   schema.StringAttribute{Computed: true, MarkdownDescription: "Token type as the server spelled it; null if it named none."},
		"authorization_header": schema.StringAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "Value for an `Authorization` header: `Bearer`, or `DPoP` if the token is of that type, a space and the token.",
		},
		"expires_in": schema.Int64Attribute{Computed: true, MarkdownDescription: "Lifetime in seconds, as issued; null if unknown."},
		"expires_at": schema.StringAttribute{
			Computed:            true,
			CustomType:          timetypes.RFC3339Type{},
			MarkdownDescription: "When the token expires, in UTC (RFC 3339), counted from the request; null if unknown.",
		},
		"claims": schema.DynamicAttribute{Computed: true, MarkdownDescription: "Claims of the token if it is a JWT, otherwise null. They are decoded, not verified."},
		"response": schema.DynamicAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "The server's whole response, decoded, for members without an attribute here; null if it has more than 20,000 values.",
		},
	}
}

// triggersAttribute is an input of ephemeral resources that get a token.
func triggersAttribute() schema.Attribute {
	return schema.DynamicAttribute{
		Optional: true,
		MarkdownDescription: "Any value. It has no effect of its own: while it is unknown, Terraform defers the token request. " +
			"Refer to a resource here to request the token after that resource is created.",
	}
}

// computedScopes makes the input scopes an output as well.
func computedScopes(attributes map[string]schema.Attribute) map[string]schema.Attribute {
	scopes, _ := attributes["scopes"].(schema.ListAttribute)
	scopes.Computed = true
	scopes.MarkdownDescription += " As an output, the granted scopes, or the requested ones if the server names none."
	attributes["scopes"] = scopes
	return attributes
}

// tokenModel holds the attributes of tokenAttributes.
type tokenModel struct {
	MinValidity         types.String      `tfsdk:"min_validity"`
	AccessToken         types.String      `tfsdk:"access_token"`
	TokenType           types.String      `tfsdk:"token_type"`
	AuthorizationHeader types.String      `tfsdk:"authorization_header"`
	ExpiresIn           types.Int64       `tfsdk:"expires_in"`
	ExpiresAt           timetypes.RFC3339 `tfsdk:"expires_at"`
	Claims              types.Dynamic     `tfsdk:"claims"`
	Response            types.Dynamic     `tfsdk:"response"`
}

// setOutputs sets the outputs, with response as the decoded response.
func (m *tokenModel) setOutputs(ctx context.Context, token *oauth2.Token, response any) {
	m.AccessToken = types.StringValue(token.AccessToken.Reveal())
	m.TokenType = types.StringNull()
	if token.TokenType != "" {
		m.TokenType = types.StringValue(token.TokenType)
	}
	m.AuthorizationHeader = types.StringValue(token.AuthorizationHeader().Reveal())
	m.ExpiresIn, m.ExpiresAt = types.Int64Null(), instantOf(token.ExpiresAt)
	if !token.ExpiresAt.IsZero() {
		m.ExpiresIn = types.Int64Value(token.ExpiresIn)
	}
	m.Claims = types.DynamicNull()
	if decoded, err := oauth2.DecodeJWT(token.AccessToken.Reveal()); err == nil {
		m.Claims = dynamic(ctx, decoded.Claims)
	}
	m.Response = dynamic(ctx, response)
}

// instantOf returns a time in UTC; null if it is unknown.
func instantOf(instant time.Time) timetypes.RFC3339 {
	if instant.IsZero() {
		return timetypes.NewRFC3339Null()
	}
	return timetypes.NewRFC3339TimeValue(instant.UTC().Truncate(time.Second))
}

// grantedScopes are the scopes that the server names, or else those that were
// requested (RFC 6749 section 3.3); null if neither is known.
func grantedScopes(ctx context.Context, session *tokensource.Session) types.List {
	scopes := session.Token().Scopes
	if scopes == nil {
		scopes = session.RequestedScopes()
	}
	list, _ := types.ListValueFrom(ctx, types.StringType, scopes) // strings are always valid
	return list
}

// tokenClient returns the client of a block that has min_validity, see clientOf.
func (d *providerData) tokenClient(
	ctx context.Context, block clientModel, minValidity types.String, wait string,
) (tokensource.ClientConfig, diag.Diagnostics) {
	client, diags := d.clientOf(ctx, block, wait)
	if !minValidity.IsNull() {
		least, _ := time.ParseDuration(minValidity.ValueString()) // validated
		client.MinValidity = &least
	}
	return client, diags
}

// openToken opens a session for a block, see openSession.
func (d *providerData) openToken(
	ctx context.Context, block clientModel, minValidity types.String, revoke bool, wait string,
) (*tokensource.Session, diag.Diagnostics) {
	client, diags := d.tokenClient(ctx, block, minValidity, wait)
	if diags.HasError() {
		return nil, diags
	}
	session, found := d.openSession(ctx, client, revoke)
	diags.Append(found...)
	return session, diags
}

// openSession opens a session of a client, with a token of its own if it is to be
// revoked. A token that falls short of the configuration is a warning.
func (d *providerData) openSession(ctx context.Context, client tokensource.ClientConfig, revoke bool) (*tokensource.Session, diag.Diagnostics) {
	session, err := d.tokens.Open(ctx, client, revoke)
	diags := d.cacheWarnings()
	if err != nil {
		diags.Append(describeError(err).diagnostic())
		return nil, diags
	}
	diags.Append(tokenWarnings(session, client, d.now())...)
	return session, diags
}

// tokenWarnings report where a token falls short of the configuration.
func tokenWarnings(session *tokensource.Session, client tokensource.ClientConfig, now time.Time) diag.Diagnostics {
	var diags diag.Diagnostics
	token := session.Token()
	remaining, known := token.Remaining(now)
	if known && remaining <= 0 {
		diags.AddWarning("The token has expired",
			"The server issued a token whose lifetime, by its response or by the exp claim, has already ended. Check this machine's clock, then the server's.")
	} else if known && client.MinValidity != nil && remaining < *client.MinValidity {
		diags.AddAttributeWarning(path.Root("min_validity"), "Token valid for less than min_validity",
			fmt.Sprintf("The server issued a token that is valid for %s, and min_validity is %s. "+
				"Calls late in the run may be refused. Lower min_validity, or configure a longer token lifetime at the server.",
				remaining.Round(time.Second), *client.MinValidity))
	}
	diags.Append(unreadableLifetime(token, client.Request.Fields)...)
	if token.DPoPBound() {
		unasked := ""
		if !client.DPoPBoundAccessTokens {
			unasked = "\n\nThe provider makes proofs only with dpop_bound_access_tokens = true. Set that, or register the client for bearer tokens."
		}
		diags.AddWarning("DPoP token", "The token is bound to a key (RFC 9449): every call with it needs a proof, which other providers cannot make. "+
			"For their calls use oauth2cc_proxy, and for single requests oauth2cc_request."+unasked)
	}
	missing := slices.DeleteFunc(session.RequestedScopes(), func(scope string) bool { return slices.Contains(token.Scopes, scope) })
	if token.Scopes != nil && len(missing) > 0 {
		diags.AddAttributeWarning(path.Root("scopes"), "Fewer scopes granted than requested",
			"The server did not grant: "+strings.Join(missing, " ")+". Calls that need them will be refused. Allow them for this client at the server, "+
				"or remove them from scopes.")
	}
	return diags
}

// unreadableLifetime warns of a lifetime in the response that cannot be read.
func unreadableLifetime(token *oauth2.Token, fields oauth2.Fields) diag.Diagnostics {
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
