// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package provider is the face that Terraform sees: schemas, the mapping between
// configuration and [tokensource.Client], and the words in which errors are told
// to a user. It decodes, calls package tokensource, and encodes; it knows nothing
// of OAuth's wire and sends nothing itself.
package provider

import (
	"context"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// typeName is the provider's name, and the prefix of all that it offers.
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

// Option changes what a provider takes from its surroundings.
type Option func(*Provider)

// WithGetenv has environment variables read by getenv instead of [os.Getenv].
func WithGetenv(getenv func(string) string) Option {
	return func(p *Provider) { p.getenv = getenv }
}

// WithNow has the time told by now instead of [time.Now].
func WithNow(now func() time.Time) Option {
	return func(p *Provider) { p.now = now }
}

// WithSleep has the waits before a request is repeated made by sleep, which ends
// with the context, instead of by a timer.
func WithSleep(sleep func(context.Context, time.Duration) error) Option {
	return func(p *Provider) { p.sleep = sleep }
}

// WithCleanup has what the providers open kept in cleanup, for the process to close
// it when it ends.
func WithCleanup(cleanup *Cleanup) Option {
	return func(p *Provider) { p.cleanup = cleanup }
}

// newProvider makes a provider of the given version, with a cache of its own.
func newProvider(version string, options ...Option) *Provider {
	made := &Provider{version: version, getenv: os.Getenv, now: time.Now, cleanup: new(Cleanup)}
	for _, option := range options {
		option(made)
	}
	return made
}

// Metadata implements [provider.Provider].
func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = typeName
	resp.Version = p.version
}

// ValidateConfig implements [provider.ProviderWithValidateConfig]. What the
// environment sets in vain is no mistake: it may serve other configurations.
func (p *Provider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.validateUnused(ctx)...)
	environment, diags := model.readEnvironment(ctx, p.getenv)
	resp.Diagnostics.Append(diags...)
	model.clientModel = model.over(environment, model.hasClientCertificate())
	resp.Diagnostics.Append(model.validate(ctx, p.now())...)
}

// Configure implements [provider.Provider]. It sends nothing and accepts values
// that are not known yet: a token block may replace them, and only a request for
// a token can tell.
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
	return []func() ephemeral.EphemeralResource{newTokenEphemeralResource, newRequestEphemeralResource}
}

// DataSources implements [provider.Provider].
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newTokenDataSource, newRequestDataSource, newServerMetadataDataSource}
}

// Actions implements [provider.ProviderWithActions].
func (p *Provider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{newRequestAction}
}

// Functions implements [provider.ProviderWithFunctions].
func (p *Provider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newJWTDecodeFunction}
}

// Resources implements [provider.Provider]. There are none: a token is nothing
// that Terraform could create, compare and destroy.
func (p *Provider) Resources(context.Context) []func() resource.Resource { return nil }
