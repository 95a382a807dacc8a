// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// jwtDecodeFunction is the function jwt_decode.
type jwtDecodeFunction struct{}

var _ function.Function = jwtDecodeFunction{}

func (jwtDecodeFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "jwt_decode"
}

func (jwtDecodeFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Decodes a JSON Web Token without verifying it",
		MarkdownDescription: "Decodes a signed JSON Web Token ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)) into an object with the " +
			"members `header` and `claims`. **The signature is not verified**: anyone can write a token with any claims.",
		Parameters: []function.Parameter{function.StringParameter{
			Name:                "token",
			MarkdownDescription: "The token, in the compact serialisation: three parts separated by dots.",
		}},
		Return: function.DynamicReturn{},
	}
}

func (jwtDecodeFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var token string
	resp.Error = req.Arguments.Get(ctx, &token)
	if resp.Error != nil {
		return
	}
	decoded, err := oauth2.DecodeJWT(token)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error()+jwtHint(token)) // Terraform makes a sentence of it
		return
	}
	if count(decoded.Header)+count(decoded.Claims) > oauth2.MaxValues {
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("the token holds more than %d values", oauth2.MaxValues))
		return
	}
	header, claims := dynamicElement(ctx, decoded.Header, maxDepth), dynamicElement(ctx, decoded.Claims, maxDepth)
	resp.Error = resp.Result.Set(ctx, types.DynamicValue(types.ObjectValueMust(
		map[string]attr.Type{"header": header.Type(ctx), "claims": claims.Type(ctx)},
		map[string]attr.Value{"header": header, "claims": claims},
	)))
}

// jwtHint says what to do about a text that is nearly a JWT.
func jwtHint(token string) string {
	scheme, _, _ := strings.Cut(strings.TrimSpace(token), " ")
	switch {
	case strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "DPoP"):
		return "; it begins with \"" + scheme + "\", as an Authorization header does: give the token alone, which is access_token"
	case strings.TrimSpace(token) != token:
		return "; there is white space around it: wrap it in trimspace()"
	default:
		return ""
	}
}
