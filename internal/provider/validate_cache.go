// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/url"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// goodEncryptionKey is the length of an encryption_key, in bytes, below which there
// is a warning.
const goodEncryptionKey = 16

// validateCache reports attributes of the cache that are missing or have no effect.
func (m providerModel) validateCache(ctx context.Context, client tokensource.ClientConfig) diag.Diagnostics {
	var diags diag.Diagnostics
	model := objectAs[cacheModel](ctx, m.Cache, &diags)
	if model == nil || model.Type.IsUnknown() || !slices.Contains(cacheKinds(), model.kind()) {
		return diags
	}
	at := path.Root("cache")
	if !model.Path.IsNull() && model.kind() != cacheFile {
		diags.AddAttributeError(at.AtName("path"), "Conflicting attributes", "Only a cache of type \"file\" has a path. Remove it, or set type = \"file\".")
	}
	if !model.URL.IsNull() && model.kind() != cacheRedis {
		diags.AddAttributeError(at.AtName("url"), "Conflicting attributes", "Only a cache of type \"redis\" has a url. Remove it, or set type = \"redis\".")
	}
	if model.URL.IsNull() && model.kind() == cacheRedis {
		diags.AddAttributeError(at.AtName("url"), "Missing attribute cache.url", "Set the URL of the Redis server: url = \"rediss://user:password@host:6379\".")
	}
	if !model.EncryptionKey.IsNull() && !model.shared() {
		diags.AddAttributeError(at.AtName("encryption_key"), "Conflicting attributes",
			"A cache of type \""+model.kind()+"\" stays in this process and is not encrypted. Remove encryption_key, or set type = \"file\" or \"redis\".")
	}
	if model.kind() == cacheRedis && bearsPassword(model.URL.ValueString()) {
		diags.AddAttributeWarning(at.AtName("url"), "Redis password in plaintext",
			"With redis:// the password in url crosses the network unencrypted. Use rediss:// if the server supports TLS. "+
				"Tokens are encrypted either way.")
	}
	if length := len(model.EncryptionKey.ValueString()); 0 < length && length < goodEncryptionKey {
		diags.AddAttributeWarning(at.AtName("encryption_key"), "Short encryption_key",
			"A short key can be guessed from a stolen entry. Use random text, preferably 32 bytes: openssl rand -base64 32 makes one.")
	}
	certificate := !m.TLS.IsNull() && !isNullMember(m.TLS, "client_key")
	if model.shared() && model.EncryptionKey.IsNull() && client.NeedsEncryptionKey(certificate) {
		diags.Append(encryptionKeyMissing())
	}
	return diags
}

// bearsPassword reports whether the address of a Redis server has a password that
// would leave this machine unencrypted.
func bearsPassword(text string) bool {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "redis" || httpstack.IsLoopback(address.Hostname()) {
		return false
	}
	_, bears := address.User.Password()
	return bears
}
