// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net/url"
	"slices"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/filestore"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// Values of cache.type: with whom tokens are shared.
const (
	cacheMemory = "memory" // this process
	cacheNone   = "none"   // nobody
	cacheFile   = "file"   // the machine
	cacheRedis  = "redis"  // whoever uses the same Redis
)

// cacheKinds lists the values of cache.type.
func cacheKinds() []string { return []string{cacheMemory, cacheNone, cacheFile, cacheRedis} }

// cacheModel holds the attribute cache.
type cacheModel struct {
	Type          types.String `tfsdk:"type"`
	Path          types.String `tfsdk:"path"`
	URL           types.String `tfsdk:"url"`
	EncryptionKey types.String `tfsdk:"encryption_key"`
}

// kind is the type, where it is known.
func (m cacheModel) kind() string { return cmp.Or(m.Type.ValueString(), cacheMemory) }

// shared tells whether tokens leave the process.
func (m cacheModel) shared() bool { return m.kind() == cacheFile || m.kind() == cacheRedis }

// cache maps the attribute, which is off while it is not known. A store that cannot be opened is a
// warning: then tokens stay in the memory of this process.
func (m providerModel) cache(ctx context.Context, connection *tls.Config, now func() time.Time) (tokensource.Cache, diag.Diagnostics) {
	var diags diag.Diagnostics
	model := objectAs[cacheModel](ctx, m.Cache, &diags)
	if model == nil || len(unknownIn(ctx, map[string]attr.Value{"cache": m.Cache})) > 0 {
		return tokensource.Cache{}, diags
	}
	cache := tokensource.Cache{Off: model.kind() == cacheNone, EncryptionKey: secret.New(model.EncryptionKey.ValueString())}
	if settings := objectAs[tlsModel](ctx, m.TLS, &diags); settings != nil {
		cache.ClientKey = secret.New(settings.ClientKey.ValueString())
	}
	store, err := model.open(connection, now)
	if err != nil {
		diags.Append(cacheWarning(err))
		return cache, diags
	}
	cache.Store = store
	return cache, diags
}

// open opens the store that the attribute names, nil where there is none.
func (m cacheModel) open(connection *tls.Config, now func() time.Time) (tokencache.Store, error) {
	switch m.kind() {
	case cacheFile:
		return openFolder(m.Path.ValueString(), now)
	case cacheRedis:
		return redisstore.Open(redisstore.Config{URL: secret.New(m.URL.ValueString()), TLS: connection})
	default:
		return nil, nil
	}
}

// openFolder opens the cache in a folder, which is one of the user's own where
// none is named.
func openFolder(folder string, now func() time.Time) (tokencache.Store, error) {
	if folder == "" {
		var err error
		if folder, err = filestore.DefaultDir(); err != nil {
			return nil, err
		}
	}
	return filestore.Open(folder, now)
}

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

// encryptionKeyMissing is for a client without a secret to encrypt its tokens with.
func encryptionKeyMissing() diag.DiagnosticWithPath {
	return diag.NewAttributeErrorDiagnostic(path.Root("cache").AtName("encryption_key"), "Missing attribute cache.encryption_key",
		encryptionKeyRemedy)
}

const encryptionKeyRemedy = "A shared cache is encrypted with the client's secret or private key, and this client has none. " +
	"Set encryption_key in cache to random text, the same for all runs that share the cache: openssl rand -base64 32 makes one."

// cacheWarning is for a cache that cannot be used. Tokens are requested without it.
func cacheWarning(err error) diag.Diagnostic {
	found := finding{facts: []string{sentence(err.Error())}, remedy: cacheRemedy(err)}
	if !errors.Is(err, tokencache.ErrDamaged) && !errors.Is(err, tokencache.ErrLocked) { // these two leave it in use
		found.facts = append(found.facts, "Tokens are requested from the server and shared only within this process.")
	}
	return diag.NewWarningDiagnostic("The token cache is unavailable", found.detail())
}

// cacheRemedy says what to do about a cache that cannot be used.
func cacheRemedy(err error) string {
	switch {
	case errors.Is(err, tokencache.ErrDamaged):
		return "A new token was requested and replaces the entry. If this happens again, something else writes to the cache: " +
			"clear it, and use a separate path or Redis user."
	case errors.Is(err, tokencache.ErrLocked):
		return "A token was requested without waiting any longer. Another run has not finished requesting the same token: " +
			"the server may be down or slow, or a terraform process hangs."
	case errors.Is(err, redisstore.ErrDenied):
		return "Check the user and password in cache.url, and that this user has the permissions listed in the guide \"Sharing tokens\"."
	case errors.Is(err, redisstore.ErrFull):
		return "The Redis server accepts no writes. Check its maxmemory, whether it is a replica, and whether it can save to its disk."
	case errors.Is(err, redisstore.ErrTLS):
		return "Check that the server speaks TLS on this port, and that its certificate is for the host in cache.url and issued by an authority " +
			"that this machine trusts or tls.ca_certificate contains. If the server requires a client certificate, set tls.client_certificate."
	case errors.Is(err, redisstore.ErrUnavailable):
		return "Check the host and port in cache.url, that a Redis server runs there, and that no firewall blocks the connection. " +
			"A server that closes the connection may require TLS (a rediss:// URL) or a client certificate (tls.client_certificate)."
	case errors.Is(err, syscall.ENOSPC):
		return "The disk is full. Free some space, or set cache.path to a folder on another disk."
	case errors.Is(err, context.DeadlineExceeded):
		return "The cache responds too slowly. Check its load and the network in between."
	}
	return "Set cache.path to a folder that the user running Terraform can create or write to."
}

// cacheAttribute is about sharing tokens.
func cacheAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "With whom tokens are shared, so that they are requested once. " +
			"The guide [Sharing tokens](https://registry.terraform.io/providers/oauth2cc/oauth2cc/latest/docs/guides/sharing-tokens) tells more.",
		Attributes: map[string]schema.Attribute{
			"type": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "`memory` (default): everything in one Terraform process. `file`: all processes of this machine: plan and apply, " +
					"provider aliases, stacks. `redis`: all machines that use the same Redis or Valkey server. `none`: nothing.",
				Validators: []validator.String{oneOf(cacheKinds()...)},
			},
			"path": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Folder of a `file` cache, made if it is not there. Default: one in the user's cache folder " +
					"(on Linux `~/.cache/terraform-provider-oauth2cc`).",
				Validators: []validator.String{localPath()},
			},
			"url": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Address of the server of a `redis` cache: `rediss://user:password@host:6379/0`, or `redis://` without TLS, " +
					"or `unix://`. The settings of `tls` apply, but for `server_name`.",
				Validators: []validator.String{redisURL()},
			},
			"encryption_key": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Random text, best of 32 bytes, that seals the entries of a `file` or `redis` cache together with the client's secret or private key. " +
					"Required for clients that have neither.",
				Validators: []validator.String{line()},
			},
		},
	}
}

// cacheWarnings warns of a cache that cannot be used, once for all blocks.
func (c *configured) cacheWarnings() diag.Diagnostics {
	if err := c.tokens.CacheErr(); err != nil {
		return diag.Diagnostics{cacheWarning(err)}
	}
	return nil
}
