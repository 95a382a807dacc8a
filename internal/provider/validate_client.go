// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// validate finds contradictions within one block. What is missing in it may come
// from the other block or from the environment, and is no finding.
func (block clientModel) validate() diag.Diagnostics {
	var diags diag.Diagnostics
	method := block.TokenEndpointAuthMethod.ValueString()
	if method == clientauth.None && isSet(block.ClientSecret) {
		diags.AddAttributeError(path.Root("client_secret"), "Contradicting attributes",
			"With token_endpoint_auth_method = \"none\" no secret is sent. Remove client_secret or change the method.")
	}
	if method != "" && method != clientauth.ClientSecretBasic && isSet(block.ClientSecretBasicEncoding) {
		diags.AddAttributeError(path.Root("client_secret_basic_encoding"), "Contradicting attributes",
			"The encoding applies to token_endpoint_auth_method = \"client_secret_basic\" and not to \""+method+"\". Remove it.")
	}
	if method == clientauth.ClientSecretBasic && block.hasHeader("Authorization") {
		diags.AddAttributeError(path.Root("headers"), "Contradicting attributes",
			"The method client_secret_basic writes the Authorization header itself, and a client must not authenticate in two ways at once "+
				"(RFC 6749 section 2.3). Remove the header, or set token_endpoint_auth_method = \"none\".")
	}
	if block.ClientSecretBasicEncoding.ValueString() == clientauth.BasicEncodingRaw && strings.Contains(block.ClientID.ValueString(), ":") {
		diags.Append(colonInID())
	}
	return diags
}

// validate finds contradictions within the provider block.
func (m providerModel) validate(context.Context) diag.Diagnostics {
	diags := m.clientModel.validate()
	if m.AllowPlaintextHTTP.ValueBool() || m.AllowPlaintextHTTP.IsUnknown() {
		return diags
	}
	for _, name := range []string{"issuer", "token_endpoint"} {
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

// hasHeader tells whether the block sets a header field.
func (block clientModel) hasHeader(name string) bool {
	for field := range block.Headers.Elements() {
		if strings.EqualFold(field, name) {
			return true
		}
	}
	return false
}
