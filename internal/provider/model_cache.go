// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"crypto/tls"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

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
