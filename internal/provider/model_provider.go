// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// providerModel holds the provider block.
type providerModel struct {
	clientModel

	TLS                types.Object `tfsdk:"tls"`
	ProxyURL           types.String `tfsdk:"proxy_url"`
	AllowPlaintextHTTP types.Bool   `tfsdk:"allow_plaintext_http"`
	Timeout            types.String `tfsdk:"timeout"`
	MaxRetries         types.Number `tfsdk:"max_retries"`
	Cache              types.Object `tfsdk:"cache"`
}

// connectionByName lists the values of connectionAttributes by their names, but for
// the cache, which is no part of a connection.
func (m providerModel) connectionByName() map[string]attr.Value {
	return map[string]attr.Value{
		"proxy_url":            m.ProxyURL,
		"allow_plaintext_http": m.AllowPlaintextHTTP,
		"timeout":              m.Timeout,
		"max_retries":          m.MaxRetries,
		"tls":                  m.TLS,
	}
}

// environmentFields lists the strings that an environment variable can stand in
// for, by the names of their attributes. max_retries is a number, and is read apart.
func (m *providerModel) environmentFields() map[string]*types.String {
	return map[string]*types.String{
		"issuer":                     &m.Issuer,
		"token_endpoint":             &m.TokenEndpoint,
		"revocation_endpoint":        &m.RevocationEndpoint,
		"client_id":                  &m.ClientID,
		"client_secret":              &m.ClientSecret,
		"token_endpoint_auth_method": &m.TokenEndpointAuthMethod,
		"proxy_url":                  &m.ProxyURL,
		"timeout":                    &m.Timeout,
	}
}

// environmentAttributes lists the attributes that a variable can stand in for.
func environmentAttributes() []string {
	return append(slices.Sorted(maps.Keys((&providerModel{}).environmentFields())), maxRetriesName)
}

// readEnvironment returns the client that the environment describes, and sets those
// attributes of the connection that the configuration leaves out. What is used of
// it is held to the rules of the attributes. An empty variable counts as not set,
// as pipelines often pass those on.
func (m *providerModel) readEnvironment(ctx context.Context, getenv func(string) string) (environmentModel, diag.Diagnostics) {
	var diags diag.Diagnostics
	var environment providerModel
	environment.SignedAssertion = types.ObjectNull(m.SignedAssertion.AttributeTypes(ctx))
	environment.FederatedAssertion = types.ObjectNull(m.FederatedAssertion.AttributeTypes(ctx))
	for name, field := range environment.environmentFields() {
		if value := getenv(environmentVariable(name)); value != "" {
			*field = types.StringValue(value)
		}
	}
	client := environmentModel{environment.serverModel, environment.credentialsModel}
	used := providerModel{
		clientModel: m.overEnvironment(ctx, client, m.presentsCertificate()),
		ProxyURL:    firstSet(m.ProxyURL, environment.ProxyURL),
		Timeout:     firstSet(m.Timeout, environment.Timeout),
	}
	configured, values := m.environmentFields(), used.environmentFields()
	for _, name := range sortedKeys(values) {
		if configured[name].IsNull() && !values[name].IsNull() {
			diags.Append(checkEnvironment(ctx, name, *values[name])...)
		}
	}
	m.ProxyURL, m.Timeout = used.ProxyURL, used.Timeout
	if value := getenv(environmentVariable(maxRetriesName)); m.MaxRetries.IsNull() && value != "" {
		number, found := parsedMaxRetries(ctx, value)
		m.MaxRetries = number
		diags.Append(fromVariable(maxRetriesName, found)...)
	}
	return client, diags
}

// presentsCertificate reports whether the block has a client certificate.
func (m providerModel) presentsCertificate() bool {
	return !m.TLS.IsNull() && !isNullMember(m.TLS, "client_certificate")
}

// maxRetriesName is the one attribute that is no string and that a variable can
// stand in for.
const maxRetriesName = "max_retries"

// parsedMaxRetries reads the text of a variable and holds it to the attribute's
// rule.
func parsedMaxRetries(ctx context.Context, text string) (types.Number, diag.Diagnostics) {
	at := path.Root(maxRetriesName)
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(number) {
		return types.NumberNull(), diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, "Invalid value for "+maxRetriesName, "The value is no number.")}
	}
	value, resp := types.NumberValue(big.NewFloat(number)), validator.NumberResponse{}
	maxRetries().ValidateNumber(ctx, validator.NumberRequest{Path: at, ConfigValue: value}, &resp)
	return value, resp.Diagnostics
}

// checkEnvironment validates a value as if it stood in the provider block.
func checkEnvironment(ctx context.Context, name string, value types.String) diag.Diagnostics {
	var found diag.Diagnostics
	attribute, _ := providerAttributes()[name].(schema.StringAttribute)
	for _, check := range attribute.Validators {
		resp := validator.StringResponse{}
		check.ValidateString(ctx, validator.StringRequest{Path: path.Root(name), ConfigValue: value}, &resp)
		found.Append(resp.Diagnostics...)
	}
	return fromVariable(name, found)
}

// fromVariable says in each finding which variable the value comes from.
func fromVariable(name string, found diag.Diagnostics) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, finding := range found {
		diags.AddAttributeError(path.Root(name), finding.Summary(),
			"The environment variable "+environmentVariable(name)+" is not usable. "+finding.Detail())
	}
	return diags
}
