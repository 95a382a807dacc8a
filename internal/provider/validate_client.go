// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/url"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

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

// conflictErrors words what the rules about a client find.
func conflictErrors(found []*tokensource.ConfigError, from kind) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, conflict := range found {
		diags.Append(describeConfig(conflict).diagnostic(from))
	}
	return diags
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
