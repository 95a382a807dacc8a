// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
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

// signedAssertionModel holds the attribute signed_assertion.
type signedAssertionModel struct {
	PrivateKey  types.String `tfsdk:"private_key"`
	KeyID       types.String `tfsdk:"key_id"`
	Algorithm   types.String `tfsdk:"algorithm"`
	Certificate types.String `tfsdk:"certificate"`
	Audience    types.String `tfsdk:"audience"`
	Type        types.String `tfsdk:"type"`
	Claims      types.String `tfsdk:"claims"`
	Lifetime    types.String `tfsdk:"lifetime"`
}

// federatedAssertionModel holds the attribute federated_assertion.
type federatedAssertionModel struct {
	Env     types.String `tfsdk:"env"`
	File    types.String `tfsdk:"file"`
	Request types.Object `tfsdk:"request"`
}

// platformRequestModel holds the attribute federated_assertion.request.
type platformRequestModel struct {
	URL      types.String `tfsdk:"url"`
	URLEnv   types.String `tfsdk:"url_env"`
	TokenEnv types.String `tfsdk:"token_env"`
	Method   types.String `tfsdk:"method"`
	Query    types.Map    `tfsdk:"query"`
	Pointer  types.String `tfsdk:"pointer"`
}

// githubPointer is where GitHub's answer has the JWT.
var githubPointer = jsonpointer.MustParse("/value")

// signedAssertion maps the attribute; nil where there is none.
func (m clientModel) signedAssertion(ctx context.Context, diags *diag.Diagnostics) *clientauth.SignedAssertion {
	model := objectAs[signedAssertionModel](ctx, m.SignedAssertion, diags)
	if model == nil {
		return nil
	}
	assertion := model.assertion()
	return &assertion
}

// assertion maps the members, all of them known.
func (m signedAssertionModel) assertion() clientauth.SignedAssertion {
	lifetime, _ := time.ParseDuration(m.Lifetime.ValueString()) // the schema refuses others, and null is zero
	return clientauth.SignedAssertion{
		PrivateKey:  secret.New(m.PrivateKey.ValueString()),
		KeyID:       m.KeyID.ValueString(),
		Algorithm:   m.Algorithm.ValueString(),
		Certificate: m.Certificate.ValueString(),
		Audience:    m.Audience.ValueString(),
		Type:        m.Type.ValueString(),
		Claims:      m.Claims.ValueString(),
		Lifetime:    lifetime,
	}
}

// federatedAssertion maps the attribute; nil where there is none.
func (m clientModel) federatedAssertion(ctx context.Context, getenv func(string) string, diags *diag.Diagnostics) *clientauth.FederatedAssertion {
	model := objectAs[federatedAssertionModel](ctx, m.FederatedAssertion, diags)
	if model == nil {
		return nil
	}
	federated := &clientauth.FederatedAssertion{
		Variable: model.Env.ValueString(),
		File:     model.File.ValueString(),
		Getenv:   getenv,
	}
	if request := objectAs[platformRequestModel](ctx, model.Request, diags); request != nil {
		pointer := githubPointer
		if !request.Pointer.IsNull() {
			pointer, _ = jsonpointer.Parse(request.Pointer.ValueString()) // the schema refuses others
		}
		federated.Request = &clientauth.PlatformRequest{
			URL:           request.URL.ValueString(),
			URLVariable:   request.URLEnv.ValueString(),
			TokenVariable: request.TokenEnv.ValueString(),
			Method:        request.Method.ValueString(),
			Query:         plainTexts(request.Query),
			Pointer:       pointer,
		}
	}
	return federated
}

// validateFederated checks that the platform's assertion has exactly one source.
func (m clientModel) validateFederated(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	if model := objectAs[federatedAssertionModel](ctx, m.FederatedAssertion, &diags); model != nil {
		diags.Append(model.validate(ctx)...)
	}
	return diags
}

// validate checks that the assertion has exactly one source.
func (m federatedAssertionModel) validate(ctx context.Context) diag.Diagnostics {
	at := path.Root("federated_assertion")
	diags := exactlyOne(at, map[string]attr.Value{"env": m.Env, "file": m.File, "request": m.Request})
	if request := objectAs[platformRequestModel](ctx, m.Request, &diags); request != nil {
		diags.Append(exactlyOne(at.AtName("request"), map[string]attr.Value{"url": request.URL, "url_env": request.URLEnv})...)
	}
	return diags
}

// credentialsModel holds the attributes of identityAttributes and
// assertionAttributes.
type credentialsModel struct {
	ClientID                  types.String `tfsdk:"client_id"`
	ClientSecret              types.String `tfsdk:"client_secret"`
	TokenEndpointAuthMethod   types.String `tfsdk:"token_endpoint_auth_method"`
	ClientSecretBasicEncoding types.String `tfsdk:"client_secret_basic_encoding"`
	SignedAssertion           types.Object `tfsdk:"signed_assertion"`
	FederatedAssertion        types.Object `tfsdk:"federated_assertion"`
}

// over returns m's credentials where it has any, and otherwise the base's. The id
// and how it authenticates may come from the base in either case, except for a
// method that does not use m's credentials. Certificate reports that m's source
// presents a client certificate.
func (m credentialsModel) over(ctx context.Context, base credentialsModel, certificate bool) credentialsModel {
	method := base.TokenEndpointAuthMethod.ValueString()
	signs := !m.SignedAssertion.IsNull() && !isNullMember(m.SignedAssertion, "private_key")
	asserts := signs || !m.FederatedAssertion.IsNull()
	certificate = certificate && m.ClientSecret.IsNull()
	if (!m.ClientSecret.IsNull() || asserts || certificate) && !uses(method, !m.ClientSecret.IsNull(), asserts, certificate) {
		base.TokenEndpointAuthMethod = types.StringNull()
	}
	wantsSecret := slices.Contains(clientauth.SecretMethods(), m.TokenEndpointAuthMethod.ValueString())
	if (asserts || certificate) && !wantsSecret {
		base.ClientSecret = types.StringNull()
	}
	if !m.ClientSecret.IsNull() || !m.FederatedAssertion.IsNull() {
		base.SignedAssertion = types.ObjectNull(base.SignedAssertion.AttributeTypes(ctx))
	}
	if !m.ClientSecret.IsNull() || !m.SignedAssertion.IsNull() {
		base.FederatedAssertion = types.ObjectNull(base.FederatedAssertion.AttributeTypes(ctx))
	}
	return credentialsModel{
		ClientID:                  firstSet(m.ClientID, base.ClientID),
		ClientSecret:              firstSet(m.ClientSecret, base.ClientSecret),
		TokenEndpointAuthMethod:   firstSet(m.TokenEndpointAuthMethod, base.TokenEndpointAuthMethod),
		ClientSecretBasicEncoding: firstSet(m.ClientSecretBasicEncoding, base.ClientSecretBasicEncoding),
		SignedAssertion:           firstSet(m.SignedAssertion, base.SignedAssertion),
		FederatedAssertion:        firstSet(m.FederatedAssertion, base.FederatedAssertion),
	}
}

// uses reports whether a method authenticates with one of the given credentials.
func uses(method string, secret, assertion, certificate bool) bool {
	switch {
	case slices.Contains(clientauth.SecretMethods(), method):
		return secret
	case method == clientauth.PrivateKeyJWT:
		return assertion
	default:
		return certificate && clientauth.UsesCertificate(method)
	}
}

// isNullMember tells whether a member of an object is known to be null.
func isNullMember(object types.Object, name string) bool {
	member, ok := object.Attributes()[name]
	return ok && member.IsNull()
}
