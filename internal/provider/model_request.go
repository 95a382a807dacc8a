// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// callModel holds the attributes of callAttributes.
type callModel struct {
	URL                 types.String `tfsdk:"url"`
	Method              types.String `tfsdk:"method"`
	RequestHeaders      types.Map    `tfsdk:"request_headers"`
	RequestBody         types.String `tfsdk:"request_body"`
	Authenticate        types.Bool   `tfsdk:"authenticate"`
	Token               types.Object `tfsdk:"token"`
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

// authenticated tells whether the client's token goes along.
func (m callModel) authenticated() bool { return m.Authenticate.IsNull() || m.Authenticate.ValueBool() }

// validate finds contradictions.
func (m callModel) validate() diag.Diagnostics {
	var diags diag.Diagnostics
	if m.Authenticate.IsUnknown() {
		return diags
	}
	if m.authenticated() && hasHeader(m.RequestHeaders, "Authorization") {
		diags.AddAttributeError(path.Root("request_headers"), "Contradicting attributes",
			"The client's token is sent in the Authorization header. Remove that header, or set authenticate = false.")
	}
	if !m.authenticated() && !m.Token.IsNull() {
		diags.AddAttributeError(path.Root("token"), "Contradicting attributes",
			"With authenticate = false no token is sent. Remove token, or authenticate.")
	}
	return diags
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
	StatusCode      types.Int64   `tfsdk:"status_code"`
	ResponseHeaders types.Map     `tfsdk:"response_headers"`
	ResponseBody    types.String  `tfsdk:"response_body"`
	Response        types.Dynamic `tfsdk:"response"`
}

// newAnswerOutputs shows an answer. What clean takes away is taken out of it.
func newAnswerOutputs(ctx context.Context, answer *httpstack.Response, clean func(string) string) answerOutputs {
	outputs := answerOutputs{
		StatusCode:   types.Int64Value(int64(answer.StatusCode)),
		ResponseBody: types.StringNull(),
		Response:     types.DynamicNull(),
	}
	fields := make(map[string]attr.Value, len(answer.Header))
	for name, values := range answer.Header {
		fields[name] = types.StringValue(clean(joined(values)))
	}
	outputs.ResponseHeaders = types.MapValueMust(types.StringType, fields)
	if body, isText := text(answer.Body); isText {
		outputs.ResponseBody = types.StringValue(clean(body))
		outputs.Response = dynamicJSON(ctx, body, clean)
	}
	return outputs
}
