// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
)

// clientModel holds the client attributes of a provider block or of an ephemeral
// resource.
type clientModel struct {
	requestModel

	Issuer                    types.String `tfsdk:"issuer"`
	TokenEndpoint             types.String `tfsdk:"token_endpoint"`
	RevocationEndpoint        types.String `tfsdk:"revocation_endpoint"`
	ClientID                  types.String `tfsdk:"client_id"`
	ClientSecret              types.String `tfsdk:"client_secret"`
	TokenEndpointAuthMethod   types.String `tfsdk:"token_endpoint_auth_method"`
	ClientSecretBasicEncoding types.String `tfsdk:"client_secret_basic_encoding"`
	ParametersIn              types.String `tfsdk:"parameters_in"`
	Method                    types.String `tfsdk:"method"`
	RequestBody               types.String `tfsdk:"request_body"`
	ResponseFields            types.Map    `tfsdk:"response_fields"`
	SignedAssertion           types.Object `tfsdk:"signed_assertion"`
	FederatedAssertion        types.Object `tfsdk:"federated_assertion"`
}

// requestModel holds the attributes of requestAttributes.
type requestModel struct {
	GrantType        types.String `tfsdk:"grant_type"`
	Scopes           types.List   `tfsdk:"scopes"`
	Audience         types.String `tfsdk:"audience"`
	Resources        types.List   `tfsdk:"resources"`
	Parameters       types.Map    `tfsdk:"parameters"`
	Headers          types.Map    `tfsdk:"headers"`
	DefaultExpiresIn types.Number `tfsdk:"default_expires_in"`
}

// over lays a token block over the provider block: scalars and lists replace the
// provider's, maps merge over them. What belongs together is not taken apart: a
// client that the block describes does not get the provider's proof of another
// kind, and a server that it names does not get the provider's endpoints.
func (m clientModel) over(ctx context.Context, base clientModel) clientModel {
	if !m.Issuer.IsNull() {
		base.TokenEndpoint = firstSet(m.TokenEndpoint, types.StringNull())
	}
	if !m.Issuer.IsNull() || !m.TokenEndpoint.IsNull() {
		base.RevocationEndpoint = types.StringNull()
	}
	if !m.RequestBody.IsNull() { // it is sent instead of what the provider block asks for
		base.requestModel = m.insteadOf(base.requestModel)
		base.ParametersIn = m.ParametersIn
	}
	base = m.withoutOtherProofs(ctx, base)
	return clientModel{
		requestModel:              m.requestModel.over(base.requestModel),
		Issuer:                    firstSet(m.Issuer, base.Issuer),
		TokenEndpoint:             firstSet(m.TokenEndpoint, base.TokenEndpoint),
		RevocationEndpoint:        firstSet(m.RevocationEndpoint, base.RevocationEndpoint),
		ClientID:                  firstSet(m.ClientID, base.ClientID),
		ClientSecret:              firstSet(m.ClientSecret, base.ClientSecret),
		TokenEndpointAuthMethod:   firstSet(m.TokenEndpointAuthMethod, base.TokenEndpointAuthMethod),
		ClientSecretBasicEncoding: firstSet(m.ClientSecretBasicEncoding, base.ClientSecretBasicEncoding),
		ParametersIn:              firstSet(m.ParametersIn, base.ParametersIn),
		Method:                    firstSet(m.Method, base.Method),
		RequestBody:               firstSet(m.RequestBody, base.RequestBody),
		ResponseFields:            mergedMap(m.ResponseFields, base.ResponseFields),
		SignedAssertion:           firstSet(m.SignedAssertion, base.SignedAssertion),
		FederatedAssertion:        firstSet(m.FederatedAssertion, base.FederatedAssertion),
	}
}

// withoutOtherProofs takes those of the provider's credentials away that are of
// another kind than the block's, and the method where it goes with them.
func (m clientModel) withoutOtherProofs(ctx context.Context, base clientModel) clientModel {
	signs := !m.SignedAssertion.IsNull() && !isNullMember(m.SignedAssertion, "private_key")
	asserts := signs || !m.FederatedAssertion.IsNull()
	if asserts {
		base.ClientSecret = types.StringNull()
	}
	if !m.ClientSecret.IsNull() || !m.FederatedAssertion.IsNull() {
		base.SignedAssertion = types.ObjectNull(base.SignedAssertion.AttributeTypes(ctx))
	}
	if !m.ClientSecret.IsNull() || !m.SignedAssertion.IsNull() {
		base.FederatedAssertion = types.ObjectNull(base.FederatedAssertion.AttributeTypes(ctx))
	}
	usesSecret := slices.Contains(clientauth.SecretMethods(), base.TokenEndpointAuthMethod.ValueString())
	usesKey := base.TokenEndpointAuthMethod.ValueString() == clientauth.PrivateKeyJWT
	if (!m.ClientSecret.IsNull() && !usesSecret) || (asserts && !usesKey) {
		base.TokenEndpointAuthMethod = types.StringNull()
	}
	return base
}

// isNullMember tells whether a member of an object is known to be null.
func isNullMember(object types.Object, name string) bool {
	member, ok := object.Attributes()[name]
	return ok && member.IsNull()
}

func (m requestModel) over(base requestModel) requestModel {
	return requestModel{
		GrantType:        firstSet(m.GrantType, base.GrantType),
		Scopes:           firstSet(m.Scopes, base.Scopes),
		Audience:         firstSet(m.Audience, base.Audience),
		Resources:        firstSet(m.Resources, base.Resources),
		Parameters:       mergedMap(m.Parameters, base.Parameters),
		Headers:          mergedMap(canonicalNames(m.Headers), canonicalNames(base.Headers)),
		DefaultExpiresIn: firstSet(m.DefaultExpiresIn, base.DefaultExpiresIn),
	}
}

// insteadOf is m with what of base is not about the parameters.
func (m requestModel) insteadOf(base requestModel) requestModel {
	m.Headers, m.DefaultExpiresIn = base.Headers, base.DefaultExpiresIn
	return m
}

// byName lists the values by the names of their attributes.
func (m clientModel) byName() map[string]attr.Value {
	return map[string]attr.Value{
		"issuer":                       m.Issuer,
		"token_endpoint":               m.TokenEndpoint,
		"revocation_endpoint":          m.RevocationEndpoint,
		"client_id":                    m.ClientID,
		"client_secret":                m.ClientSecret,
		"token_endpoint_auth_method":   m.TokenEndpointAuthMethod,
		"client_secret_basic_encoding": m.ClientSecretBasicEncoding,
		"parameters_in":                m.ParametersIn,
		"method":                       m.Method,
		"request_body":                 m.RequestBody,
		"response_fields":              m.ResponseFields,
		"signed_assertion":             m.SignedAssertion,
		"federated_assertion":          m.FederatedAssertion,
		"grant_type":                   m.GrantType,
		"scopes":                       m.Scopes,
		"audience":                     m.Audience,
		"resources":                    m.Resources,
		"parameters":                   m.Parameters,
		"headers":                      m.Headers,
		"default_expires_in":           m.DefaultExpiresIn,
	}
}

// firstSet returns the first value that is not null, else the last.
func firstSet[T attr.Value](values ...T) T {
	for _, value := range values[:len(values)-1] {
		if !value.IsNull() {
			return value
		}
	}
	return values[len(values)-1]
}

// canonicalNames spells the names of header fields in one way, as their case makes
// no difference (RFC 9110 section 5.1).
func canonicalNames(fields types.Map) types.Map {
	if fields.IsNull() || fields.IsUnknown() {
		return fields
	}
	spelled := map[string]attr.Value{}
	for name, value := range fields.Elements() {
		spelled[http.CanonicalHeaderKey(name)] = value
	}
	return types.MapValueMust(types.StringType, spelled)
}

// mergedMap lays block over base. What is unknown makes the whole unknown; an
// element that is null is as if it were not there.
func mergedMap(block, base types.Map) types.Map {
	for _, layer := range []types.Map{block, base} {
		if layer.IsUnknown() {
			return layer
		}
	}
	elements := map[string]attr.Value{}
	for _, layer := range []types.Map{base, block} {
		set := layer.Elements()
		maps.DeleteFunc(set, func(_ string, value attr.Value) bool { return value.IsNull() })
		maps.Copy(elements, set)
	}
	return types.MapValueMust(types.StringType, elements)
}
