// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// validate finds contradictions within one block. What is missing in it may come
// from the other block or from the environment, and is no finding.
func (m clientModel) validate(ctx context.Context) diag.Diagnostics {
	diags := m.validateAssertions(ctx)
	method := m.TokenEndpointAuthMethod.ValueString()
	if method == clientauth.None && isSet(m.ClientSecret) {
		// Not at client_secret: Terraform shows the line that a finding points at.
		diags.AddAttributeError(path.Root("token_endpoint_auth_method"), "Contradicting attributes",
			"With token_endpoint_auth_method = \"none\" no secret is sent. Remove client_secret or change the method.")
	}
	if method != "" && method != clientauth.ClientSecretBasic && isSet(m.ClientSecretBasicEncoding) {
		diags.AddAttributeError(path.Root("client_secret_basic_encoding"), "Contradicting attributes",
			"The encoding applies to token_endpoint_auth_method = \"client_secret_basic\" and not to \""+method+"\". Remove it.")
	}
	if method == clientauth.ClientSecretBasic && hasHeader(m.Headers, "Authorization") {
		diags.AddAttributeError(path.Root("headers"), "Contradicting attributes",
			"The method client_secret_basic writes the Authorization header itself, and a client must not authenticate in two ways at once "+
				"(RFC 6749 section 2.3). Remove the header, or set token_endpoint_auth_method = \"none\".")
	}
	if m.ClientSecretBasicEncoding.ValueString() == clientauth.BasicEncodingRaw && strings.Contains(m.ClientID.ValueString(), ":") {
		diags.Append(colonInID())
	}
	diags.Append(m.validateWire()...)
	diags.Append(m.validateBody()...)
	return diags
}

// validateWire finds requests that cannot be written. It holds for one block as
// well as for two laid over each other.
func (m clientModel) validateWire() diag.Diagnostics {
	var diags diag.Diagnostics
	if m.Method.ValueString() != http.MethodGet {
		return diags
	}
	if isSet(m.RequestBody) {
		diags.AddAttributeError(path.Root("request_body"), "Contradicting attributes",
			"A GET request has no body. Remove request_body, or set another method.")
	} else if !m.ParametersIn.IsUnknown() && m.ParametersIn.ValueString() != string(oauth2.InQuery) {
		diags.AddAttributeError(path.Root("method"), "Contradicting attributes",
			"A GET request has no body to send the parameters in. Set parameters_in = \"query\", or another method.")
	}
	return diags
}

// validateBody finds what would not be sent, as the block has a body that is sent
// instead.
func (m clientModel) validateBody() diag.Diagnostics {
	var diags diag.Diagnostics
	if !isSet(m.RequestBody) {
		return diags
	}
	notSent := func(attribute string) {
		diags.AddAttributeError(path.Root(attribute), "Contradicting attributes",
			"With request_body nothing else is sent in the body: "+attribute+" would have no effect. Remove one of the two.")
	}
	for _, name := range []string{"audience", "grant_type", "parameters", "parameters_in", "resources", "scopes"} {
		if value := m.byName()[name]; !value.IsNull() && !value.IsUnknown() {
			notSent(name)
		}
	}
	switch m.TokenEndpointAuthMethod.ValueString() {
	case clientauth.ClientSecretPost, clientauth.ClientSecretJWT, clientauth.PrivateKeyJWT:
		notSent("token_endpoint_auth_method")
	}
	return diags
}

// validate finds contradictions within the provider block.
func (m providerModel) validate(ctx context.Context) diag.Diagnostics {
	diags := m.clientModel.validate(ctx)
	diags.Append(m.validateTLS(ctx)...)
	if m.AllowPlaintextHTTP.ValueBool() || m.AllowPlaintextHTTP.IsUnknown() {
		return diags
	}
	for _, name := range []string{"issuer", "token_endpoint", "revocation_endpoint"} {
		text, _ := m.byName()[name].(types.String)
		address, err := url.Parse(text.ValueString())
		if err == nil && address.Scheme == "http" && !httpstack.IsLoopback(address.Hostname()) {
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
