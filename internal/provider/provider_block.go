// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// Schema implements [provider.Provider].
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Gets OAuth 2.0 client credentials tokens from any authorization server.",
		Attributes:          withEnvironment(providerAttributes()),
	}
}

// providerAttributes are those of the provider block: the client's and the
// connection's.
func providerAttributes() map[string]schema.Attribute {
	return merged(derived(clientAttributes(), forProvider), connectionAttributes())
}

// connectionAttributes say how servers are reached. They apply to every request
// that the provider makes, and only the provider block has them.
func connectionAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"tls": tlsAttribute(),
		"proxy_url": schema.StringAttribute{
			Optional:  true,
			Sensitive: true,
			MarkdownDescription: "Proxy for every connection (`http`, `https` or `socks5`), with user name and password where it wants them. " +
				"By default the variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count.",
			Validators: []validator.String{proxy()},
		},
		"allow_plaintext_http": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Permits `http://` to other hosts than this machine. Default `false`: credentials would cross the network " +
				"for everyone to read.",
		},
		"timeout": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Time limit of one attempt to get an answer, for example `\"10s\"`. Default `30s`.",
			Validators:          []validator.String{durationFrom(time.Millisecond)},
		},
		"max_retries": schema.NumberAttribute{
			Optional: true,
			MarkdownDescription: fmt.Sprintf("How often a request is retried after a transient failure: no connection, no response in time, "+
				"408, 425, 429, or a 5xx that may pass (not 501 or 505). A refusal is never retried. Default `%d`; `0` turns retries off. Waits grow "+
				"from half a second to ten, or are what the server asks for (`Retry-After`) where that is over within `timeout` × (`max_retries` + 1) "+
				"of the first attempt: where it asks for longer, the error says at once until when. What may be good for one use (a code, a refresh "+
				"token, a `request_body`) is not sent again once it may have arrived.", httpstack.DefaultMaxRetries),
			Validators: []validator.Number{maxRetries()},
		},
		"cache": cacheAttribute(),
	}
}

// withEnvironment adds to each description the variable that stands in for the
// attribute.
func withEnvironment(attributes map[string]schema.Attribute) map[string]schema.Attribute {
	for _, name := range environmentAttributes() {
		note := " Environment variable: `" + environmentVariable(name) + "`."
		switch attribute := attributes[name].(type) {
		case schema.StringAttribute:
			attribute.MarkdownDescription += note
			attributes[name] = attribute
		case schema.NumberAttribute:
			attribute.MarkdownDescription += note
			attributes[name] = attribute
		}
	}
	return attributes
}

// environmentVariable is the variable that stands in for an attribute.
func environmentVariable(attribute string) string { return "OAUTH2CC_" + strings.ToUpper(attribute) }

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

// maxRetriesName is the one attribute that is no string and that a variable can
// stand in for.
const maxRetriesName = "max_retries"

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

// configured is what a provider block amounts to: the client that token blocks
// build on, and the source that all of them share.
type configured struct {
	// client is what the block sets, and environment what the environment does.
	client      clientModel
	environment environmentModel
	// certificate reports that the block has a client certificate.
	certificate bool
	// tokens and stack are nil while an attribute of the connection is unknown.
	tokens  *tokensource.Source
	stack   *httpstack.Client
	unknown []string
	// unknownCache names the cache while it is unknown, which only tokens need.
	unknownCache []string
	cleanup      *Cleanup
	getenv       func(string) string
	now          func() time.Time
}

// newConfigured builds the source that the provider block describes. Attributes
// of the connection that are not known yet are remembered for the error that
// the first request for a token has to be.
func (p *Provider) newConfigured(ctx context.Context, model providerModel, environment environmentModel) (*configured, diag.Diagnostics) {
	result := &configured{
		client:      model.clientModel,
		environment: environment,
		certificate: model.presentsCertificate(),
		unknown:     unknownIn(ctx, model.connectionByName()),
		cleanup:     p.cleanup,
		getenv:      p.getenv,
		now:         p.now,
	}
	if len(result.unknown) > 0 {
		return result, nil
	}
	settings, diags := model.httpConfig(ctx)
	if diags.HasError() {
		return nil, diags
	}
	logger := newLogger()
	settings.UserAgent = "terraform-provider-oauth2cc/" + p.version
	settings.Logger, settings.Now = logger, p.now
	stack, err := httpstack.New(settings)
	if err != nil {
		diags.AddError("The connection settings cannot be used", sentence(err.Error()))
		return nil, diags
	}
	result.unknownCache = unknownIn(ctx, map[string]attr.Value{"cache": model.Cache})
	cache, found := model.cache(ctx, stack.TLSConfig(), p.now)
	diags.Append(found...)
	config := tokensource.Config{HTTP: stack, Now: p.now, Logger: logger, Cache: cache, Retries: model.retries(settings.Timeout)}
	config.Retries.Sleep = p.sleep
	if settings.ClientCertificate != nil {
		config.ClientCertificate = settings.ClientCertificate.Leaf
	}
	config.InsecureSkipVerify = settings.InsecureSkipVerify
	result.tokens, result.stack = tokensource.New(config), stack
	return result, diags
}

// httpConfig maps the attributes of the connection, all of them known.
func (m providerModel) httpConfig(ctx context.Context) (httpstack.Config, diag.Diagnostics) {
	var diags diag.Diagnostics
	timeout, _ := time.ParseDuration(m.Timeout.ValueString()) // the schema refuses others, and null is zero
	config := httpstack.Config{
		ProxyURL:           secret.New(m.ProxyURL.ValueString()),
		AllowPlaintextHTTP: m.AllowPlaintextHTTP.ValueBool(),
		Timeout:            timeout,
	}
	if settings := objectAs[tlsModel](ctx, m.TLS, &diags); settings != nil {
		config.CACertificates = settings.CACertificate.ValueString()
		config.ServerName = settings.ServerName.ValueString()
		config.InsecureSkipVerify = settings.InsecureSkipVerify.ValueBool()
		certificate, found := settings.certificate()
		diags.Append(found...)
		config.ClientCertificate = certificate
	}
	return config, diags
}

// retries maps max_retries, for attempts that take no longer than timeout.
func (m providerModel) retries(timeout time.Duration) httpstack.Retries {
	retries := httpstack.Retries{Max: httpstack.DefaultMaxRetries, Timeout: cmp.Or(timeout, httpstack.DefaultTimeout)}
	if !m.MaxRetries.IsNull() {
		most, _ := m.MaxRetries.ValueBigFloat().Int64() // the schema refuses what is no small whole number
		retries.Max = int(most)
	}
	return retries
}

// presentsCertificate reports whether the block has a client certificate.
func (m providerModel) presentsCertificate() bool {
	return !m.TLS.IsNull() && !isNullMember(m.TLS, "client_certificate")
}

// validate reports mistakes in the provider block, values of the environment included.
func (m providerModel) validate(ctx context.Context, now time.Time) diag.Diagnostics {
	config, diags := m.config(ctx, nil)
	diags.Append(conflictErrors(config.Conflicts(true), allKinds)...)
	diags.Append(m.validateTLS(ctx, now)...)
	diags.Append(m.validateCache(ctx, config)...)
	if m.AllowPlaintextHTTP.ValueBool() || m.AllowPlaintextHTTP.IsUnknown() {
		return diags
	}
	for name, address := range map[string]string{
		"issuer": config.Issuer, "token_endpoint": config.TokenEndpoint, "revocation_endpoint": config.RevocationEndpoint,
	} {
		if parsed, err := url.Parse(address); err == nil && parsed.Scheme == "http" && !httpstack.IsLoopback(parsed.Hostname()) {
			diags.Append(plaintextRefused(name))
		}
	}
	return diags
}
