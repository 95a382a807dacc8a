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
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// callAttributes are the inputs of every kind of oauth2cc_request, which may use
// one of methods.
func callAttributes(methods []string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"url": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "URL to send the request to. The token goes nowhere else: a redirect to another origin is refused.",
			Validators:          []validator.String{requestURL()},
		},
		"method": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "HTTP method. Default `GET`.",
			Validators:          []validator.String{oneOf(methods...)},
		},
		"request_headers": schema.MapAttribute{
			Optional:            true,
			Sensitive:           true,
			ElementType:         types.StringType,
			MarkdownDescription: "Header fields of the request.",
			Validators:          []validator.Map{headerFields{}},
		},
		"request_body": schema.StringAttribute{
			Optional:  true,
			Sensitive: true,
			MarkdownDescription: "Body of the request, sent exactly as it is. Its `Content-Type` is `application/json` where it is valid JSON, " +
				"unless `request_headers` says something else.",
			Validators: []validator.String{anyText()},
		},
		"authenticate": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Sends the client's token with the request. If the API responds with 401, the token is dropped " +
				"and the request sent once more with a new one, as long as this provider process has not replaced the client's token in the last 30 seconds. Default `true`.",
		},
		"token": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "What to ask for where the token differs from the provider's.",
			Attributes:          callTokenAttributes(),
		},
		"token_header": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Header field that carries the token, for APIs that do not read it from `Authorization: Bearer <token>`.",
			Attributes: map[string]schema.Attribute{
				"name": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "Name of the header field. Default `Authorization`.",
					Validators:          []validator.String{headerName()},
				},
				"scheme": schema.StringAttribute{
					Optional: true,
					MarkdownDescription: "What precedes the token, with a space between them unless it ends in `=`. `\"\"` sends the bare token. " +
						"Default `Bearer`, or `DPoP` if the server issues tokens of that type.",
					Validators: []validator.String{tokenScheme()},
				},
			},
		},
		"expected_status_codes": schema.ListAttribute{
			Optional:            true,
			ElementType:         types.NumberType,
			MarkdownDescription: "Statuses outside 200 to 299 that are no error, for example `[404]`. A redirect that is named here is not followed.",
			Validators:          []validator.List{listvalidator.ValueNumbersAre(wholeNumber(minStatus, maxStatus))},
		},
	}
}

// The statuses that an answer can have (RFC 9110 section 15).
const minStatus, maxStatus = 200, 599

// callTokenAttributes are the members of the attribute token.
func callTokenAttributes() map[string]schema.Attribute {
	all, chosen := requestAttributes(), map[string]schema.Attribute{}
	for _, name := range []string{"grant_type", "scopes", "audience", "resources", "parameters"} {
		chosen[name] = all[name]
	}
	return chosen
}

// answerAttributes are the outputs of those kinds of oauth2cc_request that have
// any.
func answerAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"status_code": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "HTTP status of the response.",
		},
		"response_headers": schema.MapAttribute{
			Computed:            true,
			Sensitive:           true, // Set-Cookie, X-Subject-Token
			ElementType:         types.StringType,
			MarkdownDescription: "Header fields of the response. Values of a repeated field are joined by a comma.",
		},
		"response_body": schema.StringAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "Body of the response; null if it is not UTF-8 text.",
		},
		"response_body_base64": schema.StringAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "Body of the response in base64 (RFC 4648 section 4), text or not.",
		},
		"response": schema.DynamicAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "Body of the response, decoded, if it is JSON of up to 20,000 values; otherwise null.",
		},
	}
}

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

// call sends the request of a block, with the client's token unless the block
// says otherwise. A status that the block does not expect is an error.
func (c *configured) call(ctx context.Context, model callModel, from kind) (*tokensource.Response, diag.Diagnostics) {
	request, err := model.request()
	if err == nil && c.stack != nil {
		err = c.stack.Check(request) // before a token is asked for that would go nowhere
	}
	if err != nil {
		return nil, diag.Diagnostics{tokenError(err, from)}
	}
	answer, diags := c.send(ctx, model, request, from)
	if diags.HasError() {
		return nil, diags
	}
	if answer.StatusCode/100 != 2 && !slices.Contains(request.Expected, answer.StatusCode) {
		failure := oauth2.ReadError("API", answer.Response)
		found := describeCall(failure, request, model.authenticated())
		found.facts = append(found.facts, attemptsFacts(answer.Attempts)...)
		diags.Append(found.diagnostic(from))
	}
	return answer, diags
}

// send sends a request with a token or without.
func (c *configured) send(
	ctx context.Context, model callModel, request httpstack.Request, from kind,
) (*tokensource.Response, diag.Diagnostics) {
	if !model.authenticated() {
		return c.sendPlain(ctx, request, from)
	}
	block, diags := model.client(ctx)
	client, laid := c.effective(ctx, block, from)
	diags.Append(laid...)
	if diags.HasError() {
		return nil, diags
	}
	header, _ := model.tokenHeader()
	answer, err := c.tokens.DoWithToken(ctx, client, header, request)
	diags.Append(c.cacheWarnings()...)
	if err != nil {
		diags.Append(tokenError(err, from))
	}
	return answer, diags
}

// sendPlain sends a request without a token, for which the client need not be
// known.
func (c *configured) sendPlain(ctx context.Context, request httpstack.Request, from kind) (*tokensource.Response, diag.Diagnostics) {
	if len(c.unknown) > 0 {
		return nil, diag.Diagnostics{unknownError(c.unknown, from)}
	}
	answer, err := c.tokens.Do(ctx, request)
	if err != nil {
		return nil, diag.Diagnostics{tokenError(err, from)}
	}
	return answer, nil
}

// joined joins the values of a repeated header field (RFC 9110 section 5.3).
func joined(values []string) string { return strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD") }
