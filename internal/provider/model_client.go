// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// clientModel holds the client attributes of a provider block or of an ephemeral
// resource.
type clientModel struct {
	requestModel

	Issuer                    types.String `tfsdk:"issuer"`
	TokenEndpoint             types.String `tfsdk:"token_endpoint"`
	ClientID                  types.String `tfsdk:"client_id"`
	ClientSecret              types.String `tfsdk:"client_secret"`
	TokenEndpointAuthMethod   types.String `tfsdk:"token_endpoint_auth_method"`
	ClientSecretBasicEncoding types.String `tfsdk:"client_secret_basic_encoding"`
}

// requestModel holds the attributes of requestAttributes.
type requestModel struct {
	GrantType        types.String `tfsdk:"grant_type"`
	Scopes           types.List   `tfsdk:"scopes"`
	Audience         types.String `tfsdk:"audience"`
	Resources        types.List   `tfsdk:"resources"`
	Parameters       types.Map    `tfsdk:"parameters"`
	Headers          types.Map    `tfsdk:"headers"`
	DefaultExpiresIn types.Int64  `tfsdk:"default_expires_in"`
}

// over lays a token block over the provider block: scalars and lists replace the
// provider's, maps merge over them.
func (block clientModel) over(base clientModel) clientModel {
	return clientModel{
		requestModel:              block.requestModel.over(base.requestModel),
		Issuer:                    firstSet(block.Issuer, base.Issuer),
		TokenEndpoint:             firstSet(block.TokenEndpoint, base.TokenEndpoint),
		ClientID:                  firstSet(block.ClientID, base.ClientID),
		ClientSecret:              firstSet(block.ClientSecret, base.ClientSecret),
		TokenEndpointAuthMethod:   firstSet(block.TokenEndpointAuthMethod, base.TokenEndpointAuthMethod),
		ClientSecretBasicEncoding: firstSet(block.ClientSecretBasicEncoding, base.ClientSecretBasicEncoding),
	}
}

func (block requestModel) over(base requestModel) requestModel {
	return requestModel{
		GrantType:        firstSet(block.GrantType, base.GrantType),
		Scopes:           firstSet(block.Scopes, base.Scopes),
		Audience:         firstSet(block.Audience, base.Audience),
		Resources:        firstSet(block.Resources, base.Resources),
		Parameters:       mergedMap(block.Parameters, base.Parameters),
		Headers:          mergedMap(block.Headers, base.Headers),
		DefaultExpiresIn: firstSet(block.DefaultExpiresIn, base.DefaultExpiresIn),
	}
}

// byName lists the values by the names of their attributes.
func (block clientModel) byName() map[string]attr.Value {
	return map[string]attr.Value{
		"issuer":                       block.Issuer,
		"token_endpoint":               block.TokenEndpoint,
		"client_id":                    block.ClientID,
		"client_secret":                block.ClientSecret,
		"token_endpoint_auth_method":   block.TokenEndpointAuthMethod,
		"client_secret_basic_encoding": block.ClientSecretBasicEncoding,
		"grant_type":                   block.GrantType,
		"scopes":                       block.Scopes,
		"audience":                     block.Audience,
		"resources":                    block.Resources,
		"parameters":                   block.Parameters,
		"headers":                      block.Headers,
		"default_expires_in":           block.DefaultExpiresIn,
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
