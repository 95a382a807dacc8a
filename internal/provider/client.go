// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// clientModel holds the client attributes of one source: a block, the provider
// block or the environment.
type clientModel struct {
	serverModel
	credentialsModel
	requestModel

	ParametersIn   types.String `tfsdk:"parameters_in"`
	Method         types.String `tfsdk:"method"`
	RequestBody    types.String `tfsdk:"request_body"`
	ResponseFields types.Map    `tfsdk:"response_fields"`
}

// serverModel holds the attributes of serverAttributes. They are one unit: merged
// whole, so that credentials meant for one server reach no endpoint of another.
type serverModel struct {
	Issuer             types.String `tfsdk:"issuer"`
	TokenEndpoint      types.String `tfsdk:"token_endpoint"`
	RevocationEndpoint types.String `tfsdk:"revocation_endpoint"`
}

// environmentModel holds the client attributes that the environment can set.
type environmentModel struct {
	serverModel
	credentialsModel
}

// overEnvironment merges the configuration over the environment. A client
// certificate in the configuration is a credential like the others.
func (m clientModel) overEnvironment(ctx context.Context, environment environmentModel, certificate bool) clientModel {
	m.serverModel = m.serverModel.over(environment.serverModel)
	m.credentialsModel = m.credentialsModel.over(ctx, environment.credentialsModel, certificate)
	return m
}

// over merges a block over the provider block: scalars and lists replace the
// provider's, maps merge over them.
func (m clientModel) over(ctx context.Context, base clientModel) clientModel {
	if !m.RequestBody.IsNull() { // it is sent instead of what the provider block asks for
		base.requestModel = m.insteadOf(base.requestModel)
		base.ParametersIn = m.ParametersIn
	}
	return clientModel{
		serverModel:      m.serverModel.over(base.serverModel),
		credentialsModel: m.credentialsModel.over(ctx, base.credentialsModel, false),
		requestModel:     m.requestModel.over(base.requestModel),
		ParametersIn:     firstSet(m.ParametersIn, base.ParametersIn),
		Method:           firstSet(m.Method, base.Method),
		RequestBody:      firstSet(m.RequestBody, base.RequestBody),
		ResponseFields:   mergedMap(m.ResponseFields, base.ResponseFields),
	}
}

// over returns the server that m names. If it names none it is the base's, for
// which m may name the revocation endpoint.
func (m serverModel) over(base serverModel) serverModel {
	if !m.Issuer.IsNull() || !m.TokenEndpoint.IsNull() {
		return m
	}
	base.RevocationEndpoint = firstSet(m.RevocationEndpoint, base.RevocationEndpoint)
	return base
}

// byName lists the values by the names of their attributes.
func (m environmentModel) byName() map[string]attr.Value {
	return clientModel{serverModel: m.serverModel, credentialsModel: m.credentialsModel}.byName()
}

// byName lists the values by the names of their attributes.
func (m clientModel) byName() map[string]attr.Value {
	return map[string]attr.Value{
		"issuer":                       m.Issuer,
		"token_endpoint":               m.TokenEndpoint,
		"revocation_endpoint":          m.RevocationEndpoint,
		"client_id":                    m.ClientID,
		"client_secret":                m.ClientSecret,
		"token_endpoint_auth_method":   m.TokenEndpointAuthMethod,
		"client_secret_basic_encoding": m.ClientSecretBasicEncoding,
		"parameters_in":                m.ParametersIn,
		"method":                       m.Method,
		"request_body":                 m.RequestBody,
		"response_fields":              m.ResponseFields,
		"signed_assertion":             m.SignedAssertion,
		"federated_assertion":          m.FederatedAssertion,
		"grant_type":                   m.GrantType,
		"scopes":                       m.Scopes,
		"audience":                     m.Audience,
		"resources":                    m.Resources,
		"parameters":                   m.Parameters,
		"headers":                      m.Headers,
		"default_expires_in":           m.DefaultExpiresIn,
	}
}

// firstSet returns the first value that is not null, else the last.
func firstSet[T attr.Value](values ...T) T {
	for _, value := range values[:len(values)-1] {
		if !value.IsNull() {
			return value
		}
	}
	return values[len(values)-1]
}

// canonicalNames spells the names of header fields in one way, as their case makes
// no difference (RFC 9110 section 5.1).
func canonicalNames(fields types.Map) types.Map {
	if fields.IsNull() || fields.IsUnknown() {
		return fields
	}
	spelled := map[string]attr.Value{}
	for name, value := range fields.Elements() {
		spelled[http.CanonicalHeaderKey(name)] = value
	}
	return types.MapValueMust(types.StringType, spelled)
}

// mergedMap lays block over base. What is unknown makes the whole unknown; an
// element that is null is as if it were not there.
func mergedMap(block, base types.Map) types.Map {
	for _, layer := range []types.Map{block, base} {
		if layer.IsUnknown() {
			return layer
		}
	}
	elements := map[string]attr.Value{}
	for _, layer := range []types.Map{base, block} {
		set := layer.Elements()
		maps.DeleteFunc(set, func(_ string, value attr.Value) bool { return value.IsNull() })
		maps.Copy(elements, set)
	}
	return types.MapValueMust(types.StringType, elements)
}

// config maps the attributes. Those that are not known yet are named in Unknown.
func (m clientModel) config(ctx context.Context, getenv func(string) string) (tokensource.ClientConfig, diag.Diagnostics) {
	var diags diag.Diagnostics
	config := tokensource.ClientConfig{
		Server: tokensource.Server{
			Issuer:             m.Issuer.ValueString(),
			TokenEndpoint:      m.TokenEndpoint.ValueString(),
			RevocationEndpoint: m.RevocationEndpoint.ValueString(),
		},
		Credentials: tokensource.Credentials{
			ClientID:                  m.ClientID.ValueString(),
			ClientSecret:              secret.New(m.ClientSecret.ValueString()),
			TokenEndpointAuthMethod:   m.TokenEndpointAuthMethod.ValueString(),
			ClientSecretBasicEncoding: m.ClientSecretBasicEncoding.ValueString(),
			SignedAssertion:           m.signedAssertion(ctx, &diags),
			FederatedAssertion:        m.federatedAssertion(ctx, getenv, &diags),
		},
		Request: m.tokenRequest(),
		Origins: map[string]string{},
		Unknown: map[string]bool{},
	}
	for name, value := range m.byName() {
		if !value.IsNull() {
			config.Origins[name] = ""
		}
		if object, ok := value.(types.Object); ok {
			for _, member := range unknownIn(ctx, object.Attributes()) {
				config.Unknown[name+"."+member] = true
			}
		}
		config.Unknown[name] = value.IsUnknown()
	}
	return config, diags
}

// texts returns the strings in a list, without those that are null.
func texts(list types.List) []string {
	var values []string
	for _, element := range list.Elements() {
		if text, ok := element.(types.String); ok && !text.IsNull() {
			values = append(values, text.ValueString())
		}
	}
	return values
}

// secrets returns the strings in a map as secrets, without those that are null.
func secrets(values types.Map) map[string]secret.String {
	wrapped := map[string]secret.String{}
	for name, text := range plainTexts(values) {
		wrapped[name] = secret.New(text)
	}
	return wrapped
}

// plainTexts returns the strings in a map, without those that are null.
func plainTexts(values types.Map) map[string]string {
	found := map[string]string{}
	for name, element := range values.Elements() {
		if text, ok := element.(types.String); ok && !text.IsNull() {
			found[name] = text.ValueString()
		}
	}
	return found
}

// sortedKeys lists the names in a map of values in their order.
func sortedKeys[V any](values map[string]V) []string { return slices.Sorted(maps.Keys(values)) }

// effective returns the client that a block asks for, merged over the provider
// block and that over the environment. Values that are not known, and conflicts
// between the three, are errors.
func (c *configured) effective(ctx context.Context, block clientModel, from kind) (tokensource.ClientConfig, diag.Diagnostics) {
	merged := block.over(ctx, c.client).overEnvironment(ctx, c.environment, c.certificate)
	unknown := slices.Concat(unknownIn(ctx, merged.byName()), c.unknown, c.unknownCache)
	if len(unknown) > 0 {
		return tokensource.ClientConfig{}, diag.Diagnostics{unknownError(unknown, from)}
	}
	config, diags := merged.config(ctx, c.getenv)
	diags.Append(conflictErrors(config.Conflicts(true), from)...)
	c.setOrigins(config.Origins, block)
	return config, diags
}

// setOrigins says where the values of a block's client come from.
func (c *configured) setOrigins(origins map[string]string, block clientModel) {
	own, provider := block.byName(), c.client.byName()
	for name := range origins {
		switch {
		case !own[name].IsNull():
			origins[name] = "this block"
		case !provider[name].IsNull():
			origins[name] = "the provider block"
		default:
			origins[name] = environmentVariable(name)
		}
	}
}

// unknownIn lists the attributes whose values are not wholly known, by name.
func unknownIn(ctx context.Context, values map[string]attr.Value) []string {
	var unknown []string
	for _, name := range sortedKeys(values) {
		value, err := values[name].ToTerraformValue(ctx)
		if err != nil || !value.IsFullyKnown() {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// objectAs decodes an attribute that is an object. It returns nil for one that is
// null or unknown.
func objectAs[M any](ctx context.Context, value types.Object, diags *diag.Diagnostics) *M {
	if value.IsNull() || value.IsUnknown() {
		return nil
	}
	var model M
	diags.Append(value.As(ctx, &model, basetypes.ObjectAsOptions{})...)
	return &model
}

// exactlyOne checks that one value is set, as far as all are known.
func exactlyOne(at path.Path, values map[string]attr.Value) diag.Diagnostics {
	var diags diag.Diagnostics
	var set int
	for _, value := range values {
		if value.IsUnknown() {
			return diags
		}
		if !value.IsNull() {
			set++
		}
	}
	if set != 1 {
		diags.AddAttributeError(at, "Exactly one attribute required", "Set exactly one of "+strings.Join(sortedKeys(values), ", ")+".")
	}
	return diags
}

// The attributes that provider, ephemeral resource and data source share are
// written once, as those of the ephemeral resource, which has all of them. The
// others are derived, see schemas.go.

// clientAttributes describe a client and what it asks for.
func clientAttributes() map[string]schema.Attribute {
	return merged(serverAttributes(), identityAttributes(), assertionAttributes(), requestAttributes(), wireAttributes())
}

// serverAttributes say where the authorization server is.
func serverAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"issuer": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Issuer of the authorization server. Its metadata is read from the well-known address of " +
				"[RFC 8414](https://www.rfc-editor.org/rfc/rfc8414), then from that of OpenID Connect; the `issuer` in it must be the same to the letter. " +
				"Gives the token endpoint and the supported client authentication methods. Each provider process reads it once, even where " +
				"the token is in a shared cache; `token_endpoint` with `token_endpoint_auth_method` does without.",
			Validators: []validator.String{endpointURL(), withoutQuery()},
		},
		"token_endpoint": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "URL of the token endpoint. Wins over the one that `issuer` names. A query string in it is kept as it is, " +
				"and a parameter that it names is not sent a second time. A user name, a password or a fragment is refused.",
			Validators: []validator.String{endpointURL()},
		},
		"revocation_endpoint": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "URL of the revocation endpoint ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)), for `revoke_on_close`. " +
				"Wins over the one that `issuer` names.",
			Validators: []validator.String{endpointURL()},
		},
	}
}

// validate reports mistakes within one block. What is missing may come from the
// other block or from the environment.
func (m clientModel) validate(ctx context.Context) diag.Diagnostics {
	config, diags := m.config(ctx, nil)
	diags.Append(m.validateUnused(ctx)...)
	diags.Append(conflictErrors(config.Conflicts(false), allKinds)...)
	return diags
}

// validateUnused reports what has no effect because of the same block. Because of
// another block or the environment it is no mistake: those may serve others.
func (m clientModel) validateUnused(ctx context.Context) diag.Diagnostics {
	config, diags := m.config(ctx, nil)
	diags.Append(m.validateFederated(ctx)...)
	diags.Append(conflictErrors(config.Unused(time.Now), allKinds)...)
	return diags
}
