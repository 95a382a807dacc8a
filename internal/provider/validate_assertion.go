// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// assertionUse is how a client uses its assertions.
type assertionUse struct {
	signed    *signedAssertionModel
	federated *federatedAssertionModel
	// exists reports whether there is an assertion, and authenticates whether it is
	// known not to be the grant.
	exists, authenticates bool
	// key reports whether it is signed with a key, and secret with client_secret.
	key, secret bool
}

// assertionUse reads the assertions.
func (m clientModel) assertionUse(ctx context.Context) assertionUse {
	var ignored diag.Diagnostics // the framework has reported members of the wrong type
	p := assertionUse{
		signed:    objectAs[signedAssertionModel](ctx, m.SignedAssertion, &ignored),
		federated: objectAs[federatedAssertionModel](ctx, m.FederatedAssertion, &ignored),
	}
	p.exists = p.signed != nil || p.federated != nil
	_, granted := m.Parameters.Elements()["assertion"]
	p.authenticates = p.exists && !m.GrantType.IsUnknown() && (m.GrantType.ValueString() != tokensource.GrantJWTBearer || granted)
	p.key = p.signed != nil && isSet(p.signed.PrivateKey)
	method := m.TokenEndpointAuthMethod
	p.secret = method.ValueString() == clientauth.ClientSecretJWT ||
		(method.IsNull() && p.authenticates && p.signed != nil && p.signed.PrivateKey.IsNull() && isSet(m.ClientSecret))
	return p
}

// attribute is the one with the assertion.
func (p assertionUse) attribute() string {
	if p.federated != nil {
		return "federated_assertion"
	}
	return "signed_assertion"
}

// validateUnusedAssertions reports assertions, and parts of them, that have no effect
// because of the same block, and mistakes within an assertion.
func (m clientModel) validateUnusedAssertions(ctx context.Context) diag.Diagnostics {
	p, method := m.assertionUse(ctx), m.TokenEndpointAuthMethod
	sent := method.ValueString() == clientauth.PrivateKeyJWT || (method.ValueString() == clientauth.ClientSecretJWT && p.federated == nil && !p.key)
	diags := m.validateSignature(ctx, p)
	if p.federated != nil {
		diags.Append(p.federated.validate(ctx)...)
	}
	diags.Append(findings(
		rule{
			p.authenticates && (p.key || p.federated != nil) && isSet(m.ClientSecret) && method.IsNull(), "token_endpoint_auth_method",
			"The client has an assertion and a secret, and authenticates with only one of them. Remove one, or choose with token_endpoint_auth_method.",
		},
		rule{
			p.authenticates && isSet(method) && !sent, p.attribute(),
			"With token_endpoint_auth_method = \"" + method.ValueString() + "\" this assertion is not sent. Remove it, or change the method.",
		},
		rule{
			p.signed != nil && p.signed.PrivateKey.IsNull() && isSet(p.signed.Certificate), "signed_assertion",
			"A certificate needs its private key. Set private_key, or remove certificate.",
		},
	)...)
	return diags
}

// validateAssertions reports what an assertion cannot be combined with.
func (m clientModel) validateAssertions(ctx context.Context) diag.Diagnostics {
	p := m.assertionUse(ctx)
	sent := m.TokenEndpointAuthMethod.ValueString() != clientauth.None
	return findings(
		rule{
			p.signed != nil && p.federated != nil, "federated_assertion",
			"Only one assertion is sent, signed by this provider or issued by the platform. Remove signed_assertion or federated_assertion.",
		},
		rule{
			sent && p.authenticates && hasHeader(m.Headers, "Authorization"), "headers",
			"The client authenticates with an assertion, and must not use two methods at once (RFC 6749 section 2.3). Remove the Authorization header.",
		},
		rule{
			sent && p.exists && isSet(m.RequestBody), p.attribute(),
			"With request_body nothing else is sent in the body, so the assertion would have no effect. Remove one of them.",
		},
	)
}

// validateSignature checks that what signs fits together, as far as it is known and
// valid by itself.
func (m clientModel) validateSignature(ctx context.Context, p assertionUse) diag.Diagnostics {
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
	assertion.Now = time.Now
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

// isSound reports whether each member is valid by itself.
func (m signedAssertionModel) isSound() bool {
	return (m.Algorithm.IsNull() || slices.Contains(clientauth.Algorithms(), m.Algorithm.ValueString())) &&
		(m.Certificate.IsNull() || httpstack.CheckCertificates(m.Certificate.ValueString()) == nil)
}

// validate checks that the assertion has exactly one source.
func (m federatedAssertionModel) validate(ctx context.Context) diag.Diagnostics {
	at := path.Root("federated_assertion")
	diags := exactlyOne(at, map[string]attr.Value{"env": m.Env, "file": m.File, "request": m.Request})
	if request := objectAs[platformRequestModel](ctx, m.Request, &diags); request != nil {
		diags.Append(exactlyOne(at.AtName("request"), map[string]attr.Value{"url": request.URL, "url_env": request.URLEnv})...)
	}
	return diags
}

// exactlyOne checks that one value is set, as far as all are known.
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
		diags.AddAttributeError(at, "Exactly one attribute required", "Set exactly one of "+strings.Join(sortedKeys(values), ", ")+".")
	}
	return diags
}
