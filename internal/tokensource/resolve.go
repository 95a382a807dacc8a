// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// resolve settles what the client leaves open: its token endpoint, its
// authentication method, and what its assertions need to know.
func (s *Source) resolve(ctx context.Context, client Client) (Client, error) {
	if err := s.incomplete(client); err != nil {
		return client, err
	}
	server := &oauth2.Metadata{}
	if client.Issuer != "" && s.needsMetadata(client) {
		var err error
		if server, err = s.Metadata(ctx, client.Issuer); err != nil {
			return client, err
		}
	}
	endpoint, err := s.tokenEndpoint(client, server)
	if err != nil {
		return client, err
	}
	client.Request.Endpoint = endpoint
	client.TokenEndpointAuthMethod, err = client.inferMethod(server.Strings("token_endpoint_auth_methods_supported"), s.certificate)
	if err != nil {
		return client, err
	}
	return s.completeAssertion(client, server)
}

// incomplete reports all at once what is required and not set: an address of the
// server, and what the client authenticates with. No metadata can stand in for it.
func (s *Source) incomplete(client Client) error {
	var absent []string
	if client.Issuer == "" && client.TokenEndpoint == "" {
		absent = append(absent, "token_endpoint")
	}
	method, err := client.inferMethod(nil, s.certificate)
	if err == nil {
		client.TokenEndpointAuthMethod = method
		_, err = client.auth()
	}
	if config, ok := errors.AsType[*ConfigError](err); ok && errors.Is(config, ErrMissing) {
		absent = append(append(absent, config.Attribute), config.Also...)
	}
	if clientauth.UsesCertificate(method) && !s.certificate.present {
		absent = append(absent, "tls.client_certificate")
	}
	if len(absent) == 0 {
		return nil
	}
	return missing(absent[0], absent[1:]...)
}

// needsMetadata tells whether the client leaves something open that the metadata
// may settle.
func (s *Source) needsMetadata(client Client) bool {
	open := client.TokenEndpoint == "" || client.TokenEndpointAuthMethod == ""
	return open || (client.SignedAssertion != nil && client.SignedAssertion.Algorithm == "")
}

// tokenEndpoint is the client's, or else the server's: the one for connections
// with a client certificate where there is such a connection (RFC 8705 section 5).
func (s *Source) tokenEndpoint(client Client, server *oauth2.Metadata) (string, error) {
	if client.TokenEndpoint != "" {
		return client.TokenEndpoint, nil
	}
	endpoint, err := server.EndpointFor("token_endpoint", s.certificate.present)
	if err != nil {
		return "", &ConfigError{Attribute: "issuer", Err: err}
	}
	return endpoint, nil
}

// completeAssertion fills in what the client's assertions need of it and of the
// server. They are for the token endpoint, which most servers expect (RFC 7523
// section 3 permits it and the issuer).
func (s *Source) completeAssertion(client Client, server *oauth2.Metadata) (Client, error) {
	complete := func(signed clientauth.SignedAssertion) clientauth.SignedAssertion {
		signed.ClientID, signed.Now = client.ClientID, s.now
		signed.Supported = server.Strings("token_endpoint_auth_signing_alg_values_supported")
		signed.Audience = cmp.Or(signed.Audience, client.TokenEndpoint, server.Text("token_endpoint"))
		return signed
	}
	if client.TokenEndpointAuthMethod == clientauth.ClientSecretJWT {
		var parts clientauth.SignedAssertion
		if client.SignedAssertion != nil && !client.grants() {
			parts = *client.SignedAssertion
		}
		parts.PrivateKey, parts.ClientSecret = secret.String{}, client.ClientSecret
		client.secretAssertion = complete(parts)
	}
	if client.SignedAssertion != nil {
		signed := complete(*client.SignedAssertion)
		signed.ClientSecret = client.ClientSecret
		client.SignedAssertion = &signed
	}
	if client.FederatedAssertion != nil {
		federated := *client.FederatedAssertion
		federated.Fetch, federated.Now = s.fetchDocument, s.now
		client.FederatedAssertion = &federated
	}
	if !client.grants() {
		return client, client.hasGrant()
	}
	client.Request.Assertion = client.assertion().Assertion
	return client, client.needsAssertion()
}

// metadataLifetime is how long metadata is believed. Runs are mostly shorter.
const metadataLifetime = time.Hour

// Metadata returns the metadata of issuer, fetched once for all who ask. The error
// is a [*DiscoveryError].
func (s *Source) Metadata(ctx context.Context, issuer string) (*oauth2.Metadata, error) {
	slot := tokencache.NewKey().Add("issuer", issuer).Slot()
	entry, err := s.documents.Get(ctx, slot, anyEntry, func(ctx context.Context) (tokencache.Entry, error) {
		metadata, err := s.discover(ctx, issuer)
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
