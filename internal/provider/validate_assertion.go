// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// validateAssertions finds contradictions around assertions within one block.
func (m clientModel) validateAssertions(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	method := m.TokenEndpointAuthMethod
	signed := objectAs[signedAssertionModel](ctx, m.SignedAssertion, &diags)
	federated := objectAs[federatedAssertionModel](ctx, m.FederatedAssertion, &diags)
	if signed != nil && federated != nil {
		diags.AddAttributeError(path.Root("federated_assertion"), "Contradicting attributes",
			"One assertion is sent: either one that this provider signs or one that the platform issues. Remove signed_assertion or federated_assertion.")
	}
	if signed != nil && isSet(signed.PrivateKey) && isSet(m.ClientSecret) && method.IsNull() && m.GrantType.ValueString() != tokensource.GrantJWTBearer {
		diags.AddAttributeError(path.Root("client_secret"), "Contradicting attributes",
			"The client has a private key and a secret, and proves itself with one of them. Remove one, or say which with token_endpoint_auth_method.")
	}
	if signed != nil {
		diags.Append(signed.validate(ctx)...)
	}
	if federated != nil {
		diags.Append(federated.validate(ctx)...)
	}
	return diags
}

// validate tries the parts of a signed assertion together, as far as they are known.
func (m signedAssertionModel) validate(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	unknown := unknownIn(ctx, map[string]attr.Value{
		"private_key": m.PrivateKey, "key_id": m.KeyID, "algorithm": m.Algorithm, "certificate": m.Certificate, "type": m.Type,
	})
	if len(unknown) > 0 {
		return diags
	}
	if err := m.assertion().Check(); err != nil {
		diags.Append(describeAssertion("signed_assertion", err).diagnostic(ephemeralKind))
	}
	return diags
}

// validate checks that an assertion comes from one place.
func (m federatedAssertionModel) validate(ctx context.Context) diag.Diagnostics {
	at := path.Root("federated_assertion")
	diags := exactlyOne(at, map[string]attr.Value{"env": m.Env, "file": m.File, "request": m.Request})
	if request := objectAs[platformRequestModel](ctx, m.Request, &diags); request != nil {
		diags.Append(exactlyOne(at.AtName("request"), map[string]attr.Value{"url": request.URL, "url_env": request.URLEnv})...)
	}
	return diags
}

// exactlyOne checks that one value is set. One that is unknown may be.
func exactlyOne(at path.Path, values map[string]attr.Value) diag.Diagnostics {
	var diags diag.Diagnostics
	var set int
	for _, value := range values {
		if value.IsUnknown() {
			return diags
		}
		if !value.IsNull() {
			set++
		}
	}
	if set != 1 {
		diags.AddAttributeError(at, "Exactly one attribute needed", "Set exactly one of "+strings.Join(sortedKeys(values), ", ")+".")
	}
	return diags
}
