// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// identityAttributes say who the client is.
func identityAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"client_id": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Client identifier.",
			Validators:          []validator.String{credential()},
		},
		"client_secret": schema.StringAttribute{
			Optional:            true,
			Sensitive:           true,
			MarkdownDescription: "Client secret. Better given by its environment variable than written into a file.",
			Validators:          []validator.String{credential()},
		},
		"token_endpoint_auth_method": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "How the client authenticates: `" + strings.Join(clientauth.Methods(), "`, `") + "`. " +
				"By default inferred from what is configured and from the metadata of `issuer`: an assertion gives `private_key_jwt`, " +
				"a secret `client_secret_basic` unless the server supports only another method with a secret, a client certificate `tls_client_auth` " +
				"or `self_signed_tls_client_auth`; and `none` where the credentials are in `parameters`, `headers` or `request_body` or the grant needs none. " +
				"A method is never found by trial, as failed attempts lock clients out.",
			Validators: []validator.String{oneOf(clientauth.Methods()...)},
		},
		"client_secret_basic_encoding": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "How `client_secret_basic` writes id and secret before base64: `form` (default; form-encoded, " +
				"[RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)) or `raw` (as they are, which many servers expect). " +
				"It makes a difference only if one of them has characters other than letters, digits and `-._~`.",
			Validators: []validator.String{oneOf(clientauth.BasicEncodings()...)},
		},
	}
}

// requestAttributes say what is asked for. They carry no credential of the
// client, so that a data source may take them.
func requestAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"grant_type": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Grant type. Default `client_credentials`; an empty string sends none.",
			Validators:          []validator.String{plainText()},
		},
		"scopes": schema.ListAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Scopes to ask for, sent in this order and separated by spaces.",
			Validators:          []validator.List{listvalidator.ValueStringsAre(scopeToken())},
		},
		"audience": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Audience to ask for, sent as `audience`.",
			Validators:          []validator.String{plainText()},
		},
		"resources": schema.ListAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Resource indicators to ask for, absolute URIs, each sent as `resource` " +
				"([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)).",
			Validators: []validator.List{listvalidator.ValueStringsAre(absoluteURI())},
		},
		"parameters": schema.MapAttribute{
			Optional:    true,
			Sensitive:   true,
			ElementType: types.StringType,
			MarkdownDescription: "Further request parameters. One that has the name of a parameter which would be sent replaces it, " +
				"or removes it where its value is an empty string.",
			Validators: []validator.Map{mapvalidator.KeysAre(line()), mapvalidator.ValueStringsAre(anyText())},
		},
		"headers": schema.MapAttribute{
			Optional:            true,
			Sensitive:           true,
			ElementType:         types.StringType,
			MarkdownDescription: "Further header fields of the token request.",
			Validators:          []validator.Map{headerFields{}},
		},
		"default_expires_in": schema.NumberAttribute{
			Optional: true,
			MarkdownDescription: "Lifetime in seconds to assume where the server names none and the token is no JWT with an `exp` claim. " +
				"Without it such a token has no `expires_at` and is not reused.",
			Validators: []validator.Number{wholeNumber(1, maxDefaultExpiresIn)},
		},
	}
}

// wireAttributes say how the request and its answer look, for servers that are
// not quite OAuth 2.0.
func wireAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"parameters_in": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Where the request parameters go: `form` (default, a form-encoded body), `json` (a body with one JSON object) " +
				"or `query` (the URL; the provider does not log it, servers and proxies on the way may).",
			Validators: []validator.String{oneOf(string(oauth2.InForm), string(oauth2.InJSON), string(oauth2.InQuery))},
		},
		"method": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "HTTP method of the token request. Default `POST`. `GET` has no body and goes with `parameters_in = \"query\"`.",
			Validators:          []validator.String{oneOf(http.MethodPost, http.MethodGet, http.MethodPut, http.MethodPatch)},
		},
		"request_body": schema.StringAttribute{
			Optional:  true,
			Sensitive: true,
			MarkdownDescription: "Body to send exactly as it is, instead of all parameters. Its `Content-Type` is JSON where it is valid JSON and " +
				"form-encoded otherwise, unless `headers` says something else. As it may hold a code that is good for one use, " +
				"the token is not shared, and the request is not sent twice.",
			Validators: []validator.String{body()},
		},
		"response_fields": schema.MapAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Where the answer has its members, as JSON Pointers ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)), " +
				"for example `{ access_token = \"/data/token\" }`. Names: `" + strings.Join(oauth2.FieldNames(), "`, `") + "`. " +
				"A member that is not named is at the top, under its own name. " +
				"`expires_at` is a date (RFC 3339, or an HTTP date), or seconds or milliseconds since 1970.",
			Validators: []validator.Map{
				mapvalidator.KeysAre(oneOf(oauth2.FieldNames()...)),
				mapvalidator.ValueStringsAre(jsonPointer()),
			},
		},
	}
}

// maxDefaultExpiresIn is a year, in seconds. Who asks for more has mistaken the
// unit.
const maxDefaultExpiresIn = 366 * 24 * 60 * 60

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
