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

// clientModel holds the client attributes of one source: a block, the provider
// block or the environment.
type clientModel struct {
	serverModel
	credentialsModel
	requestModel

	ParametersIn   types.String `tfsdk:"parameters_in"`
	Method         types.String `tfsdk:"method"`
	RequestBody    types.String `tfsdk:"request_body"`
	ResponseFields types.Map    `tfsdk:"response_fields"`
}

// serverModel holds the attributes of serverAttributes. They are one unit: merged
// whole, so that credentials meant for one server reach no endpoint of another.
type serverModel struct {
	Issuer             types.String `tfsdk:"issuer"`
	TokenEndpoint      types.String `tfsdk:"token_endpoint"`
	RevocationEndpoint types.String `tfsdk:"revocation_endpoint"`
}

// credentialsModel holds the attributes of identityAttributes and
// assertionAttributes.
type credentialsModel struct {
	ClientID                  types.String `tfsdk:"client_id"`
	ClientSecret              types.String `tfsdk:"client_secret"`
	TokenEndpointAuthMethod   types.String `tfsdk:"token_endpoint_auth_method"`
	ClientSecretBasicEncoding types.String `tfsdk:"client_secret_basic_encoding"`
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

// environmentModel holds the client attributes that the environment can set.
type environmentModel struct {
	serverModel
	credentialsModel
}

// overEnvironment merges the configuration over the environment. A client
// certificate in the configuration is a credential like the others.
func (m clientModel) overEnvironment(ctx context.Context, environment environmentModel, certificate bool) clientModel {
	m.serverModel = m.serverModel.over(environment.serverModel)
	m.credentialsModel = m.credentialsModel.over(ctx, environment.credentialsModel, certificate)
	return m
}

// over merges a block over the provider block: scalars and lists replace the
// provider's, maps merge over them.
func (m clientModel) over(ctx context.Context, base clientModel) clientModel {
	if !m.RequestBody.IsNull() { // it is sent instead of what the provider block asks for
		base.requestModel = m.insteadOf(base.requestModel)
		base.ParametersIn = m.ParametersIn
	}
	return clientModel{
		serverModel:      m.serverModel.over(base.serverModel),
		credentialsModel: m.credentialsModel.over(ctx, base.credentialsModel, false),
		requestModel:     m.requestModel.over(base.requestModel),
		ParametersIn:     firstSet(m.ParametersIn, base.ParametersIn),
		Method:           firstSet(m.Method, base.Method),
		RequestBody:      firstSet(m.RequestBody, base.RequestBody),
		ResponseFields:   mergedMap(m.ResponseFields, base.ResponseFields),
	}
}

// over returns the server that m names. If it names none it is the base's, for
// which m may name the revocation endpoint.
func (m serverModel) over(base serverModel) serverModel {
	if !m.Issuer.IsNull() || !m.TokenEndpoint.IsNull() {
		return m
	}
	base.RevocationEndpoint = firstSet(m.RevocationEndpoint, base.RevocationEndpoint)
	return base
}

// over returns m's credentials where it has any, and otherwise the base's. The id
// and how it authenticates may come from the base in either case, except for a
// method that does not use m's credentials. Certificate reports that m's source
// presents a client certificate.
func (m credentialsModel) over(ctx context.Context, base credentialsModel, certificate bool) credentialsModel {
	method := base.TokenEndpointAuthMethod.ValueString()
	signs := !m.SignedAssertion.IsNull() && !isNullMember(m.SignedAssertion, "private_key")
	asserts := signs || !m.FederatedAssertion.IsNull()
	certificate = certificate && m.ClientSecret.IsNull()
	if (!m.ClientSecret.IsNull() || asserts || certificate) && !uses(method, !m.ClientSecret.IsNull(), asserts, certificate) {
		base.TokenEndpointAuthMethod = types.StringNull()
	}
	wantsSecret := slices.Contains(clientauth.SecretMethods(), m.TokenEndpointAuthMethod.ValueString())
	if (asserts || certificate) && !wantsSecret {
		base.ClientSecret = types.StringNull()
	}
	if !m.ClientSecret.IsNull() || !m.FederatedAssertion.IsNull() {
		base.SignedAssertion = types.ObjectNull(base.SignedAssertion.AttributeTypes(ctx))
	}
	if !m.ClientSecret.IsNull() || !m.SignedAssertion.IsNull() {
		base.FederatedAssertion = types.ObjectNull(base.FederatedAssertion.AttributeTypes(ctx))
	}
	return credentialsModel{
		ClientID:                  firstSet(m.ClientID, base.ClientID),
		ClientSecret:              firstSet(m.ClientSecret, base.ClientSecret),
		TokenEndpointAuthMethod:   firstSet(m.TokenEndpointAuthMethod, base.TokenEndpointAuthMethod),
		ClientSecretBasicEncoding: firstSet(m.ClientSecretBasicEncoding, base.ClientSecretBasicEncoding),
		SignedAssertion:           firstSet(m.SignedAssertion, base.SignedAssertion),
		FederatedAssertion:        firstSet(m.FederatedAssertion, base.FederatedAssertion),
	}
}

// uses reports whether a method authenticates with one of the given credentials.
func uses(method string, secret, assertion, certificate bool) bool {
	switch {
	case slices.Contains(clientauth.SecretMethods(), method):
		return secret
	case method == clientauth.PrivateKeyJWT:
		return assertion
	default:
		return certificate && clientauth.UsesCertificate(method)
	}
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
func (m environmentModel) byName() map[string]attr.Value {
	return clientModel{serverModel: m.serverModel, credentialsModel: m.credentialsModel}.byName()
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
