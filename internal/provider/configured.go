// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

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

// open begins a session for a token block. It adds a warning where the token is
// not what the block hopes for.
func (c *configured) open(ctx context.Context, request tokenRequest, from kind) (*tokensource.Session, diag.Diagnostics) {
	client, diags := c.effective(ctx, request.client, from)
	if diags.HasError() {
		return nil, diags
	}
	client.MinValidity = request.minValidity
	session, err := c.tokens.Open(ctx, client, request.own)
	diags.Append(c.cacheTrouble()...)
	if err != nil {
		diags.Append(tokenError(err, from))
		return nil, diags
	}
	diags.Append(c.warnings(session.Token(), client)...)
	diags.Append(missingScopes(session)...)
	return session, diags
}

// cacheTrouble warns of a cache that cannot be used, once for all blocks.
func (c *configured) cacheTrouble() diag.Diagnostics {
	if err := c.tokens.Trouble(); err != nil {
		return diag.Diagnostics{cacheWarning(err)}
	}
	return nil
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
