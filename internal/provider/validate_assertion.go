// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// validateAssertions finds contradictions around assertions within one block.
func (m clientModel) validateAssertions(ctx context.Context) diag.Diagnostics {
	var diags, ignored diag.Diagnostics // the types of the members have reported what is wrong with them
	signed := objectAs[signedAssertionModel](ctx, m.SignedAssertion, &ignored)
	federated := objectAs[federatedAssertionModel](ctx, m.FederatedAssertion, &ignored)
	if signed != nil {
		diags.Append(signed.validate(ctx)...)
	}
	if federated != nil {
		diags.Append(federated.validate(ctx)...)
	}
	grants := m.GrantType.IsUnknown() || m.GrantType.ValueString() == tokensource.GrantJWTBearer
	for _, rule := range m.assertionRules(signed, federated != nil, !grants) {
		if rule.broken {
			diags.AddAttributeError(path.Root(rule.attribute), "Contradicting attributes", rule.text)
		}
	}
	return diags
}

// assertionRule is a combination of attributes that makes no sense.
type assertionRule struct {
	broken          bool
	attribute, text string
}

// assertionRules lists the combinations. An assertion that proves is one that is
// not the grant.
func (m clientModel) assertionRules(signed *signedAssertionModel, federated, proves bool) []assertionRule {
	method := m.TokenEndpointAuthMethod
	key := signed != nil && isSet(signed.PrivateKey)
	asserts := signed != nil || federated
	attribute := "signed_assertion"
	if federated {
		attribute = "federated_assertion"
	}
	usesAssertion := method.ValueString() == clientauth.PrivateKeyJWT || (method.ValueString() == clientauth.ClientSecretJWT && !federated && !key)
	return []assertionRule{
		{
			signed != nil && federated, "federated_assertion",
			"One assertion is sent: either one that this provider signs or one that the platform issues. Remove signed_assertion or federated_assertion.",
		},
		{
			proves && (key || federated) && isSet(m.ClientSecret) && method.IsNull(), "token_endpoint_auth_method",
			"The client has an assertion and a secret, and proves itself with one of them. Remove one, or say which with token_endpoint_auth_method.",
		},
		{
			proves && asserts && isSet(method) && !usesAssertion, attribute,
			"With token_endpoint_auth_method = \"" + method.ValueString() + "\" this assertion is not sent. Remove it, or change the method.",
		},
		{
			proves && asserts && hasHeader(m.Headers, "Authorization"), "headers",
			"The client proves itself with an assertion, and must not authenticate in two ways at once (RFC 6749 section 2.3). Remove the Authorization header.",
		},
		{
			asserts && isSet(m.RequestBody), attribute,
			"With request_body nothing else is sent in the body: the assertion would have no effect. Remove one of the two.",
		},
		{
			signed != nil && signed.PrivateKey.IsNull() && isSet(signed.Certificate), "signed_assertion",
			"The certificate is that of a private key. Set private_key, or remove certificate.",
		},
	}
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
