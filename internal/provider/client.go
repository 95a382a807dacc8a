// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// clientAttributes describe a client and its token request. The provider block and
// the ephemeral resource oauth2cc_token have all of them.
func clientAttributes() map[string]schema.Attribute {
	return union(serverAttributes(), credentialAttributes(), tokenRequestAttributes(), formatAttributes())
}

// clientModel holds the client attributes of one source: a block, the provider
// block or the environment.
type clientModel struct {
	serverModel
	credentialsModel
	tokenRequestModel
	formatModel
}

// overEnvironment merges the configuration over the environment, whose secret it does
// not use if it has another credential: a client certificate, or one in parameters or
// headers.
func (m clientModel) overEnvironment(environment clientModel, certificate bool) clientModel {
	wantsSecret := slices.Contains(clientauth.SecretMethods(), m.TokenEndpointAuthMethod.ValueString())
	if len(tokensource.CredentialPlaces(m.tokenRequest())) > 0 && !wantsSecret {
		environment.ClientSecret, environment.TokenEndpointAuthMethod = types.StringNull(), types.StringNull()
	}
	return m.over(environment, certificate)
}

// over merges m over a base. A request_body replaces the parameters of the base.
// Certificate reports that m's source has a client certificate.
func (m clientModel) over(base clientModel, certificate bool) clientModel {
	if !m.RequestBody.IsNull() {
		base.parametersModel, base.ParametersIn = m.parametersModel, m.ParametersIn
	}
	m.Headers, base.Headers = canonicalNames(m.Headers), canonicalNames(base.Headers)
	return clientModel{
		serverModel:       m.serverModel.over(base.serverModel),
		credentialsModel:  m.credentialsModel.over(base.credentialsModel, certificate),
		tokenRequestModel: overlay(m.tokenRequestModel, base.tokenRequestModel),
		formatModel:       overlay(m.formatModel, base.formatModel),
	}
}

// config maps the attributes. Those that are not known yet are named in Unknown.
func (m clientModel) config(ctx context.Context, getenv func(string) string) tokensource.ClientConfig {
	config := tokensource.ClientConfig{
		Server: tokensource.Server{
			Issuer:             m.Issuer.ValueString(),
			TokenEndpoint:      m.TokenEndpoint.ValueString(),
			RevocationEndpoint: m.RevocationEndpoint.ValueString(),
		},
		Credentials: m.credentials(getenv),
		Request:     m.tokenRequest(),
		Origins:     map[string]string{},
		Unknown:     map[string]bool{},
	}
	for name, value := range valuesOf(m) {
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
	return config
}

// validate reports mistakes within one block. What is missing may come from the
// provider block or from the environment.
func (m clientModel) validate(ctx context.Context) diag.Diagnostics {
	return append(m.validateUnused(ctx), configErrors(m.config(ctx, nil).Conflicts(false))...)
}

// validateUnused reports what has no effect because of the same block. Because of the
// provider block or the environment it is not an error: those may serve others.
func (m clientModel) validateUnused(ctx context.Context) diag.Diagnostics {
	return append(m.validateAssertions(), configErrors(m.config(ctx, nil).Unused(time.Now))...)
}

// clientOf returns the client of a block, merged over the provider block, and that
// over the environment. Values that are not known, and conflicts between the three,
// are errors, and wait says how to know them in time.
func (d *providerData) clientOf(ctx context.Context, block clientModel, wait string) (tokensource.ClientConfig, diag.Diagnostics) {
	merged := block.over(d.client, false).overEnvironment(d.environment, d.certificate)
	unknown := slices.Concat(unknownIn(ctx, valuesOf(merged)), d.unknown, d.unknownCache)
	if len(unknown) > 0 {
		return tokensource.ClientConfig{}, diag.Diagnostics{unknownError(unknown, wait)}
	}
	config := merged.config(ctx, d.getenv)
	inBlock, inProvider := valuesOf(block), valuesOf(d.client)
	for name := range config.Origins {
		switch {
		case !inBlock[name].IsNull():
			config.Origins[name] = "this block"
		case !inProvider[name].IsNull():
			config.Origins[name] = "the provider block"
		default:
			config.Origins[name] = environmentVariable(name)
		}
	}
	return config, configErrors(config.Conflicts(true))
}

// serverModel holds the attributes of serverAttributes. They are one unit, merged
// whole, so that credentials for one server reach no endpoint of another.
type serverModel struct {
	Issuer             types.String `tfsdk:"issuer"`
	TokenEndpoint      types.String `tfsdk:"token_endpoint"`
	RevocationEndpoint types.String `tfsdk:"revocation_endpoint"`
}

// serverAttributes name the authorization server.
func serverAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"issuer": optional(issuerURL(), "Issuer URL of the authorization server. The provider reads the server's metadata "+
			"([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414), else OpenID Connect Discovery), which must name exactly this issuer, and takes from it "+
			"the endpoints and the supported client authentication methods. Each provider process reads it once, even if "+
			"the token is in a shared cache, unless both `token_endpoint` and `token_endpoint_auth_method` are set."),
		"token_endpoint": optional(endpointURL(), "URL of the token endpoint. Takes precedence over the metadata of `issuer`. A query string is kept, "+
			"and parameters in it are not sent twice. A URL with a user name, a password or a fragment is refused."),
		"revocation_endpoint": optional(endpointURL(), "URL of the revocation endpoint ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)), used by `revoke_on_close`. "+
			"Takes precedence over the metadata of `issuer`."),
	}
}

// over returns the server that m names. If it names none it is the base's, for
// which m may name the revocation endpoint.
func (m serverModel) over(base serverModel) serverModel {
	if !m.Issuer.IsNull() || !m.TokenEndpoint.IsNull() {
		return m
	}
	return overlay(m, base)
}
