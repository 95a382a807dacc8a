// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"context"
	"encoding/json"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// resolve settles what the client leaves open: its token endpoint and its
// authentication method.
func (s *Source) resolve(ctx context.Context, client Client) (Client, error) {
	var supported []string
	client.Request.Endpoint = client.TokenEndpoint
	if client.Issuer != "" && (client.TokenEndpoint == "" || client.TokenEndpointAuthMethod == "") {
		metadata, err := s.Metadata(ctx, client.Issuer)
		if err != nil {
			return client, err
		}
		supported = metadata.Strings("token_endpoint_auth_methods_supported")
		if client.TokenEndpoint == "" {
			if client.Request.Endpoint, err = metadata.Endpoint("token_endpoint"); err != nil {
				return client, &ConfigError{Attribute: "issuer", Err: err}
			}
		}
	}
	if client.Request.Endpoint == "" {
		return client, missing("token_endpoint")
	}
	var err error
	client.TokenEndpointAuthMethod, err = client.inferMethod(supported)
	return client, err
}

// metadataLifetime is how long metadata is believed. Runs are mostly shorter.
const metadataLifetime = time.Hour

// Metadata returns the metadata of issuer, fetched once for all who ask. The error
// is a [*DiscoveryError].
func (s *Source) Metadata(ctx context.Context, issuer string) (*oauth2.Metadata, error) {
	always := func(tokencache.Entry) bool { return true }
	entry, err := s.documents.Get(ctx, issuer, always, func(ctx context.Context) (tokencache.Entry, error) {
		metadata, err := oauth2.Discover(ctx, s.http, issuer)
		if err != nil {
			return tokencache.Entry{}, &DiscoveryError{err}
		}
		data, err := json.Marshal(metadata)
		return tokencache.Entry{Data: data, ExpiresAt: s.now().Add(metadataLifetime)}, err
	})
	if err != nil {
		return nil, err
	}
	return oauth2.UnmarshalMetadata(entry.Data)
}
