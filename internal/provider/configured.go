// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// configured is what a provider block amounts to: the client that token blocks
// build on, and the source that all of them share.
type configured struct {
	client clientModel
	// tokens is nil while an attribute of the connection is unknown.
	tokens   *tokensource.Source
	unknown  []string
	sessions sessions
	now      func() time.Time
}

// newConfigured builds the source that the provider block describes. Attributes
// of the connection that are not known yet are remembered for the error that
// the first request for a token has to be.
func newConfigured(ctx context.Context, model providerModel, version string, now func() time.Time) (*configured, diag.Diagnostics) {
	result := &configured{client: model.clientModel, now: now, unknown: unknownIn(ctx, model.connectionByName())}
	if len(result.unknown) > 0 {
		return result, nil
	}
	settings, diags := model.httpConfig(ctx)
	if diags.HasError() {
		return nil, diags
	}
	logger := newLogger()
	settings.UserAgent = "terraform-provider-oauth2cc/" + version
	settings.Logger, settings.Now = logger, now
	stack, err := httpstack.New(settings)
	if err != nil {
		diags.AddError("The connection settings cannot be used", sentence(err.Error()))
		return nil, diags
	}
	result.tokens = tokensource.New(tokensource.Config{HTTP: stack, Now: now, Logger: logger})
	return result, diags
}

// httpConfig maps the attributes of the connection, all of them known.
func (m providerModel) httpConfig(ctx context.Context) (httpstack.Config, diag.Diagnostics) {
	var diags diag.Diagnostics
	config := httpstack.Config{
		ProxyURL:           secret.New(m.ProxyURL.ValueString()),
		AllowPlaintextHTTP: m.AllowPlaintextHTTP.ValueBool(),
	}
	if !m.TLS.IsNull() {
		var tls tlsModel
		diags.Append(m.TLS.As(ctx, &tls, basetypes.ObjectAsOptions{})...)
		config.CACertificates = tls.CACertificate.ValueString()
	}
	if !m.Timeout.IsNull() {
		timeout, err := time.ParseDuration(m.Timeout.ValueString())
		if err != nil {
			diags.AddAttributeError(path.Root("timeout"), "Invalid duration", "Write it like \"30s\" or \"2m\".")
		}
		config.Timeout = timeout
	}
	return config, diags
}

// effective returns the client that a token block asks for, laid over the provider
// block. Values that are not known, and contradictions between the two, are
// errors.
func (c *configured) effective(ctx context.Context, block clientModel, from kind) (tokensource.Client, diag.Diagnostics) {
	var diags diag.Diagnostics
	laid := block.over(c.client)
	unknown := append(unknownIn(ctx, laid.byName()), c.unknown...)
	if len(unknown) > 0 {
		diags.Append(unknownError(unknown, from))
		return tokensource.Client{}, diags
	}
	diags.Append(laid.validateWire()...)
	return laid.client(), diags
}

// open begins a session for a token block. It adds a warning where the token is
// not what the block hopes for.
func (c *configured) open(ctx context.Context, request tokenRequest, from kind) (*tokensource.Session, diag.Diagnostics) {
	client, diags := c.effective(ctx, request.client, from)
	if diags.HasError() {
		return nil, diags
	}
	client.MinValidity = request.minValidity
	session, err := c.tokens.Open(ctx, client, request.own)
	if err != nil {
		diags.Append(tokenError(err, from))
		return nil, diags
	}
	diags.Append(c.warnings(session.Token(), client)...)
	return session, diags
}

// tokenRequest is what a token block asks for.
type tokenRequest struct {
	client clientModel
	// minValidity is nil where the block names none.
	minValidity *time.Duration
	// own asks for a token that is nobody else's and is revoked in the end.
	own bool
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
