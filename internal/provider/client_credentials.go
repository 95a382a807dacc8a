// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// credentialsModel holds the attributes of credentialAttributes.
type credentialsModel struct {
	ClientID                  types.String `tfsdk:"client_id"`
	ClientSecret              types.String `tfsdk:"client_secret"`
	TokenEndpointAuthMethod   types.String `tfsdk:"token_endpoint_auth_method"`
	ClientSecretBasicEncoding types.String `tfsdk:"client_secret_basic_encoding"`
	SignedAssertion           types.Object `tfsdk:"signed_assertion"`
	FederatedAssertion        types.Object `tfsdk:"federated_assertion"`
	DPoPBoundAccessTokens     types.Bool   `tfsdk:"dpop_bound_access_tokens"`
	DPoPPrivateKey            types.String `tfsdk:"dpop_private_key"`
}

// credentialAttributes identify and authenticate the client.
func credentialAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"client_id":     optional(credential(), "Client identifier."),
		"client_secret": sensitive(credential(), "Client secret. Preferably set by its environment variable rather than in a file."),
		"token_endpoint_auth_method": optional(oneOf(clientauth.Methods()...), "How the client authenticates: `"+strings.Join(clientauth.Methods(), "`, `")+"`. "+
			"By default inferred from the configured credentials and the metadata of `issuer`: `private_key_jwt` for an assertion; "+
			"`client_secret_basic` for a secret, unless the server supports only another method with a secret; `tls_client_auth` "+
			"or `self_signed_tls_client_auth` for a client certificate; `none` if the credentials are in `parameters`, `headers` or `request_body`, or the grant needs none. "+
			"Methods are never tried in turn, because failed attempts can lock a client out."),
		"client_secret_basic_encoding": optional(oneOf(clientauth.BasicEncodings()...), "How `client_secret_basic` encodes the id and the secret before base64: `form` (default, form-encoded, "+
			"[RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)) or `raw` (unchanged, as many servers expect). "+
			"The two differ only for characters other than letters, digits and `-._~`."),
		"signed_assertion": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "A JWT that this provider signs for each request ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523)). " +
				"It authenticates the client (`private_key_jwt`, or `client_secret_jwt` without a key). With the `grant_type` `" + oauth2.GrantJWTBearer + "` or `" +
				oauth2.GrantTokenExchange + "` it is the grant, unless `parameters` have the JWT or `federated_assertion` is set.",
			Attributes: signedAssertionAttributes(),
		},
		"federated_assertion": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "A JWT issued by the platform that Terraform runs on, read for each request, so that no secret is needed. " +
				"It authenticates the client, or with one of the two grants under `signed_assertion` it is the grant. Set exactly one of `value`, `env`, `file`, `command` and `request`.",
			Attributes: federatedAssertionAttributes(),
		},
		"dpop_bound_access_tokens": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether access tokens are bound to a key (DPoP, [RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)). Token requests then carry a proof that is " +
				"signed with the key, and so do the requests of `oauth2cc_request` and `oauth2cc_proxy`. A token of another type than `DPoP` is an error. Default `false`. " +
				"See the guide [Client authentication](https://registry.terraform.io/providers/oauth2cc/oauth2cc/latest/docs/guides/client-authentication#tokens-bound-to-a-key).",
		},
		"dpop_private_key": sensitive(dpopKey(), "Key for `dpop_bound_access_tokens`: PEM (PKCS#1, PKCS#8, SEC 1) or a JWK, whose `alg` is the algorithm of proofs. "+
			"RSA, EC (P-256, P-384, P-521) or Ed25519, without a passphrase. Default: an ES256 key made for this provider process. "+
			"Tokens bound to that key are shared only within the process, not in a `file` or `redis` cache."),
	}
}

func signedAssertionAttributes() map[string]schema.Attribute {
	return union(keyAttributes("Default: the first that suits the key and that the metadata of `issuer` lists."), map[string]schema.Attribute{
		"audience": optional(plainText(), "Sent as `aud`. Default: the token endpoint, which most servers expect; some expect their issuer."),
		"claims": optional(jsonObject(), "A JSON object, written with `jsonencode`, that is merged over the claims `iss` and `sub` (both the client id), `aud`, `jti`, `iat` and `exp`. "+
			"`null` removes a claim."),
	})
}

func federatedAssertionAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"value":   sensitive(assertionText(), "The JWT itself, preferably from an ephemeral value. It is not read afresh: a run that takes longer than it is valid fails."),
		"env":     optional(variableName(), "Environment variable that holds the JWT, for example `TFC_WORKLOAD_IDENTITY_TOKEN`."),
		"file":    optional(assertionFile(), "File that holds the JWT, for example a projected Kubernetes service account token."),
		"command": commandAttribute("Command that writes the JWT to standard output, for example `[\"gcloud\", \"auth\", \"print-identity-token\"]`."),
		"pointer": optional(jsonPointer(), "JSON Pointer to the JWT in JSON that `command` writes, for example `/accessToken`."),
		"request": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "HTTP request whose response is or holds the JWT.",
			Attributes: map[string]schema.Attribute{
				"url":       optional(requestURL(), "URL of the request. Set either this or `url_env`."),
				"url_env":   optional(variableName(), "Environment variable that holds the URL, for example `ACTIONS_ID_TOKEN_REQUEST_URL`."),
				"token_env": optional(variableName(), "Environment variable that holds the request's bearer token, for example `ACTIONS_ID_TOKEN_REQUEST_TOKEN`."),
				"method":    optional(oneOf(http.MethodGet, http.MethodPost), "HTTP method: `GET` (default) or `POST`."),
				"query": schema.MapAttribute{
					Optional:            true,
					ElementType:         types.StringType,
					MarkdownDescription: "Parameters to add to the URL's query, for example `{ audience = \"api://example\" }`.",
					Validators:          []validator.Map{mapvalidator.ValueStringsAre(anyLine())},
				},
				"pointer": optional(jsonPointer(), "JSON Pointer to the JWT in a JSON response. Default `/value`, as in GitHub's. A response that is not JSON is the JWT itself."),
			},
		},
	}
}

// over returns m's credentials where it has any, and otherwise the base's. The id
// and how it authenticates may come from the base in either case, except for a
// method that does not use m's credentials. Certificate reports that m's source
// presents a client certificate.
func (m credentialsModel) over(base credentialsModel, certificate bool) credentialsModel {
	method := base.TokenEndpointAuthMethod.ValueString()
	signs := hasKey(m.SignedAssertion, asNamed)
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
		base.SignedAssertion = types.Object{}
	}
	if !m.ClientSecret.IsNull() || !m.SignedAssertion.IsNull() {
		base.FederatedAssertion = types.Object{}
	}
	return overlay(m, base)
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

// credentials maps the attributes.
func (m credentialsModel) credentials(getenv func(string) string) tokensource.Credentials {
	return tokensource.Credentials{
		ClientID:                  m.ClientID.ValueString(),
		ClientSecret:              secret.New(m.ClientSecret.ValueString()),
		TokenEndpointAuthMethod:   m.TokenEndpointAuthMethod.ValueString(),
		ClientSecretBasicEncoding: m.ClientSecretBasicEncoding.ValueString(),
		SignedAssertion:           signedAssertion(m.SignedAssertion),
		FederatedAssertion:        m.federatedAssertion(getenv),
		DPoPBoundAccessTokens:     m.DPoPBoundAccessTokens.ValueBool(),
		DPoPPrivateKey:            secret.New(m.DPoPPrivateKey.ValueString()),
	}
}

// signedAssertion maps an object with keyAttributes and claims, nil if it is not set.
func signedAssertion(object types.Object) *clientauth.SignedAssertion {
	if !isKnown(object) {
		return nil
	}
	lifetime, _ := time.ParseDuration(textIn(object, "lifetime")) // validated; empty is zero
	return &clientauth.SignedAssertion{
		Key:         keySource(object, asNamed),
		KeyID:       textIn(object, "key_id"),
		Algorithm:   textIn(object, "algorithm"),
		Certificate: textIn(object, "certificate"),
		Audience:    textIn(object, "audience"),
		Type:        textIn(object, "type"),
		Claims:      textIn(object, "claims"),
		Lifetime:    lifetime,
	}
}

// federatedAssertion maps the attribute, nil if it is not set.
func (m credentialsModel) federatedAssertion(getenv func(string) string) *clientauth.FederatedAssertion {
	if !isKnown(m.FederatedAssertion) {
		return nil
	}
	federated := &clientauth.FederatedAssertion{
		Value:    secret.New(textIn(m.FederatedAssertion, "value")),
		Variable: textIn(m.FederatedAssertion, "env"),
		File:     textIn(m.FederatedAssertion, "file"),
		Getenv:   getenv,
	}
	if arguments := textList(member[types.List](m.FederatedAssertion, "command")); len(arguments) > 0 {
		pointer, _ := jsonpointer.Parse(textIn(m.FederatedAssertion, "pointer")) // validated
		federated.Command = &clientauth.PlatformCommand{Arguments: arguments, Pointer: pointer}
	}
	if request := member[types.Object](m.FederatedAssertion, "request"); isKnown(request) {
		pointer := jsonpointer.MustParse("/value") // where GitHub's response has the JWT
		if text := member[types.String](request, "pointer"); !text.IsNull() {
			pointer, _ = jsonpointer.Parse(text.ValueString()) // validated
		}
		federated.Request = &clientauth.PlatformRequest{
			URL:           textIn(request, "url"),
			URLVariable:   textIn(request, "url_env"),
			TokenVariable: textIn(request, "token_env"),
			Method:        textIn(request, "method"),
			Query:         textMap(member[types.Map](request, "query")),
			Pointer:       pointer,
		}
	}
	return federated
}

// validateAssertions checks that an assertion has one source or key.
func (m credentialsModel) validateAssertions() diag.Diagnostics {
	diags := validateKey(path.Root("signed_assertion"), m.SignedAssertion, asNamed)
	at := path.Root("federated_assertion")
	if isKnown(m.FederatedAssertion) {
		diags.Append(exactlyOne(at, m.FederatedAssertion, "value", "env", "file", "command", "request")...)
		pointer := member[types.String](m.FederatedAssertion, "pointer")
		if !pointer.IsNull() && !pointer.IsUnknown() && !mayHave(m.FederatedAssertion, "command") {
			diags.AddAttributeError(at.AtName("pointer"), "Conflicting attributes",
				"Only command has a pointer beside it; request has one of its own. Remove federated_assertion.pointer.")
		}
	}
	if request := member[types.Object](m.FederatedAssertion, "request"); isKnown(request) {
		diags.Append(exactlyOne(at.AtName("request"), request, "url", "url_env")...)
	}
	return diags
}

// exactlyOne checks that one of the members is set, unless one is unknown.
func exactlyOne(at path.Path, object types.Object, names ...string) diag.Diagnostics {
	var diags diag.Diagnostics
	set := 0
	for _, name := range names {
		value := object.Attributes()[name]
		if value.IsUnknown() {
			return diags
		}
		if !value.IsNull() {
			set++
		}
	}
	if set != 1 {
		diags.AddAttributeError(at, "Exactly one attribute required", "Set exactly one of "+strings.Join(names, ", ")+".")
	}
	return diags
}
