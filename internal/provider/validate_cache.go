// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// goodEncryptionKey is how long an encryption_key should be, in bytes.
const goodEncryptionKey = 16

// validateCache finds attributes of the cache that are missing or have no effect.
func (m providerModel) validateCache(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	model := objectAs[cacheModel](ctx, m.Cache, &diags)
	if model == nil || model.Type.IsUnknown() {
		return diags
	}
	at := path.Root("cache")
	if !model.Path.IsNull() && model.kind() != cacheFile {
		diags.AddAttributeError(at.AtName("path"), "Contradicting attributes", "A path is that of a cache of the type \"file\". Remove it, or set type = \"file\".")
	}
	if !model.URL.IsNull() && model.kind() != cacheRedis {
		diags.AddAttributeError(at.AtName("url"), "Contradicting attributes", "A url is that of a cache of the type \"redis\". Remove it, or set type = \"redis\".")
	}
	if model.URL.IsNull() && model.kind() == cacheRedis {
		diags.AddAttributeError(at.AtName("url"), "Missing attribute cache.url", "Set the address of the Redis server: url = \"rediss://user:password@host:6379\".")
	}
	if !model.EncryptionKey.IsNull() && !model.shared() {
		diags.AddAttributeError(at.AtName("encryption_key"), "Contradicting attributes",
			"A cache of the type \""+model.kind()+"\" stays in this process and is not encrypted. Remove encryption_key, or set type = \"file\" or \"redis\".")
	}
	if model.kind() == cacheRedis && bearsPassword(model.URL.ValueString()) {
		diags.AddAttributeWarning(at.AtName("url"), "Redis password in plaintext",
			"With redis:// the password in url crosses the network for everyone to read. Use rediss:// where the server speaks TLS. "+
				"The tokens are sealed in either case.")
	}
	if length := len(model.EncryptionKey.ValueString()); 0 < length && length < goodEncryptionKey {
		diags.AddAttributeWarning(at.AtName("encryption_key"), "Short encryption_key",
			"It could be found out by trying it on a stolen entry. openssl rand -base64 32 makes a good one.")
	}
	if model.shared() && model.EncryptionKey.IsNull() && m.hasNoSecret() {
		diags.Append(encryptionKeyMissing())
	}
	return diags
}

// bearsPassword tells whether the address of a Redis server has a password, which
// would leave this machine in plaintext.
func bearsPassword(text string) bool {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "redis" || httpstack.IsLoopback(address.Hostname()) {
		return false
	}
	_, bears := address.User.Password()
	return bears
}

// hasNoSecret tells whether the client of the provider block is of those that have
// neither a secret nor a private key, as far as is known. The key of a client
// certificate counts where the certificate is the client's proof.
func (m providerModel) hasNoSecret() bool {
	if !m.ClientSecret.IsNull() || !m.SignedAssertion.IsNull() || m.TokenEndpointAuthMethod.IsUnknown() {
		return false
	}
	method := m.TokenEndpointAuthMethod.ValueString()
	if method == clientauth.None {
		return true
	}
	grants := m.GrantType.IsUnknown() || m.GrantType.ValueString() == tokensource.GrantJWTBearer
	certificate := !m.TLS.IsNull() && !isNullMember(m.TLS, "client_key")
	return !m.FederatedAssertion.IsNull() && (!grants || !certificate)
}
