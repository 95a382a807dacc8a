// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// assertionAttributes let a client prove itself with a JWT.
func assertionAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"signed_assertion": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "A JWT that this provider signs, anew for each request ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523)). " +
				"It authenticates the client (`private_key_jwt`, or `client_secret_jwt` without `private_key`); with `grant_type = \"" + tokensource.GrantJWTBearer + "\"` it is the grant.",
			Attributes: signedAssertionAttributes(),
		},
		"federated_assertion": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "A JWT that the platform issues on which Terraform runs, read anew for each request, so that no secret is needed. " +
				"Exactly one of `env`, `file` and `request` says where it is.",
			Attributes: federatedAssertionAttributes(),
		},
	}
}

func signedAssertionAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"private_key": schema.StringAttribute{
			Optional:            true,
			Sensitive:           true,
			Validators:          []validator.String{body()},
			MarkdownDescription: "Key to sign with: PEM (PKCS#1, PKCS#8, SEC 1), a JWK, or a JWK Set with `key_id`. RSA, EC (P-256, P-384, P-521) or Ed25519, without a passphrase.",
		},
		"key_id": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Sent as `kid`. Default: that of the JWK.",
			Validators:          []validator.String{plainText()},
		},
		"algorithm": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Signature algorithm: `" + strings.Join(clientauth.Algorithms(), "`, `") + "`. " +
				"Default: the first that suits the key and that the metadata of `issuer` supports.",
			Validators: []validator.String{oneOf(clientauth.Algorithms()...)},
		},
		"certificate": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Certificate of the key, in PEM. Adds `x5t` and `x5t#S256`, by which some servers find the key.",
			Validators:          []validator.String{certificates()},
		},
		"audience": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Sent as `aud`. Default: the token endpoint, which most servers expect; some want their issuer.",
			Validators:          []validator.String{plainText()},
		},
		"type": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Sent as `typ`. Default `JWT`.",
			Validators:          []validator.String{plainText()},
		},
		"claims": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "A JSON object laid over the claims `iss`, `sub` (both the client id), `aud`, `jti`, `iat` and `exp`; " +
				"`null` takes one away. Write it with `jsonencode`.",
			Validators: []validator.String{jsonObject()},
		},
		"lifetime": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "How long the JWT is good for. Default `60s`.",
			Validators:          []validator.String{durationFrom(time.Second)},
		},
	}
}

func federatedAssertionAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"env": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Environment variable that holds the JWT, for example `TFC_WORKLOAD_IDENTITY_TOKEN`.",
			Validators:          []validator.String{variableName()},
		},
		"file": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "File that holds the JWT, for example that of a projected Kubernetes service account token.",
			Validators:          []validator.String{assertionFile()},
		},
		"request": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "HTTP request that is answered with the JWT.",
			Attributes: map[string]schema.Attribute{
				"url": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "Address of the request; or `url_env`.",
					Validators:          []validator.String{requestURL()},
				},
				"url_env": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "Environment variable that holds the address, for example `ACTIONS_ID_TOKEN_REQUEST_URL`.",
					Validators:          []validator.String{variableName()},
				},
				"token_env": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "Environment variable that holds the bearer token of the request, for example `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.",
					Validators:          []validator.String{variableName()},
				},
				"method": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "HTTP method, `GET` (default) or `POST`.",
					Validators:          []validator.String{oneOf(http.MethodGet, http.MethodPost)},
				},
				"query": schema.MapAttribute{
					Optional:            true,
					ElementType:         types.StringType,
					MarkdownDescription: "Parameters that are added to the query of the address, for example `{ audience = \"api://example\" }`.",
					Validators:          []validator.Map{mapvalidator.ValueStringsAre(anyLine())},
				},
				"pointer": schema.StringAttribute{
					Optional:            true,
					MarkdownDescription: "Where the JWT is in a JSON answer, as a JSON Pointer. Default `/value`, where GitHub has it. An answer that is not JSON is the JWT itself.",
					Validators:          []validator.String{jsonPointer()},
				},
			},
		},
	}
}
