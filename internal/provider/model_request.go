// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// callModel holds the attributes of callAttributes.
type callModel struct {
	URL                 types.String `tfsdk:"url"`
	Method              types.String `tfsdk:"method"`
	RequestHeaders      types.Map    `tfsdk:"request_headers"`
	RequestBody         types.String `tfsdk:"request_body"`
	Authenticate        types.Bool   `tfsdk:"authenticate"`
	Token               types.Object `tfsdk:"token"`
	TokenHeader         types.Object `tfsdk:"token_header"`
	ExpectedStatusCodes types.List   `tfsdk:"expected_status_codes"`
}

// callTokenModel holds the attributes of callTokenAttributes.
type callTokenModel struct {
	GrantType  types.String `tfsdk:"grant_type"`
	Scopes     types.List   `tfsdk:"scopes"`
	Audience   types.String `tfsdk:"audience"`
	Resources  types.List   `tfsdk:"resources"`
	Parameters types.Map    `tfsdk:"parameters"`
}

// authenticated reports whether the request carries the client's token.
func (m callModel) authenticated() bool { return m.Authenticate.IsNull() || m.Authenticate.ValueBool() }

// validate finds attributes that conflict, as far as they are known.
func (m callModel) validate() diag.Diagnostics {
	var diags diag.Diagnostics
	if m.Authenticate.IsUnknown() {
		return diags
	}
	if !m.authenticated() {
		pointless := func(name string, value types.Object) {
			if !value.IsNull() && !value.IsUnknown() {
				diags.AddAttributeError(path.Root(name), "Conflicting attributes",
					"With authenticate = false no token is sent. Remove "+name+", or authenticate.")
			}
		}
		pointless("token", m.Token)
		pointless("token_header", m.TokenHeader)
		return diags
	}
	header, known := m.tokenHeader()
	if known && hasHeader(m.RequestHeaders, header.Name) {
		diags.AddAttributeError(path.Root("request_headers"), "Conflicting attributes",
			"The client's token is sent in the "+header.Name+" header. Remove that header from request_headers, or set authenticate = false.")
	}
	return diags
}

// tokenHeader returns the header field that carries the token, and whether its name
// is known.
func (m callModel) tokenHeader() (header tokensource.TokenHeader, known bool) {
	name, _ := m.TokenHeader.Attributes()["name"].(types.String)
	scheme, _ := m.TokenHeader.Attributes()["scheme"].(types.String)
	return tokensource.TokenHeader{
		Name:   cmp.Or(name.ValueString(), "Authorization"),
		Scheme: scheme.ValueStringPointer(),
	}, !m.TokenHeader.IsUnknown() && !name.IsUnknown()
}

// request maps the block to a request.
func (m callModel) request() (httpstack.Request, error) {
	target, err := url.Parse(m.URL.ValueString())
	if err != nil {
		return httpstack.Request{}, err
	}
	request := httpstack.Request{
		Method:   firstSet(m.Method, types.StringValue(http.MethodGet)).ValueString(),
		URL:      target,
		Header:   http.Header{},
		Body:     []byte(m.RequestBody.ValueString()),
		MaxBody:  maxAnswer,
		Expected: m.expected(),
		Endpoint: "API",
	}
	for name, value := range secrets(m.RequestHeaders) {
		request.Header.Set(name, value.Reveal())
	}
	if len(request.Body) > 0 && request.Header.Get("Content-Type") == "" && json.Valid(request.Body) {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// maxAnswer is the largest answer of an API that is read, in bytes.
const maxAnswer = 8 << 20

// expected lists the statuses that are no error.
func (m callModel) expected() []int {
	var statuses []int
	for _, element := range m.ExpectedStatusCodes.Elements() {
		if status, ok := element.(types.Number); ok {
			statuses = append(statuses, int(whole(status)))
		}
	}
	return statuses
}

// client is what the attribute token asks for, laid over the provider block later.
func (m callModel) client(ctx context.Context) (clientModel, diag.Diagnostics) {
	if m.Token.IsNull() {
		return clientModel{}, nil
	}
	var token callTokenModel
	diags := m.Token.As(ctx, &token, basetypes.ObjectAsOptions{})
	return clientModel{requestModel: requestModel{
		GrantType:  token.GrantType,
		Scopes:     token.Scopes,
		Audience:   token.Audience,
		Resources:  token.Resources,
		Parameters: token.Parameters,
	}}, diags
}

// answerOutputs holds the attributes of answerAttributes.
type answerOutputs struct {
	StatusCode         types.Int64   `tfsdk:"status_code"`
	ResponseHeaders    types.Map     `tfsdk:"response_headers"`
	ResponseBody       types.String  `tfsdk:"response_body"`
	ResponseBodyBase64 types.String  `tfsdk:"response_body_base64"`
	Response           types.Dynamic `tfsdk:"response"`
}

// newAnswerOutputs shows a response, with clean applied to every text in it. A body
// that is not text is cleaned in the same way, byte for byte.
func newAnswerOutputs(ctx context.Context, answer *httpstack.Response, clean func(string) string) answerOutputs {
	body := clean(string(answer.Body))
	outputs := answerOutputs{
		StatusCode:         types.Int64Value(int64(answer.StatusCode)),
		ResponseBody:       types.StringNull(),
		ResponseBodyBase64: types.StringValue(base64.StdEncoding.EncodeToString([]byte(body))),
		Response:           types.DynamicNull(),
	}
	fields := make(map[string]attr.Value, len(answer.Header))
	for name, values := range answer.Header {
		fields[name] = types.StringValue(clean(joined(values)))
	}
	outputs.ResponseHeaders = types.MapValueMust(types.StringType, fields)
	if utf8.Valid(answer.Body) {
		outputs.ResponseBody = types.StringValue(body)
		outputs.Response = dynamicJSON(ctx, string(answer.Body), clean)
	}
	return outputs
}

// hasHeader reports whether a map of header fields has one of a name.
func hasHeader(fields types.Map, name string) bool {
	for field := range fields.Elements() {
		if strings.EqualFold(field, name) {
			return true
		}
	}
	return false
}
