// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package provider implements the Terraform provider: the schemas, the mapping of
// configuration to [tokensource.ClientConfig], and the diagnostics. It decodes, calls
// package tokensource, and encodes. It sends nothing itself and does not know
// OAuth's protocol.
package provider

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// typeName is the provider's name, and the prefix of its types.
const typeName = "oauth2cc"

// oauth2ccProvider implements the provider. [NewServer] serves one.
type oauth2ccProvider struct {
	version string
	getenv  func(string) string
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
	cleanup *Cleanup
}

var (
	_ provider.Provider                       = (*oauth2ccProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*oauth2ccProvider)(nil)
	_ provider.ProviderWithValidateConfig     = (*oauth2ccProvider)(nil)
	_ provider.ProviderWithActions            = (*oauth2ccProvider)(nil)
	_ provider.ProviderWithFunctions          = (*oauth2ccProvider)(nil)
)

// Option replaces what a provider depends on.
type Option func(*oauth2ccProvider)

// WithGetenv reads environment variables by getenv instead of [os.Getenv].
func WithGetenv(getenv func(string) string) Option {
	return func(p *oauth2ccProvider) { p.getenv = getenv }
}

// WithNow reads the time by now instead of [time.Now].
func WithNow(now func() time.Time) Option {
	return func(p *oauth2ccProvider) { p.now = now }
}

// WithSleep waits between attempts by sleep, which ends with the context, instead of
// by a timer.
func WithSleep(sleep func(context.Context, time.Duration) error) Option {
	return func(p *oauth2ccProvider) { p.sleep = sleep }
}

// WithCleanup registers what the provider opens in cleanup, for the process to close
// when it ends.
func WithCleanup(cleanup *Cleanup) Option {
	return func(p *oauth2ccProvider) { p.cleanup = cleanup }
}

func (p *oauth2ccProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = typeName
	resp.Version = p.version
}

// Variables without effect are not an error: they may serve other configurations.
func (p *oauth2ccProvider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var model providerModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.validateUnused(ctx)...)
	resp.Diagnostics.Append(model.validateTLS(p.now())...)
	environment, diags := model.readEnvironment(p.getenv)
	resp.Diagnostics.Append(diags...)
	environment.TokenEndpointAuthMethod = types.StringNull() // a block may bring credentials that it does not use
	model.clientModel = model.overEnvironment(environment, hasClientCertificate(model.TLS))
	resp.Diagnostics.Append(model.validate(ctx)...)
}

// Configure sends nothing and accepts unknown values, since a block may replace them.
func (p *oauth2ccProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(decode(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	environment, diags := model.readEnvironment(p.getenv)
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

func (p *oauth2ccProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		func() ephemeral.EphemeralResource { return new(tokenEphemeralResource) },
		func() ephemeral.EphemeralResource { return new(tokenFileEphemeralResource) },
		func() ephemeral.EphemeralResource { return new(requestEphemeralResource) },
		func() ephemeral.EphemeralResource { return new(proxyEphemeralResource) },
		func() ephemeral.EphemeralResource { return &jwtEphemeralResource{now: p.now} },
	}
}

func (p *oauth2ccProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return new(tokenDataSource) },
		func() datasource.DataSource { return new(requestDataSource) },
		func() datasource.DataSource { return new(serverMetadataDataSource) },
	}
}

func (p *oauth2ccProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{func() action.Action { return new(requestAction) }}
}

func (p *oauth2ccProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{func() function.Function { return jwtDecodeFunction{} }}
}

// There are no resources: a token cannot be created, compared and destroyed.
func (p *oauth2ccProvider) Resources(context.Context) []func() resource.Resource { return nil }

// logHandler writes to Terraform's log of the context's request, which filters by
// level. The lower packages log to it by log/slog.
type logHandler struct{ attrs []slog.Attr }

func (logHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := map[string]any{}
	add := func(a slog.Attr) bool {
		value := a.Value.Resolve()
		fields[a.Key] = value.Any()
		if value.Kind() == slog.KindDuration { // with its unit
			fields[a.Key] = value.Duration().String()
		}
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	record.Attrs(add)
	switch {
	case record.Level >= slog.LevelError:
		tflog.Error(ctx, record.Message, fields)
	case record.Level >= slog.LevelWarn:
		tflog.Warn(ctx, record.Message, fields)
	case record.Level >= slog.LevelInfo:
		tflog.Info(ctx, record.Message, fields)
	default:
		tflog.Debug(ctx, record.Message, fields)
	}
	return nil
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{slices.Concat(h.attrs, attrs)}
}

// Terraform's log has no groups.
func (h logHandler) WithGroup(string) slog.Handler { return h }
