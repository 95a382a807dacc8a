// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package provider implements the Terraform provider: the schemas, the mapping of
// configuration to [tokensource.ClientConfig], and the diagnostics. It decodes, calls
// package tokensource, and encodes. It sends nothing itself and does not know
// OAuth's protocol.
package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// typeName is the provider's name, and the prefix of its types.
const typeName = "oauth2cc"

// Provider implements the provider. [NewServer] serves one.
type Provider struct {
	version string
	getenv  func(string) string
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
	cleanup *Cleanup
}

var (
	_ provider.Provider                       = (*Provider)(nil)
	_ provider.ProviderWithEphemeralResources = (*Provider)(nil)
	_ provider.ProviderWithValidateConfig     = (*Provider)(nil)
	_ provider.ProviderWithActions            = (*Provider)(nil)
	_ provider.ProviderWithFunctions          = (*Provider)(nil)
)

// Option replaces what a provider depends on.
type Option func(*Provider)

// WithGetenv reads environment variables by getenv instead of [os.Getenv].
func WithGetenv(getenv func(string) string) Option {
	return func(p *Provider) { p.getenv = getenv }
}

// WithNow reads the time by now instead of [time.Now].
func WithNow(now func() time.Time) Option {
	return func(p *Provider) { p.now = now }
}

// WithSleep waits between attempts by sleep, which ends with the context, instead of
// by a timer.
func WithSleep(sleep func(context.Context, time.Duration) error) Option {
	return func(p *Provider) { p.sleep = sleep }
}

// WithCleanup registers what the provider opens in cleanup, for the process to close
// when it ends.
func WithCleanup(cleanup *Cleanup) Option {
	return func(p *Provider) { p.cleanup = cleanup }
}

// Metadata implements [provider.Provider].
func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = typeName
	resp.Version = p.version
}

// ValidateConfig implements [provider.ProviderWithValidateConfig]. Variables without
// effect are not an error: they may serve other configurations.
func (p *Provider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.validateUnused(ctx)...)
	resp.Diagnostics.Append(model.validateTLS(ctx, p.now())...)
	environment, diags := model.readEnvironment(ctx, p.getenv)
	resp.Diagnostics.Append(diags...)
	environment.TokenEndpointAuthMethod = types.StringNull() // a block may bring credentials that it does not use
	model.clientModel = model.overEnvironment(environment, model.hasClientCertificate())
	resp.Diagnostics.Append(model.validate(ctx)...)
}

// Configure implements [provider.Provider]. It sends nothing and accepts unknown
// values, since a block may replace them.
func (p *Provider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	environment, diags := model.readEnvironment(ctx, p.getenv)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	data, diags := p.newProviderData(ctx, model, environment)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.EphemeralResourceData = data
	resp.DataSourceData = data
	resp.ActionData = data
}

// EphemeralResources implements [provider.ProviderWithEphemeralResources].
func (p *Provider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		func() ephemeral.EphemeralResource { return new(tokenEphemeralResource) },
		func() ephemeral.EphemeralResource { return new(requestEphemeralResource) },
	}
}

// DataSources implements [provider.Provider].
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return new(tokenDataSource) },
		func() datasource.DataSource { return new(requestDataSource) },
		func() datasource.DataSource { return new(serverMetadataDataSource) },
	}
}

// Actions implements [provider.ProviderWithActions].
func (p *Provider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{func() action.Action { return new(requestAction) }}
}

// Functions implements [provider.ProviderWithFunctions].
func (p *Provider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{func() function.Function { return jwtDecodeFunction{} }}
}

// Resources implements [provider.Provider]. There are none: a token cannot be created,
// compared and destroyed.
func (p *Provider) Resources(context.Context) []func() resource.Resource { return nil }
