// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/filestore"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// Values of cache.type.
const (
	cacheMemory = "memory"
	cacheNone   = "none"
	cacheFile   = "file"
	cacheRedis  = "redis"
)

// cacheTypes lists the values of cache.type.
func cacheTypes() []string { return []string{cacheMemory, cacheNone, cacheFile, cacheRedis} }

// cacheAttribute says how tokens are shared.
func cacheAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "How tokens are shared, so that each is requested once. " +
			"See the guide [Sharing tokens](https://registry.terraform.io/providers/oauth2cc/oauth2cc/latest/docs/guides/sharing-tokens).",
		Attributes: map[string]schema.Attribute{
			"type": optional(oneOf(cacheTypes()...), "`memory` (default) shares tokens within one Terraform process, `file` among all processes of this machine (plan and apply, "+
				"provider aliases, stacks), `redis` among all machines that use the same Redis or Valkey server. `none` shares nothing."),
			"path": optional(localPath(), "Folder of a `file` cache, created if it does not exist. Default: a folder in the user's cache folder "+
				"(on Linux `~/.cache/terraform-provider-oauth2cc`)."),
			"url": sensitive(redisURL(), "URL of the server of a `redis` cache: `rediss://user:password@host:6379/0`, `redis://` without TLS, "+
				"or `unix://`. Redis Cluster: `rediss+cluster://user:password@host:6379,host:6379`. Sentinel: `rediss+sentinel://user:password@host:26379,host:26379/master-name/0`. "+
				"The settings of `tls` apply, except `server_name`."),
			"encryption_key": sensitive(line(), "Random text, preferably 32 bytes, that encrypts the entries of a `file` or `redis` cache together with the client's secret or private key. "+
				"Required for clients that have neither."),
		},
	}
}

// cacheType is the type, if it is known.
func (m providerModel) cacheType() string { return cmp.Or(textIn(m.Cache, "type"), cacheMemory) }

// sharesTokens reports whether tokens leave the process.
func (m providerModel) sharesTokens() bool {
	return m.cacheType() == cacheFile || m.cacheType() == cacheRedis
}

// cache maps the attribute, all of it known. A store that cannot be opened is a
// warning; tokens then stay in the memory of this process.
func (m providerModel) cache(connection *tls.Config, certificate *tls.Certificate, now func() time.Time) (tokensource.Cache, diag.Diagnostics) {
	store, err := m.openStore(connection, now)
	var diags diag.Diagnostics
	if err != nil {
		store = nil // not a nil pointer to one
		diags.Append(cacheWarning(err))
	}
	var clientKey secret.String
	if certificate != nil {
		clientKey, _ = keys.PKCS8(certificate.PrivateKey) // of a kind that was read
	}
	return tokensource.Cache{
		Off:           m.cacheType() == cacheNone,
		Store:         store,
		EncryptionKey: secret.New(textIn(m.Cache, "encryption_key")),
		ClientKey:     clientKey,
	}, diags
}

// openStore opens the store that the attribute names, nil if it names none.
func (m providerModel) openStore(connection *tls.Config, now func() time.Time) (tokencache.Store, error) {
	switch m.cacheType() {
	case cacheFile:
		folder, err := textIn(m.Cache, "path"), error(nil)
		if folder == "" {
			folder, err = filestore.DefaultDir()
		}
		if err != nil {
			return nil, err
		}
		return filestore.Open(folder, now)
	case cacheRedis:
		return redisstore.Open(redisstore.Config{URL: secret.New(textIn(m.Cache, "url")), TLS: connection})
	default:
		return nil, nil
	}
}

// validateCache reports attributes of the cache that are missing or have no effect.
func (m providerModel) validateCache(client tokensource.ClientConfig) diag.Diagnostics {
	var diags diag.Diagnostics
	kind := m.cacheType()
	if !isKnown(m.Cache) || member[types.String](m.Cache, "type").IsUnknown() || !slices.Contains(cacheTypes(), kind) {
		return diags
	}
	at := path.Root("cache")
	if mayHave(m.Cache, "path") && kind != cacheFile {
		diags.AddAttributeError(at.AtName("path"), "Conflicting attributes", "Only a cache of type \"file\" has a path. Remove it, or set type = \"file\".")
	}
	if mayHave(m.Cache, "url") && kind != cacheRedis {
		diags.AddAttributeError(at.AtName("url"), "Conflicting attributes", "Only a cache of type \"redis\" has a url. Remove it, or set type = \"redis\".")
	}
	if !mayHave(m.Cache, "url") && kind == cacheRedis {
		diags.AddAttributeError(at.AtName("url"), "Missing attribute cache.url", "Set the URL of the Redis server: url = \"rediss://user:password@host:6379\".")
	}
	if kind == cacheRedis && sendsPassword(textIn(m.Cache, "url")) {
		diags.AddAttributeWarning(at.AtName("url"), "Redis password in plaintext",
			"Without TLS the password in url crosses the network unencrypted. If the server supports TLS, use rediss:// "+
				"(rediss+cluster://, rediss+sentinel://). Tokens are encrypted either way.")
	}
	if mayHave(m.Cache, "encryption_key") && !m.sharesTokens() {
		diags.AddAttributeError(at.AtName("encryption_key"), "Conflicting attributes",
			"A cache of type \""+kind+"\" stays in this process and is not encrypted. Remove encryption_key, or set type = \"file\" or \"redis\".")
	}
	if length := len(textIn(m.Cache, "encryption_key")); 0 < length && length < 16 {
		diags.AddAttributeWarning(at.AtName("encryption_key"), "Short encryption_key",
			"A short key can be guessed from a stolen entry. Use random text, preferably 32 bytes: openssl rand -base64 32 makes one.")
	}
	if m.sharesTokens() && client.DPoPBoundAccessTokens && m.DPoPPrivateKey.IsNull() {
		diags.AddAttributeWarning(at, "Bound tokens are not shared",
			"Without dpop_private_key, tokens are bound to a key that ends with the provider's process, so they stay in it. "+
				"Set dpop_private_key to share them in the cache.")
	}
	if m.sharesTokens() && !mayHave(m.Cache, "encryption_key") && client.NeedsEncryptionKey(hasKey(m.TLS, tlsName)) {
		diags.AddAttributeError(at.AtName("encryption_key"), "Missing attribute cache.encryption_key", encryptionKeyRemedy)
	}
	return diags
}

// sendsPassword reports whether the URL of Redis servers has a password that would leave
// this machine unencrypted.
func sendsPassword(text string) bool {
	return slices.ContainsFunc(redisstore.PlaintextHosts(text), func(host string) bool { return !httpstack.IsLoopback(host) })
}

// encryptionKeyRemedy is for a client without a secret to encrypt its tokens with.
const encryptionKeyRemedy = "A shared cache is encrypted with the client's secret or private key, and this client has none. " +
	"Set encryption_key in cache to random text, the same for all runs that share the cache: openssl rand -base64 32 makes one."

// cacheWarnings warns of a cache that cannot be used, once for all blocks.
func (d *providerData) cacheWarnings() diag.Diagnostics {
	if err := d.tokens.CacheErr(); err != nil {
		return diag.Diagnostics{cacheWarning(err)}
	}
	return nil
}

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
		return "Check that the server speaks TLS on this port, and that its certificate is for the host in cache.url (for the nodes of a cluster and " +
			"the master of Sentinels: for the address that they announce) and issued by an authority " +
			"that this machine trusts or tls.ca_certificate contains. If the server requires a client certificate, set tls.client_certificate."
	case errors.Is(err, redisstore.ErrTopology):
		return "Set cache.url to redis:// or rediss:// for one server, to redis+cluster:// or rediss+cluster:// for Redis Cluster, " +
			"and to redis+sentinel:// or rediss+sentinel:// for Sentinel, with the Sentinels' ports (26379) and the name they have for the master."
	case errors.Is(err, redisstore.ErrNotReady):
		return "The server is starting, or a fail-over has not finished. If this lasts, check the server's log, and of a cluster the state in " +
			"\"redis-cli cluster info\"."
	case errors.Is(err, redisstore.ErrUnavailable):
		return "Check the host and port in cache.url, that a Redis server runs there, and that no firewall blocks the connection. " +
			"The addresses that a cluster or Sentinel announces must be reachable from this machine too. A server that closes the connection may require TLS (a rediss:// URL) or a client certificate (tls.client_certificate)."
	case errors.Is(err, syscall.ENOSPC):
		return "The disk is full. Free some space, or set cache.path to a folder on another disk."
	case errors.Is(err, context.DeadlineExceeded):
		return "The cache responds too slowly. Check its load and the network in between."
	}
	return "Set cache.path to a folder that the user running Terraform can create or write to."
}
