// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// rule is a combination of attributes that cannot be meant.
type rule struct {
	broken          bool
	attribute, text string
}

// findings reports the rules that are broken.
func findings(rules ...rule) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, r := range rules {
		if r.broken {
			diags.AddAttributeError(path.Root(r.attribute), "Conflicting attributes", r.text)
		}
	}
	return diags
}

// validate reports mistakes within one block. What is missing may come from the
// other block or from the environment.
func (m clientModel) validate(ctx context.Context) diag.Diagnostics {
	diags := m.validateUnused(ctx)
	diags.Append(m.validateTogether(ctx)...)
	return diags
}

// validateUnused reports what has no effect because of the same block. Because of
// another block or the environment it is no mistake: those may serve others.
func (m clientModel) validateUnused(ctx context.Context) diag.Diagnostics {
	method := m.TokenEndpointAuthMethod.ValueString()
	diags := findings(
		rule{
			method == clientauth.None && isSet(m.ClientSecret), "token_endpoint_auth_method",
			"With token_endpoint_auth_method = \"none\" no secret is sent. Remove client_secret, or change the method.",
		},
		rule{
			method != "" && method != clientauth.ClientSecretBasic && isSet(m.ClientSecretBasicEncoding), "client_secret_basic_encoding",
			"The encoding applies only to token_endpoint_auth_method = \"client_secret_basic\", not to \"" + method + "\". Remove it.",
		},
	)
	diags.Append(m.validateUnusedAssertions(ctx)...)
	return diags
}

// validateTogether reports requests that cannot be sent completely, for one block
// or for two that are merged.
func (m clientModel) validateTogether(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	if m.ClientSecretBasicEncoding.ValueString() == clientauth.BasicEncodingRaw && strings.Contains(m.ClientID.ValueString(), ":") {
		diags.Append(colonInID())
	}
	diags.Append(m.validateAssertions(ctx)...)
	diags.Append(m.validateMethod()...)
	diags.Append(m.validateWire()...)
	diags.Append(m.validateBody()...)
	diags.Append(m.validateQuery()...)
	return diags
}

// settled sets the method if it is certain: there is a secret, and no metadata that
// may name another method. It is for models that no other block is merged over.
func (m clientModel) settled() clientModel {
	asserts := !m.SignedAssertion.IsNull() || !m.FederatedAssertion.IsNull()
	if m.TokenEndpointAuthMethod.IsNull() && m.Issuer.IsNull() && isSet(m.ClientSecret) && !asserts {
		m.TokenEndpointAuthMethod = types.StringValue(clientauth.ClientSecretBasic)
	}
	return m
}

// validateMethod reports what the authentication method cannot be combined with.
func (m clientModel) validateMethod() diag.Diagnostics {
	method := m.TokenEndpointAuthMethod.ValueString()
	basic := method == clientauth.ClientSecretBasic
	secret, _ := m.Parameters.Elements()["client_secret"].(types.String)
	return findings(
		rule{basic && hasHeader(m.Headers, "Authorization"), "token_endpoint_auth_method", twoMethods("headers")},
		rule{basic && secret.ValueString() != "", "token_endpoint_auth_method", twoMethods("parameters")},
		rule{clientauth.UsesCertificate(method) && isPlaintext(m.TokenEndpoint), "token_endpoint", certificateInPlaintext(method)},
	)
}

// isPlaintext reports whether an address is known to be an http URL.
func isPlaintext(address types.String) bool {
	parsed, err := url.Parse(address.ValueString())
	return err == nil && parsed.Scheme == "http"
}

// validateWire reports requests that HTTP does not allow.
func (m clientModel) validateWire() diag.Diagnostics {
	get := m.Method.ValueString() == http.MethodGet
	inBody := !m.ParametersIn.IsUnknown() && m.ParametersIn.ValueString() != string(oauth2.InQuery)
	return findings(
		rule{get && isSet(m.RequestBody), "method", "A GET request has no body. Remove request_body, or set another method."},
		rule{
			get && inBody && !isSet(m.RequestBody), "method",
			"A GET request has no body to send the parameters in. Set parameters_in = \"query\", or another method.",
		},
	)
}

// configuredParameters lists the parameters that attributes set, as pairs of the
// attribute and the parameter. Parameters that are sent by default are not listed.
func (m clientModel) configuredParameters() [][2]string {
	var pairs [][2]string
	add := func(isSet bool, attribute, parameter string) {
		if isSet {
			pairs = append(pairs, [2]string{attribute, parameter})
		}
	}
	add(m.GrantType.ValueString() != "", "grant_type", "grant_type")
	add(len(m.Scopes.Elements()) > 0, "scopes", "scope")
	add(m.Audience.ValueString() != "", "audience", "audience")
	add(len(m.Resources.Elements()) > 0, "resources", "resource")
	parameters := plainTexts(m.Parameters)
	for _, name := range sortedKeys(parameters) {
		add(parameters[name] != "", "parameters", name)
	}
	return pairs
}

// validateBody reports what would not be sent because request_body is sent instead.
func (m clientModel) validateBody() diag.Diagnostics {
	if !isSet(m.RequestBody) {
		return nil
	}
	var unsent []string
	for _, pair := range m.configuredParameters() {
		unsent = append(unsent, pair[0])
	}
	if isSet(m.ParametersIn) {
		unsent = append(unsent, "parameters_in")
	}
	switch m.TokenEndpointAuthMethod.ValueString() {
	case clientauth.ClientSecretPost, clientauth.ClientSecretJWT, clientauth.PrivateKeyJWT:
		unsent = append(unsent, "token_endpoint_auth_method")
	}
	var diags diag.Diagnostics
	for _, attribute := range slices.Compact(unsent) {
		diags.Append(findings(rule{true, attribute,
			"With request_body nothing else is sent in the body, so " + attribute + " would have no effect. Remove one of them."})...)
	}
	return diags
}

// validateQuery reports what would not be sent because the token endpoint's own
// query has it, and a parameter is sent once (RFC 6749 section 3.2).
func (m clientModel) validateQuery() diag.Diagnostics {
	address, err := url.Parse(m.TokenEndpoint.ValueString())
	if err != nil || isSet(m.RequestBody) {
		return nil
	}
	var diags diag.Diagnostics
	for _, pair := range m.configuredParameters() {
		diags.Append(findings(rule{address.Query().Has(pair[1]), pair[0],
			"The query of token_endpoint already has the parameter " + shortened(pair[1]) + ", and a parameter must not be sent twice (RFC 6749 section 3.2). " +
				"Remove one of them."})...)
	}
	return diags
}

// validate reports mistakes in the provider block, values of the environment included.
func (m providerModel) validate(ctx context.Context, now time.Time) diag.Diagnostics {
	diags := m.settled().validateTogether(ctx)
	diags.Append(m.validateTLS(ctx, now)...)
	diags.Append(m.validateCache(ctx)...)
	if m.AllowPlaintextHTTP.ValueBool() || m.AllowPlaintextHTTP.IsUnknown() {
		return diags
	}
	for _, name := range []string{"issuer", "token_endpoint", "revocation_endpoint"} {
		text, _ := m.byName()[name].(types.String)
		address, err := url.Parse(text.ValueString())
		if err == nil && isPlaintext(text) && !httpstack.IsLoopback(address.Hostname()) {
			diags.Append(plaintextRefused(name))
		}
	}
	return diags
}

// isSet reports whether a value is known and not null.
func isSet(value types.String) bool { return !value.IsNull() && !value.IsUnknown() }

// hasHeader reports whether a map of header fields has one of a name.
func hasHeader(fields types.Map, name string) bool {
	for field := range fields.Elements() {
		if strings.EqualFold(field, name) {
			return true
		}
	}
	return false
}
