// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// resolve settles what the configuration leaves open: the token endpoint, the
// authentication method, and what assertions need to know.
func (s *Source) resolve(ctx context.Context, config ClientConfig) (Client, error) {
	client := Client{
		Credentials: config.Credentials,
		Request:     config.Request,
		Connection:  s.connection,
		minValidity: config.MinValidity,
		Origins:     config.Origins,
	}
	if err := client.incomplete(config.Server); err != nil {
		return client, err
	}
	metadata := &oauth2.Metadata{}
	if config.Issuer != "" && needsMetadata(config) {
		var err error
		if metadata, err = s.Metadata(ctx, config.Issuer); err != nil {
			return client, err
		}
	}
	client.Metadata = metadata
	var err error
	if client.Request.Endpoint, err = s.tokenEndpoint(config.Server, metadata); err != nil {
		return client, err
	}
	client.Request.Method = cmp.Or(client.Request.Method, http.MethodPost)
	client.Request.ParametersIn = cmp.Or(client.Request.ParametersIn, oauth2.InForm)
	client.ClientSecretBasicEncoding = cmp.Or(client.ClientSecretBasicEncoding, clientauth.BasicEncodingForm)
	client.TokenEndpointAuthMethod, err = client.inferMethod(metadata.Strings("token_endpoint_auth_methods_supported"))
	if err != nil {
		return client, err
	}
	if found := client.conflicts(nil); len(found) > 0 {
		return client, found[0]
	}
	if clientauth.UsesCertificate(client.TokenEndpointAuthMethod) {
		if err := clientauth.CheckValidity(s.certificate, s.now()); err != nil {
			return client, &ConfigError{Attribute: "tls.client_certificate", Err: err}
		}
	}
	return s.completeAssertions(client, cmp.Or(config.TokenEndpoint, metadata.Text("token_endpoint")),
		metadata.Strings("token_endpoint_auth_signing_alg_values_supported"))
}

// incomplete reports all at once what is required and not set: an address of the
// server, and what the client authenticates with. No metadata can stand in for it.
func (c Client) incomplete(server Server) error {
	var absent []string
	if server.Issuer == "" && server.TokenEndpoint == "" {
		absent = append(absent, "token_endpoint")
	}
	method, err := c.inferMethod(nil)
	if err == nil {
		c.TokenEndpointAuthMethod = method
		_, err = c.auth()
	}
	if config, ok := errors.AsType[*ConfigError](err); ok && errors.Is(config, ErrMissing) {
		absent = append(append(absent, config.Attribute), config.Also...)
	}
	if clientauth.UsesCertificate(method) && !c.Connection.hasCertificate() {
		absent = append(absent, "tls.client_certificate")
	}
	if len(absent) == 0 {
		return nil
	}
	return missing(absent[0], absent[1:]...)
}

// needsMetadata reports whether the configuration leaves something open that the
// metadata may settle.
func needsMetadata(config ClientConfig) bool {
	open := config.TokenEndpoint == "" || config.TokenEndpointAuthMethod == ""
	return open || (config.SignedAssertion != nil && config.SignedAssertion.Algorithm == "")
}

// tokenEndpoint is the configured one, or else that of the metadata: the alias for
// connections with a client certificate where there is one (RFC 8705 section 5).
func (s *Source) tokenEndpoint(server Server, metadata *oauth2.Metadata) (string, error) {
	if server.TokenEndpoint != "" {
		return server.TokenEndpoint, nil
	}
	endpoint, err := metadata.EndpointFor("token_endpoint", s.connection.hasCertificate())
	if err != nil {
		return "", &ConfigError{Attribute: "issuer", Err: err}
	}
	return endpoint, nil
}

// completeAssertions adds what the client's assertions need to know of it and of
// the server. They are for the token endpoint, which most servers expect (RFC 7523
// section 3 permits it and the issuer).
func (s *Source) completeAssertions(client Client, audience string, algorithms []string) (Client, error) {
	complete := func(signed clientauth.SignedAssertion) clientauth.SignedAssertion {
		signed.ClientID, signed.ClientSecret, signed.Now, signed.Supported = client.ClientID, client.ClientSecret, s.now, algorithms
		signed.Audience = cmp.Or(signed.Audience, audience)
		// The line breaks around a key differ between machines, as they read it.
		signed.PrivateKey = secret.New(trimmed(signed.PrivateKey))
		return signed
	}
	if client.TokenEndpointAuthMethod == clientauth.ClientSecretJWT {
		var parts clientauth.SignedAssertion
		if client.SignedAssertion != nil && !client.grants() {
			parts = *client.SignedAssertion
		}
		parts.PrivateKey = secret.String{}
		client.secretAssertion = complete(parts)
	}
	if client.SignedAssertion != nil {
		signed := complete(*client.SignedAssertion)
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

// newConnection describes the connections of a source. The certificate may be nil.
func newConnection(certificate *x509.Certificate, insecureSkipVerify bool) Connection {
	connection := Connection{InsecureSkipVerify: insecureSkipVerify}
	if certificate != nil {
		thumbprint := sha256.Sum256(certificate.Raw)
		connection.CertificateThumbprint = hex.EncodeToString(thumbprint[:])
		connection.SelfSigned = bytes.Equal(certificate.RawSubject, certificate.RawIssuer)
	}
	return connection
}

func (c Connection) hasCertificate() bool { return c.CertificateThumbprint != "" }

// metadataLifetime is how long metadata is believed. Runs are mostly shorter.
const metadataLifetime = time.Hour

// Metadata returns the metadata of issuer, fetched once for all who ask. The error
// is a [*DiscoveryError].
func (s *Source) Metadata(ctx context.Context, issuer string) (*oauth2.Metadata, error) {
	entry, err := s.documents.Get(ctx, tokencache.NewEntryKey(issuer), anyEntry, func(ctx context.Context) (tokencache.Entry, error) {
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
