// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
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
