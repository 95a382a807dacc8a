// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// rule is a combination of attributes that makes no sense.
type rule struct {
	broken          bool
	attribute, text string
}

// findings are those of the rules that are broken.
func findings(rules ...rule) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, r := range rules {
		if r.broken {
			diags.AddAttributeError(path.Root(r.attribute), "Contradicting attributes", r.text)
		}
	}
	return diags
}

// validate finds mistakes within one block. What is missing in it may come from
// the other block or from the environment, and is no finding.
func (m clientModel) validate(ctx context.Context) diag.Diagnostics {
	diags := m.validateUnused(ctx)
	diags.Append(m.validateTogether(ctx)...)
	return diags
}

// validateUnused finds what one block sets and makes useless itself. Beside
// another block or the environment it would be no mistake: those may serve others.
func (m clientModel) validateUnused(ctx context.Context) diag.Diagnostics {
	method := m.TokenEndpointAuthMethod.ValueString()
	diags := findings(
		rule{
			method == clientauth.None && isSet(m.ClientSecret), "token_endpoint_auth_method",
			"With token_endpoint_auth_method = \"none\" no secret is sent. Remove client_secret or change the method.",
		},
		rule{
			method != "" && method != clientauth.ClientSecretBasic && isSet(m.ClientSecretBasicEncoding), "client_secret_basic_encoding",
			"The encoding applies to token_endpoint_auth_method = \"client_secret_basic\" and not to \"" + method + "\". Remove it.",
		},
	)
	diags.Append(m.validateUnusedAssertions(ctx)...)
	return diags
}

// validateTogether finds requests that cannot be sent, or not whole. It holds for
// one block as well as for two laid over each other.
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

// settled names the method where nothing is left to choose it by: there is a
// secret, and no metadata that may want another. It is for models that no other
// block is laid over.
func (m clientModel) settled() clientModel {
	asserts := !m.SignedAssertion.IsNull() || !m.FederatedAssertion.IsNull()
	if m.TokenEndpointAuthMethod.IsNull() && m.Issuer.IsNull() && isSet(m.ClientSecret) && !asserts {
		m.TokenEndpointAuthMethod = types.StringValue(clientauth.ClientSecretBasic)
	}
	return m
}

// validateMethod finds what the client's authentication cannot be combined with.
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

// isPlaintext tells whether an address is known to be one of http.
func isPlaintext(address types.String) bool {
	parsed, err := url.Parse(address.ValueString())
	return err == nil && parsed.Scheme == "http"
}

// validateWire finds requests that cannot be written.
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

// asked lists the parameters that attributes ask for, and nothing by default, as
// pairs of the attribute and the parameter.
func (m clientModel) asked() [][2]string {
	var pairs [][2]string
	add := func(asks bool, attribute, parameter string) {
		if asks {
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

// validateBody finds what would not be sent, as there is a body that is sent
// instead.
func (m clientModel) validateBody() diag.Diagnostics {
	if !isSet(m.RequestBody) {
		return nil
	}
	var unsent []string
	for _, pair := range m.asked() {
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
			"With request_body nothing else is sent in the body: " + attribute + " would have no effect. Remove one of the two."})...)
	}
	return diags
}

// validateQuery finds what would not be sent, as the token endpoint's own query
// names it and a parameter is sent once (RFC 6749 section 3.2).
func (m clientModel) validateQuery() diag.Diagnostics {
	address, err := url.Parse(m.TokenEndpoint.ValueString())
	if err != nil || isSet(m.RequestBody) {
		return nil
	}
	var diags diag.Diagnostics
	for _, pair := range m.asked() {
		diags.Append(findings(rule{address.Query().Has(pair[1]), pair[0],
			"The query of token_endpoint names the parameter " + shortened(pair[1]) + " already, and a parameter must not be sent twice (RFC 6749 section 3.2). " +
				"Remove it there or here."})...)
	}
	return diags
}

// validate finds mistakes in the provider block, with what the environment added.
func (m providerModel) validate(ctx context.Context) diag.Diagnostics {
	diags := m.settled().validateTogether(ctx)
	diags.Append(m.validateTLS(ctx)...)
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

// isSet tells whether a value is given and known.
func isSet(value types.String) bool { return !value.IsNull() && !value.IsUnknown() }

// hasHeader tells whether a map of header fields has one of a name.
func hasHeader(fields types.Map, name string) bool {
	for field := range fields.Elements() {
		if strings.EqualFold(field, name) {
			return true
		}
	}
	return false
}
