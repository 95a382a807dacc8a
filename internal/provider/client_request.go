// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// tokenRequestAttributes describe the token request. They cannot hold the client's
// credentials, so that a data source may have them.
func tokenRequestAttributes() map[string]schema.Attribute {
	return union(parameterAttributes(), map[string]schema.Attribute{
		"headers": schema.MapAttribute{
			Optional:            true,
			Sensitive:           true,
			ElementType:         types.StringType,
			MarkdownDescription: "Additional headers of the token request.",
			Validators:          []validator.Map{headerFields{}},
		},
		"default_expires_in": schema.NumberAttribute{
			Optional: true,
			MarkdownDescription: "Token lifetime in seconds if the response names none and the token is not a JWT with an `exp` claim. " +
				"Without it such a token has no `expires_at` and is not reused.",
			Validators: []validator.Number{wholeNumber{1, maxDefaultExpiresIn}},
		},
	})
}

// maxDefaultExpiresIn is a year, in seconds. More is probably another unit.
const maxDefaultExpiresIn = 366 * 24 * 60 * 60

// tokenRequestModel holds the attributes of tokenRequestAttributes.
type tokenRequestModel struct {
	parametersModel

	Headers          types.Map    `tfsdk:"headers"`
	DefaultExpiresIn types.Number `tfsdk:"default_expires_in"`
}

// parameterAttributes are the parameters of the token request.
func parameterAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"grant_type": optional(plainText(), "Grant type. Default `client_credentials`. An empty string sends none."),
		"scopes": schema.ListAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Scopes to request, sent in this order and separated by spaces.",
			Validators:          []validator.List{listvalidator.ValueStringsAre(scopeToken())},
		},
		"audience": optional(plainText(), "Audience to request, sent as `audience`."),
		"resources": schema.ListAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Resource indicators to request: absolute URIs, each sent as `resource` " +
				"([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)).",
			Validators: []validator.List{listvalidator.ValueStringsAre(absoluteURI())},
		},
		"parameters": schema.MapAttribute{
			Optional:    true,
			Sensitive:   true,
			ElementType: types.StringType,
			MarkdownDescription: "Additional request parameters. They replace parameters of the same name, " +
				"and an empty string removes one.",
			Validators: []validator.Map{mapvalidator.KeysAre(line()), mapvalidator.ValueStringsAre(anyText())},
		},
	}
}

// parametersModel holds the attributes of parameterAttributes.
type parametersModel struct {
	GrantType  types.String `tfsdk:"grant_type"`
	Scopes     types.List   `tfsdk:"scopes"`
	Audience   types.String `tfsdk:"audience"`
	Resources  types.List   `tfsdk:"resources"`
	Parameters types.Map    `tfsdk:"parameters"`
}

// formatAttributes describe the format of the token request and of its response, for
// servers that deviate from OAuth 2.0.
func formatAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"parameters_in": optional(oneOf(string(oauth2.InForm), string(oauth2.InJSON), string(oauth2.InQuery)), "Where request parameters are sent: `form` (default, a form-encoded body), `json` (a JSON object as the body) "+
			"or `query` (the URL, which servers and proxies may log)."),
		"method": optional(oneOf(http.MethodPost, http.MethodGet, http.MethodPut, http.MethodPatch), "HTTP method of the token request. Default `POST`. `GET` has no body and requires `parameters_in = \"query\"`."),
		"request_body": sensitive(nonEmpty(), "Body to send verbatim instead of all parameters. Its `Content-Type` is JSON if it is valid JSON, and otherwise "+
			"form-encoded, unless `headers` sets another. Because it may hold a code that can be used once, "+
			"the token is not shared and the request is not repeated."),
		"response_fields": schema.MapAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Where the members of the response are, as JSON Pointers ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)), " +
				"for example `{ access_token = \"/data/token\" }`. Names: `" + strings.Join(oauth2.FieldNames(), "`, `") + "`. " +
				"Other members are read from the top level, under their own names. " +
				"`expires_at` is a date (RFC 3339, or an HTTP date), or seconds or milliseconds since 1970.",
			Validators: []validator.Map{
				mapvalidator.KeysAre(oneOf(oauth2.FieldNames()...)),
				mapvalidator.ValueStringsAre(jsonPointer()),
			},
		},
	}
}

// formatModel holds the attributes of formatAttributes.
type formatModel struct {
	ParametersIn   types.String `tfsdk:"parameters_in"`
	Method         types.String `tfsdk:"method"`
	RequestBody    types.String `tfsdk:"request_body"`
	ResponseFields types.Map    `tfsdk:"response_fields"`
}

// tokenRequest maps the attributes of the request.
func (m clientModel) tokenRequest() oauth2.TokenRequest {
	request := oauth2.TokenRequest{
		GrantType:       tokensource.GrantClientCredentials,
		Scopes:          textList(m.Scopes),
		Audience:        m.Audience.ValueString(),
		Resources:       textList(m.Resources),
		Parameters:      secretMap(m.Parameters),
		Headers:         secretMap(m.Headers),
		DefaultLifetime: time.Duration(wholeValue(m.DefaultExpiresIn)) * time.Second,
		ParametersIn:    oauth2.ParametersIn(m.ParametersIn.ValueString()),
		Method:          m.Method.ValueString(),
		Body:            secret.New(m.RequestBody.ValueString()),
		Fields:          responseFields(m.ResponseFields),
	}
	if !m.GrantType.IsNull() {
		request.GrantType = m.GrantType.ValueString()
	}
	return request
}

// responseFields maps the pointers to members of the response.
func responseFields(values types.Map) oauth2.Fields {
	fields := oauth2.Fields{}
	for name, text := range textMap(values) {
		if pointer, err := jsonpointer.Parse(text); err == nil {
			fields[name] = pointer
		}
	}
	return fields
}

// canonicalNames spells header names in one way, since their case does not matter
// (RFC 9110 section 5.1).
func canonicalNames(headers types.Map) types.Map {
	if headers.IsNull() || headers.IsUnknown() {
		return headers
	}
	spelled := map[string]attr.Value{}
	for name, value := range headers.Elements() {
		spelled[http.CanonicalHeaderKey(name)] = value
	}
	return types.MapValueMust(types.StringType, spelled)
}
