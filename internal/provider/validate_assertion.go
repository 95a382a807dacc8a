// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// proof is how the assertions of a client are used.
type proof struct {
	signed    *signedAssertionModel
	federated *federatedAssertionModel
	// asserts tells that there is an assertion, and proves that it may not be the
	// grant but the client's proof.
	asserts, proves bool
	// key tells that it is signed with a key, and secret that it is with the secret.
	key, secret bool
}

// proof reads the assertions. What is wrong with their members has been reported
// by the types of those.
func (m clientModel) proof(ctx context.Context) proof {
	var ignored diag.Diagnostics
	p := proof{
		signed:    objectAs[signedAssertionModel](ctx, m.SignedAssertion, &ignored),
		federated: objectAs[federatedAssertionModel](ctx, m.FederatedAssertion, &ignored),
	}
	p.asserts = p.signed != nil || p.federated != nil
	_, granted := m.Parameters.Elements()["assertion"]
	p.proves = p.asserts && !m.GrantType.IsUnknown() && (m.GrantType.ValueString() != tokensource.GrantJWTBearer || granted)
	p.key = p.signed != nil && isSet(p.signed.PrivateKey)
	method := m.TokenEndpointAuthMethod
	p.secret = method.ValueString() == clientauth.ClientSecretJWT ||
		(method.IsNull() && p.proves && p.signed != nil && p.signed.PrivateKey.IsNull() && isSet(m.ClientSecret))
	return p
}

// attribute is the one that the assertion comes from.
func (p proof) attribute() string {
	if p.federated != nil {
		return "federated_assertion"
	}
	return "signed_assertion"
}

// validateUnusedAssertions finds assertions, and parts of them, that one block sets
// and makes useless itself; and what is wrong within an assertion.
func (m clientModel) validateUnusedAssertions(ctx context.Context) diag.Diagnostics {
	p, method := m.proof(ctx), m.TokenEndpointAuthMethod
	sent := method.ValueString() == clientauth.PrivateKeyJWT || (method.ValueString() == clientauth.ClientSecretJWT && p.federated == nil && !p.key)
	diags := m.validateSignature(ctx, p)
	if p.federated != nil {
		diags.Append(p.federated.validate(ctx)...)
	}
	diags.Append(findings(
		rule{
			p.proves && (p.key || p.federated != nil) && isSet(m.ClientSecret) && method.IsNull(), "token_endpoint_auth_method",
			"The client has an assertion and a secret, and proves itself with one of them. Remove one, or say which with token_endpoint_auth_method.",
		},
		rule{
			p.proves && isSet(method) && !sent, p.attribute(),
			"With token_endpoint_auth_method = \"" + method.ValueString() + "\" this assertion is not sent. Remove it, or change the method.",
		},
		rule{
			p.signed != nil && p.signed.PrivateKey.IsNull() && isSet(p.signed.Certificate), "signed_assertion",
			"The certificate is that of a private key. Set private_key, or remove certificate.",
		},
	)...)
	return diags
}

// validateAssertions finds what an assertion cannot be combined with.
func (m clientModel) validateAssertions(ctx context.Context) diag.Diagnostics {
	p := m.proof(ctx)
	sent := m.TokenEndpointAuthMethod.ValueString() != clientauth.None
	return findings(
		rule{
			p.signed != nil && p.federated != nil, "federated_assertion",
			"One assertion is sent: either one that this provider signs or one that the platform issues. Remove signed_assertion or federated_assertion.",
		},
		rule{
			sent && p.proves && hasHeader(m.Headers, "Authorization"), "headers",
			"The client proves itself with an assertion, and must not authenticate in two ways at once (RFC 6749 section 2.3). Remove the Authorization header.",
		},
		rule{
			sent && p.asserts && isSet(m.RequestBody), p.attribute(),
			"With request_body nothing else is sent in the body: the assertion would have no effect. Remove one of the two.",
		},
	)
}

// validateSignature tries the parts of what signs together, as far as they are
// known. What the rules of one attribute find is not found again.
func (m clientModel) validateSignature(ctx context.Context, p proof) diag.Diagnostics {
	if p.signed == nil && !p.secret {
		return nil
	}
	var assertion clientauth.SignedAssertion
	if p.signed != nil {
		if len(unknownIn(ctx, p.signed.signature())) > 0 || !p.signed.isSound() {
			return nil
		}
		assertion = p.signed.assertion()
	}
	if p.secret {
		assertion.PrivateKey, assertion.ClientSecret = secret.String{}, secret.New(m.ClientSecret.ValueString())
	}
	if err := assertion.Check(); err != nil {
		attribute := ""
		if p.signed != nil {
			attribute = "signed_assertion"
		}
		return diag.Diagnostics{describeAssertion(attribute, err).diagnostic(ephemeralKind)}
	}
	return nil
}

// signature lists the members that the signature and its header depend on.
func (m signedAssertionModel) signature() map[string]attr.Value {
	return map[string]attr.Value{
		"private_key": m.PrivateKey, "key_id": m.KeyID, "algorithm": m.Algorithm, "certificate": m.Certificate, "type": m.Type,
	}
}

// isSound tells whether the members are right, each on its own.
func (m signedAssertionModel) isSound() bool {
	return (m.Algorithm.IsNull() || slices.Contains(clientauth.Algorithms(), m.Algorithm.ValueString())) &&
		(m.Certificate.IsNull() || httpstack.CheckCertificates(m.Certificate.ValueString()) == nil)
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
