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

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// apiAttributes are the inputs of all kinds that send a token to an API.
func apiAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"url": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "URL of the request. The token is sent only to its origin: a redirect to another is refused.",
			Validators:          []validator.String{requestURL()},
		},
		"request_headers": schema.MapAttribute{
			Optional:            true,
			Sensitive:           true,
			ElementType:         types.StringType,
			MarkdownDescription: "Headers of the request.",
			Validators:          []validator.Map{headerFields{}},
		},
		"token": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Parameters of the token request that differ from the provider's.",
			Attributes:          parameterAttributes(),
		},
		"token_header": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Header that carries the token, for APIs that do not read it from `Authorization: Bearer <token>`.",
			Attributes: map[string]schema.Attribute{
				"name": optional(headerName(), "Name of the header. Default `Authorization`."),
				"scheme": optional(tokenScheme(), "What precedes the token, separated by a space unless it ends in `=`. `\"\"` sends the bare token. "+
					"Default `Bearer`, or `DPoP` if the token is of that type. A proof that `dpop_bound_access_tokens` requires is sent in any case."),
			},
		},
	}
}

// apiRequestAttributes are the inputs of every kind of oauth2cc_request, which may use
// one of methods.
func apiRequestAttributes(methods []string) map[string]schema.Attribute {
	return union(apiAttributes(), map[string]schema.Attribute{
		"method": optional(oneOf(methods...), "HTTP method. Default `GET`."),
		"request_body": sensitive(anyText(), "Body of the request, sent verbatim. Its `Content-Type` is `application/json` if it is valid JSON, "+
			"unless `request_headers` sets another."),
		"authenticate": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether to send the client's token. If the API responds with 401, the request is sent once more with a new token, " +
				"unless this provider process has replaced the client's token in the last 30 seconds. Default `true`.",
		},
		"expected_status_codes": schema.ListAttribute{
			Optional:            true,
			ElementType:         types.NumberType,
			MarkdownDescription: "Statuses outside 200 to 299 that are not errors, for example `[404]`. A redirect listed here is not followed.",
			Validators:          []validator.List{listvalidator.ValueNumbersAre(wholeNumber{200, 599})}, // final ones (RFC 9110 section 15)
		},
	})
}

// readMethods are the methods of requests that read. POST is among them for APIs that
// take queries in a body.
func readMethods() []string { return []string{http.MethodGet, http.MethodHead, http.MethodPost} }

// allMethods are the methods of requests that may have side effects.
func allMethods() []string {
	return append(readMethods(), http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions)
}

// apiModel holds the attributes of apiAttributes.
type apiModel struct {
	URL            types.String `tfsdk:"url"`
	RequestHeaders types.Map    `tfsdk:"request_headers"`
	Token          types.Object `tfsdk:"token"`
	TokenHeader    types.Object `tfsdk:"token_header"`
}

// apiRequestModel holds the attributes of apiRequestAttributes.
type apiRequestModel struct {
	apiModel

	Method              types.String `tfsdk:"method"`
	RequestBody         types.String `tfsdk:"request_body"`
	Authenticate        types.Bool   `tfsdk:"authenticate"`
	ExpectedStatusCodes types.List   `tfsdk:"expected_status_codes"`
}

// apiResponseAttributes are the outputs of the kinds of oauth2cc_request that have any.
func apiResponseAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"status_code": schema.Int64Attribute{Computed: true, MarkdownDescription: "HTTP status of the response."},
		"response_headers": schema.MapAttribute{
			Computed:            true,
			Sensitive:           true, // Set-Cookie, X-Subject-Token
			ElementType:         types.StringType,
			MarkdownDescription: "Headers of the response. Values of a repeated header are joined by a comma.",
		},
		"response_body":        schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "Body of the response; null if it is not UTF-8 text."},
		"response_body_base64": schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "Body of the response in base64 (RFC 4648 section 4), text or not."},
		"response": schema.DynamicAttribute{
			Computed:            true,
			Sensitive:           true,
			MarkdownDescription: "Body of the response, decoded, if it is JSON of up to 20,000 values; otherwise null.",
		},
	}
}

// apiResponseModel holds the attributes of apiResponseAttributes.
type apiResponseModel struct {
	StatusCode         types.Int64   `tfsdk:"status_code"`
	ResponseHeaders    types.Map     `tfsdk:"response_headers"`
	ResponseBody       types.String  `tfsdk:"response_body"`
	ResponseBodyBase64 types.String  `tfsdk:"response_body_base64"`
	Response           types.Dynamic `tfsdk:"response"`
}

// requestModel holds the attributes of a kind of oauth2cc_request that has outputs.
type requestModel struct {
	apiRequestModel
	apiResponseModel
}

// authenticated reports whether the request carries the client's token.
func (m apiRequestModel) authenticated() bool {
	return m.Authenticate.IsNull() || m.Authenticate.ValueBool()
}

// validate reports attributes that conflict, as far as they are known.
func (m apiRequestModel) validate() diag.Diagnostics {
	var diags diag.Diagnostics
	switch {
	case m.Authenticate.IsUnknown():
	case m.authenticated():
		return m.validateHeaders("or set authenticate = false")
	default:
		for name, value := range map[string]types.Object{"token": m.Token, "token_header": m.TokenHeader} {
			if !value.IsNull() && !value.IsUnknown() {
				diags.AddAttributeError(path.Root(name), "Conflicting attributes",
					"With authenticate = false no token is sent. Remove "+name+", or authenticate.")
			}
		}
	}
	return diags
}

// validateHeaders reports a header that is also the token's. The remedy is another one than
// to remove it.
func (m apiModel) validateHeaders(remedy string) diag.Diagnostics {
	var diags diag.Diagnostics
	header, known := m.tokenHeader()
	for field := range m.RequestHeaders.Elements() {
		if known && strings.EqualFold(field, header.Name) {
			diags.AddAttributeError(path.Root("request_headers"), "Conflicting attributes",
				"The client's token is sent in the "+header.Name+" header. Remove that header from request_headers, "+remedy+".")
		}
	}
	return diags
}

// tokenHeader returns the header that carries the token, and whether its name is
// known.
func (m apiModel) tokenHeader() (header tokensource.TokenHeader, known bool) {
	name := member[types.String](m.TokenHeader, "name")
	return tokensource.TokenHeader{
		Name:   cmp.Or(name.ValueString(), "Authorization"),
		Scheme: member[types.String](m.TokenHeader, "scheme").ValueStringPointer(),
	}, !m.TokenHeader.IsUnknown() && !name.IsUnknown()
}

// maxResponseBody bounds the bodies of an API that are read, in bytes.
const maxResponseBody = 8 << 20

// request maps the block to a request.
func (m apiRequestModel) request() (httpstack.Request, error) {
	target, err := url.Parse(m.URL.ValueString())
	if err != nil {
		return httpstack.Request{}, err
	}
	request := httpstack.Request{
		Method:   cmp.Or(m.Method.ValueString(), http.MethodGet),
		URL:      target,
		Header:   http.Header{},
		Body:     []byte(m.RequestBody.ValueString()),
		MaxBody:  maxResponseBody,
		Endpoint: "API",
	}
	for _, element := range m.ExpectedStatusCodes.Elements() {
		if status, ok := element.(types.Number); ok {
			request.Expected = append(request.Expected, int(wholeValue(status)))
		}
	}
	for name, value := range textMap(m.RequestHeaders) {
		request.Header.Set(name, value)
	}
	if len(request.Body) > 0 && request.Header.Get("Content-Type") == "" && json.Valid(request.Body) {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// apiClient returns the client of a block, with its token parameters.
func (d *providerData) apiClient(ctx context.Context, model apiModel, wait string) (tokensource.ClientConfig, diag.Diagnostics) {
	var block clientModel
	if isKnown(model.Token) {
		fill(&block.parametersModel, model.Token)
	}
	return d.clientOf(ctx, block, wait)
}

// send sends the request of a block, with the client's token unless the block says
// otherwise. A status that the block does not expect is an error.
func (d *providerData) send(ctx context.Context, model apiRequestModel, wait string) (*tokensource.Response, diag.Diagnostics) {
	request, err := model.request()
	if err == nil && d.http != nil {
		err = d.http.Check(request) // before a token is requested in vain
	}
	if err != nil {
		return nil, diag.Diagnostics{describeError(err).diagnostic()}
	}
	var response *tokensource.Response
	var diags diag.Diagnostics
	if model.authenticated() {
		client, found := d.apiClient(ctx, model.apiModel, wait)
		diags.Append(found...)
		if diags.HasError() {
			return nil, diags
		}
		header, _ := model.tokenHeader()
		response, err = d.tokens.DoWithToken(ctx, client, header, request)
		diags.Append(d.cacheWarnings()...)
	} else {
		if len(d.unknown) > 0 {
			return nil, diag.Diagnostics{unknownError(d.unknown, wait)}
		}
		response, err = d.tokens.Do(ctx, request)
	}
	if err != nil {
		diags.Append(describeError(err).diagnostic())
		return nil, diags
	}
	if response.StatusCode/100 != 2 && !slices.Contains(request.Expected, response.StatusCode) {
		found := describeAPIError(oauth2.ReadError("API", response.Response), request, model.authenticated())
		found.facts = append(found.facts, attemptsFacts(response.Attempts)...)
		diags.Append(found.diagnostic())
	}
	return response, diags
}

// newAPIResponse maps a response. Redact is applied to every text in it, and to a
// body that is not text.
func newAPIResponse(ctx context.Context, response *httpstack.Response, redact func(string) string) apiResponseModel {
	headers := make(map[string]attr.Value, len(response.Header))
	for name, values := range response.Header {
		joined := strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD") // RFC 9110 section 5.3
		headers[name] = types.StringValue(redact(joined))
	}
	body := redact(string(response.Body))
	outputs := apiResponseModel{
		StatusCode:         types.Int64Value(int64(response.StatusCode)),
		ResponseHeaders:    types.MapValueMust(types.StringType, headers),
		ResponseBody:       types.StringNull(),
		ResponseBodyBase64: types.StringValue(base64.StdEncoding.EncodeToString([]byte(body))),
		Response:           types.DynamicNull(),
	}
	if utf8.Valid(response.Body) {
		outputs.ResponseBody = types.StringValue(body)
		outputs.Response = dynamicJSON(ctx, string(response.Body), redact)
	}
	return outputs
}
