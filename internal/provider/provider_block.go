// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"math/big"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	ephemeral "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

func (p *oauth2ccProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	attributes := providerAttributes()
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
	resp.Schema = schema.Schema{
		MarkdownDescription: "Gets OAuth 2.0 client credentials tokens from any authorization server.",
		Attributes:          attributes,
	}
}

// providerAttributes are those of the provider block.
func providerAttributes() map[string]schema.Attribute {
	return converted(union(clientAttributes(), connectionAttributes()), providerTypes)
}

// connectionAttributes apply to every request of the provider. Only the provider
// block has them.
func connectionAttributes() map[string]ephemeral.Attribute {
	return map[string]ephemeral.Attribute{
		"tls": tlsAttribute(),
		"proxy_url": sensitive(proxyURL(), "Proxy for all connections (`http`, `https` or `socks5`), with user name and password if it requires them. "+
			"Default: the variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`."),
		"allow_plaintext_http": ephemeral.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Permits `http://` to hosts other than this machine, which sends credentials unencrypted. Default `false`.",
		},
		"timeout": optional(durationFrom(time.Millisecond), "Time limit of each attempt of a request, for example `\"10s\"`. Default `30s`."),
		"max_retries": ephemeral.NumberAttribute{
			Optional: true,
			MarkdownDescription: fmt.Sprintf("How often a request is retried after a transient failure: no connection, no response in time, "+
				"408, 425, 429, or a 5xx other than 501 and 505. Refusals are never retried. Default `%d`; `0` turns retries off. The provider waits "+
				"half a second to ten between attempts, or as long as the server asks (`Retry-After`) if that ends within `timeout` × (`max_retries` + 1) "+
				"of the first attempt; otherwise it fails at once and says when to retry. Requests that may work only once (with a code, a refresh "+
				"token or a `request_body`) are not repeated once they may have arrived.", httpstack.DefaultMaxRetries),
			Validators: []validator.Number{wholeNumber{0, httpstack.LimitMaxRetries}},
		},
		"cache": cacheAttribute(),
	}
}

// tlsAttribute holds the TLS settings.
func tlsAttribute() ephemeral.Attribute {
	return ephemeral.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "TLS settings of all connections. TLS 1.2 or later is required.",
		Attributes: map[string]ephemeral.Attribute{
			"ca_certificate": optional(certificates(), "Certificates to trust in addition to the system's, in PEM."),
			"client_certificate": optional(certificates(), "Client certificate in PEM, followed by those of intermediate authorities. "+
				"It is presented to every server that requests one."),
			"client_key":            sensitive(anyText(), "Private key of `client_certificate`, in PEM (PKCS#1, PKCS#8, SEC 1; encrypted with `client_key_passphrase`)."),
			"client_key_passphrase": sensitive(nonEmpty(), "Passphrase of `client_key`, if it is encrypted."),
			"client_pkcs12": sensitive(nonEmpty(), "Client certificate with its key and those of intermediate authorities, instead of `client_certificate` and `client_key`: "+
				"a PKCS#12 file (`.p12`, `.pfx`) in base64, as `filebase64` reads it."),
			"client_pkcs12_password": sensitive(anyText(), "Password of `client_pkcs12`, if it has one."),
			"server_name":            optional(hostName(), "Name that servers' certificates must have, if not the host in the URL."),
			"insecure_skip_verify": ephemeral.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Accepts any server certificate. Default `false`. Anyone between this machine and the server can then read and change everything: " +
					"use it to try something out, never in a pipeline.",
			},
		},
	}
}

// providerModel holds the provider block.
type providerModel struct {
	clientModel
	connectionModel

	Cache types.Object `tfsdk:"cache"`
}

// connectionModel holds the attributes of connectionAttributes except the cache.
type connectionModel struct {
	TLS                types.Object `tfsdk:"tls"`
	ProxyURL           types.String `tfsdk:"proxy_url"`
	AllowPlaintextHTTP types.Bool   `tfsdk:"allow_plaintext_http"`
	Timeout            types.String `tfsdk:"timeout"`
	MaxRetries         types.Number `tfsdk:"max_retries"`
}

// environmentAttributes lists the attributes that can be set by an environment
// variable.
func environmentAttributes() []string {
	return []string{
		"issuer", "token_endpoint", "revocation_endpoint", "client_id", "client_secret", "token_endpoint_auth_method",
		"proxy_url", "timeout", "max_retries",
	}
}

// environmentVariable is the variable that sets an attribute.
func environmentVariable(attribute string) string { return "OAUTH2CC_" + strings.ToUpper(attribute) }

// readEnvironment returns the client that the environment describes, and sets
// attributes of the connection that the block leaves out. Values in use are
// validated. An empty variable counts as not set, since pipelines often pass those on.
func (m *providerModel) readEnvironment(getenv func(string) string) (clientModel, diag.Diagnostics) {
	var diags diag.Diagnostics
	var environment providerModel
	fields := maps.Collect(fieldsOf(reflect.ValueOf(&environment).Elem()))
	for _, name := range environmentAttributes() {
		text := getenv(environmentVariable(name))
		if text == "" {
			continue
		}
		if _, ok := reflect.TypeAssert[types.String](fields[name]); ok {
			fields[name].Set(reflect.ValueOf(types.StringValue(text)))
		} else if number, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(number) {
			fields[name].Set(reflect.ValueOf(types.NumberValue(big.NewFloat(number))))
		} else if m.MaxRetries.IsNull() {
			diags.Append(variableError(name, "The value is not a number.")...)
		}
	}
	used := providerModel{
		clientModel:     m.overEnvironment(environment.clientModel, hasClientCertificate(m.TLS)),
		connectionModel: overlay(m.connectionModel, environment.connectionModel),
	}
	configured, values := valuesOf(*m), valuesOf(used)
	for _, name := range environmentAttributes() {
		if configured[name].IsNull() && !values[name].IsNull() {
			diags.Append(validateVariable(name, values[name])...)
		}
	}
	m.connectionModel = used.connectionModel
	return environment.clientModel, diags
}

// validateVariable validates the value of a variable like that of its attribute.
func validateVariable(name string, value attr.Value) diag.Diagnostics {
	var diags diag.Diagnostics
	switch attribute := providerAttributes()[name].(type) {
	case schema.StringAttribute:
		for _, rule := range attribute.Validators {
			diags.Append(variableError(name, rule.(stringRule)(value.(types.String).ValueString()))...)
		}
	case schema.NumberAttribute:
		for _, rule := range attribute.Validators {
			diags.Append(variableError(name, rule.(wholeNumber).problem(value.(types.Number)))...)
		}
	}
	return diags
}

// variableError is for an environment variable with an invalid value, empty if there is
// no problem.
func variableError(name, problem string) diag.Diagnostics {
	var diags diag.Diagnostics
	if problem != "" {
		diags.AddAttributeError(path.Root(name), "Invalid value for "+name,
			"The environment variable "+environmentVariable(name)+" is not usable. "+problem)
	}
	return diags
}

// providerData is what blocks need of a configured provider.
type providerData struct {
	// client is what the provider block sets, and environment what the environment
	// sets.
	client, environment clientModel
	// certificate reports that the block has a client certificate.
	certificate bool
	// tokens and http are nil while an attribute of the connection is unknown.
	tokens *tokensource.Source
	http   *httpstack.Client
	// unknown names unknown attributes of the connection, and unknownCache the cache
	// if it is unknown, which requests without a token do not need.
	unknown, unknownCache []string
	cleanup               *Cleanup
	getenv                func(string) string
	now                   func() time.Time
}

// newProviderData builds what the provider block describes. Unknown attributes of
// the connection are an error only once a request needs them.
func (p *oauth2ccProvider) newProviderData(ctx context.Context, model providerModel, environment clientModel) (*providerData, diag.Diagnostics) {
	data := &providerData{
		client:       model.clientModel,
		environment:  environment,
		certificate:  hasClientCertificate(model.TLS),
		unknown:      unknownIn(ctx, valuesOf(model.connectionModel)),
		unknownCache: unknownIn(ctx, map[string]attr.Value{"cache": model.Cache}),
		cleanup:      p.cleanup,
		getenv:       p.getenv,
		now:          p.now,
	}
	if len(data.unknown) > 0 {
		return data, nil
	}
	settings, diags := model.httpConfig()
	if diags.HasError() {
		return nil, diags
	}
	logger := slog.New(logHandler{})
	settings.UserAgent = "terraform-provider-oauth2cc/" + p.version
	settings.Logger, settings.Now = logger, p.now
	stack, err := httpstack.New(settings)
	if err != nil {
		diags.AddError("The connection settings cannot be used", sentence(err.Error()))
		return nil, diags
	}
	config := tokensource.Config{HTTP: stack, Now: p.now, Logger: logger, InsecureSkipVerify: settings.InsecureSkipVerify}
	config.Retries = httpstack.Retries{Max: httpstack.DefaultMaxRetries, Timeout: cmp.Or(settings.Timeout, httpstack.DefaultTimeout), Sleep: p.sleep}
	if !model.MaxRetries.IsNull() {
		config.Retries.Max = int(wholeValue(model.MaxRetries))
	}
	if settings.ClientCertificate != nil {
		config.ClientCertificate = settings.ClientCertificate.Leaf
	}
	if len(data.unknownCache) == 0 {
		cache, found := model.cache(stack.TLSConfig(), settings.ClientCertificate, p.now)
		diags.Append(found...)
		config.Cache = cache
	}
	data.tokens, data.http = tokensource.New(config), stack
	return data, diags
}

// httpConfig maps the attributes of the connection, all of them known.
func (m connectionModel) httpConfig() (httpstack.Config, diag.Diagnostics) {
	timeout, _ := time.ParseDuration(m.Timeout.ValueString()) // validated; null is zero
	certificate, diags := m.clientCertificate()
	return httpstack.Config{
		CACertificates:     textIn(m.TLS, "ca_certificate"),
		ClientCertificate:  certificate,
		ServerName:         textIn(m.TLS, "server_name"),
		InsecureSkipVerify: member[types.Bool](m.TLS, "insecure_skip_verify").ValueBool(),
		ProxyURL:           secret.New(m.ProxyURL.ValueString()),
		AllowPlaintextHTTP: m.AllowPlaintextHTTP.ValueBool(),
		Timeout:            timeout,
	}, diags
}

// tlsName is the name of a member of keyAttributes in the attribute tls.
func tlsName(member string) string { return "client_" + strings.TrimPrefix(member, "private_") }

// hasClientCertificate reports whether the attribute tls has one, or may have once it is known.
func hasClientCertificate(object types.Object) bool {
	return mayHave(object, "client_certificate") || mayHave(object, tlsName(keys.MemberPKCS12))
}

// clientCertificate returns the client certificate with its key, nil if there is none.
func (m connectionModel) clientCertificate() (*tls.Certificate, diag.Diagnostics) {
	at := path.Root("tls")
	diags := validateKey(at, m.TLS, tlsName)
	switch hasText, has := mayHave(m.TLS, "client_certificate"), hasKey(m.TLS, tlsName); {
	case diags.HasError() || !hasText && !has:
		return nil, diags
	case !has:
		diags.AddAttributeError(at.AtName("client_key"), "Missing attribute tls.client_key", "A client certificate needs its key. Set client_key.")
		return nil, diags
	case !hasClientCertificate(m.TLS):
		diags.AddAttributeError(at.AtName("client_certificate"), "Missing attribute tls.client_certificate",
			"A client key needs its certificate. Set client_certificate.")
		return nil, diags
	}
	key, err := keySource(m.TLS, tlsName).Open("")
	if wrong, ok := errors.AsType[*keys.Error](err); ok {
		name := tlsName(wrong.Member)
		diags.AddAttributeError(at.AtName(name), "The client key cannot be used", "In tls."+name+": "+sentence(wrong.Err.Error()))
		return nil, diags
	}
	certificate, err := keys.Pair(textIn(m.TLS, "client_certificate"), key)
	if err != nil {
		diags.AddAttributeError(at.AtName("client_certificate"), "The client certificate cannot be used", sentence(err.Error()))
	}
	return certificate, diags
}

// invalidCertificate is the summary for a client certificate that has expired or is
// not valid yet.
const invalidCertificate = "The client certificate is not valid at this time"

// validateTLS checks the client certificate, as far as it is known. One that is not
// valid at this time is an error only if the client is known to authenticate with it.
func (m providerModel) validateTLS(now time.Time) diag.Diagnostics {
	if m.TLS.IsUnknown() {
		return nil
	}
	for _, name := range []string{keys.MemberPrivateKey, keys.MemberPassphrase, keys.MemberPKCS12, keys.MemberPassword, "certificate"} {
		if member[types.String](m.TLS, tlsName(name)).IsUnknown() {
			return validateKey(path.Root("tls"), m.TLS, tlsName)
		}
	}
	text := member[types.String](m.TLS, "client_certificate")
	if _, err := keys.ParseCertificates(text.ValueString()); err != nil && !text.IsNull() {
		return nil // reported by the attribute's validator
	}
	certificate, diags := m.clientCertificate()
	authenticates := clientauth.UsesCertificate(m.TokenEndpointAuthMethod.ValueString())
	if certificate != nil {
		if err := keys.CheckValidity(certificate.Leaf, now); err != nil {
			add := diags.AddAttributeWarning
			if authenticates {
				add = diags.AddAttributeError
			}
			name := "client_certificate"
			if text.IsNull() {
				name = tlsName(keys.MemberPKCS12)
			}
			add(path.Root("tls").AtName(name), invalidCertificate, sentence(err.Error()))
		}
	} else if authenticates && !diags.HasError() {
		diags.AddAttributeError(path.Root("token_endpoint_auth_method"), "Missing attribute tls.client_certificate", missingRemedy("tls.client_certificate"))
	}
	return diags
}

// validate reports mistakes in the provider block merged over the environment.
func (m providerModel) validate(ctx context.Context) diag.Diagnostics {
	config := m.config(ctx, nil)
	diags := append(configErrors(config.Conflicts(true)), m.validateCache(config)...)
	if m.AllowPlaintextHTTP.ValueBool() || m.AllowPlaintextHTTP.IsUnknown() {
		return diags
	}
	for name, value := range valuesOf(m.serverModel) {
		address, _ := value.(types.String)
		if parsed, err := url.Parse(address.ValueString()); err == nil && parsed.Scheme == "http" && !httpstack.IsLoopback(parsed.Hostname()) {
			diags.AddAttributeError(path.Root(name), plaintextSummary, plaintextRemedy)
		}
	}
	return diags
}
