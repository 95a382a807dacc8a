// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// config maps the attributes. Those that are not known yet are named in Unknown.
func (m clientModel) config(ctx context.Context, getenv func(string) string) (tokensource.ClientConfig, diag.Diagnostics) {
	var diags diag.Diagnostics
	config := tokensource.ClientConfig{
		Server: tokensource.Server{
			Issuer:             m.Issuer.ValueString(),
			TokenEndpoint:      m.TokenEndpoint.ValueString(),
			RevocationEndpoint: m.RevocationEndpoint.ValueString(),
		},
		Credentials: tokensource.Credentials{
			ClientID:                  m.ClientID.ValueString(),
			ClientSecret:              secret.New(m.ClientSecret.ValueString()),
			TokenEndpointAuthMethod:   m.TokenEndpointAuthMethod.ValueString(),
			ClientSecretBasicEncoding: m.ClientSecretBasicEncoding.ValueString(),
			SignedAssertion:           m.signedAssertion(ctx, &diags),
			FederatedAssertion:        m.federatedAssertion(ctx, getenv, &diags),
		},
		Request: m.tokenRequest(),
		Origins: map[string]string{},
		Unknown: map[string]bool{},
	}
	for name, value := range m.byName() {
		if !value.IsNull() {
			config.Origins[name] = ""
		}
		if object, ok := value.(types.Object); ok {
			for _, member := range unknownIn(ctx, object.Attributes()) {
				config.Unknown[name+"."+member] = true
			}
		}
		config.Unknown[name] = value.IsUnknown()
	}
	return config, diags
}

// tokenRequest maps the attributes of a request, and those of how it looks.
func (m clientModel) tokenRequest() oauth2.TokenRequest {
	request := m.request()
	request.ParametersIn = oauth2.ParametersIn(m.ParametersIn.ValueString())
	request.Method = m.Method.ValueString()
	request.Body = secret.New(m.RequestBody.ValueString())
	request.Fields = fields(m.ResponseFields)
	return request
}

// request maps the attributes of a request.
func (m requestModel) request() oauth2.TokenRequest {
	grantType := tokensource.GrantClientCredentials
	if !m.GrantType.IsNull() {
		grantType = m.GrantType.ValueString()
	}
	return oauth2.TokenRequest{
		GrantType:       grantType,
		Scopes:          texts(m.Scopes),
		Audience:        m.Audience.ValueString(),
		Resources:       texts(m.Resources),
		Parameters:      secrets(m.Parameters),
		Headers:         secrets(m.Headers),
		DefaultLifetime: time.Duration(whole(m.DefaultExpiresIn)) * time.Second,
	}
}

// fields maps places in an answer. The schema has refused what is no pointer.
func fields(values types.Map) oauth2.Fields {
	places := oauth2.Fields{}
	for name, element := range values.Elements() {
		text, _ := element.(types.String)
		if pointer, err := jsonpointer.Parse(text.ValueString()); err == nil && !text.IsNull() {
			places[name] = pointer
		}
	}
	return places
}

// texts returns the strings in a list, without those that are null.
func texts(list types.List) []string {
	var values []string
	for _, element := range list.Elements() {
		if text, ok := element.(types.String); ok && !text.IsNull() {
			values = append(values, text.ValueString())
		}
	}
	return values
}

// secrets returns the strings in a map as secrets, without those that are null.
func secrets(values types.Map) map[string]secret.String {
	wrapped := map[string]secret.String{}
	for name, text := range plainTexts(values) {
		wrapped[name] = secret.New(text)
	}
	return wrapped
}

// plainTexts returns the strings in a map, without those that are null.
func plainTexts(values types.Map) map[string]string {
	found := map[string]string{}
	for name, element := range values.Elements() {
		if text, ok := element.(types.String); ok && !text.IsNull() {
			found[name] = text.ValueString()
		}
	}
	return found
}

// sortedKeys lists the names in a map of values in their order.
func sortedKeys[V any](values map[string]V) []string { return slices.Sorted(maps.Keys(values)) }
