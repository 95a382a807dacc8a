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
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/command"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// resolve completes a configuration, once for all blocks that have the same.
func (s *Source) resolve(ctx context.Context, config ClientConfig) (*Client, error) {
	cached, err := s.clients.Get(ctx, tokencache.NewEntryKey(&config), anyEntry, func(ctx context.Context) (resolved, error) {
		return s.complete(ctx, config)
	})
	client := cached.Value
	if err == nil && clientauth.UsesCertificate(client.TokenEndpointAuthMethod) { // which may have expired since
		if err := keys.CheckValidity(s.certificate, s.now()); err != nil {
			return nil, &ConfigError{Attribute: "tls.client_certificate", Err: err}
		}
	}
	return client, err
}

// resolved is a client, for as long as the metadata that it follows from are cached.
type resolved = tokencache.Entry[*Client]

// complete finds the token endpoint, chooses the authentication method, and adds what
// assertions contain.
func (s *Source) complete(ctx context.Context, config ClientConfig) (resolved, error) {
	client := config.client()
	client.Connection, client.Metadata = s.connection, &oauth2.Metadata{}
	client.minValidity, client.minShare = config.MinValidity, config.MinShare
	if err := client.checkComplete(config.Server); err != nil {
		return resolved{}, err
	}
	expires := s.now().Add(metadataLifetime)
	open := config.TokenEndpoint == "" || config.TokenEndpointAuthMethod == "" ||
		config.SignedAssertion != nil && config.SignedAssertion.Algorithm == ""
	if config.Issuer != "" && open {
		metadata, err := s.cachedMetadata(ctx, config.Issuer)
		if err != nil {
			return resolved{}, err
		}
		client.Metadata, expires = metadata.Value, metadata.ExpiresAt
	}
	if err := s.completeMethod(&client); err != nil {
		return resolved{}, err
	}
	if err := s.bind(&client); err != nil {
		return resolved{}, err
	}
	client.sender.HTTP, client.sender.Secrets = s.http, client.secrets()
	// Most servers expect the token endpoint (RFC 7523 section 3 permits it and the issuer).
	secretAssertion, err := s.completeAssertions(ctx, &client, cmp.Or(config.TokenEndpoint, client.Metadata.Text("token_endpoint")))
	if err != nil {
		return resolved{}, err
	}
	client.sender.Auth, err = client.clientAuth(secretAssertion)
	client.key = tokencache.NewEntryKey(s.entryInputs(&client))
	return resolved{Value: &client, ExpiresAt: expires}, err
}

// completeMethod adds to a client whose metadata are known where and how it requests tokens.
func (s *Source) completeMethod(client *Client) (err error) {
	if client.Request.Endpoint == "" {
		client.Request.Endpoint, err = client.Metadata.EndpointFor("token_endpoint", s.connection.hasCertificate())
		if err != nil {
			return &ConfigError{Attribute: "issuer", Err: err}
		}
	}
	client.Request.Method = cmp.Or(client.Request.Method, http.MethodPost)
	client.Request.ParametersIn = cmp.Or(client.Request.ParametersIn, oauth2.InForm)
	client.ClientSecretBasicEncoding = cmp.Or(client.ClientSecretBasicEncoding, clientauth.BasicEncodingForm)
	client.TokenEndpointAuthMethod, err = client.inferMethod(client.Metadata.Strings("token_endpoint_auth_methods_supported"))
	if err != nil {
		return err
	}
	if found := client.conflicts(nil); len(found) > 0 {
		return found[0]
	}
	return nil
}

// completeAssertions adds to the client's assertions what they need to know of it and
// of the server. It returns the one that is signed with the client's secret.
func (s *Source) completeAssertions(ctx context.Context, client *Client, audience string) (clientauth.SignedAssertion, error) {
	var secretAssertion clientauth.SignedAssertion
	if client.authAttribute() == signedAttribute {
		secretAssertion = *client.SignedAssertion
	}
	secretAssertion.Key = keys.Source{}
	complete := func(signed clientauth.SignedAssertion) clientauth.SignedAssertion {
		signed.ClientID, signed.ClientSecret, signed.Now = client.ClientID, client.ClientSecret, s.now
		signed.Run = s.runner(client)
		signed.Supported = client.Metadata.Strings("token_endpoint_auth_signing_alg_values_supported")
		signed.Audience = cmp.Or(signed.Audience, audience)
		return signed
	}
	if client.SignedAssertion != nil {
		signed, err := s.opened(ctx, complete(*client.SignedAssertion))
		if err != nil {
			return secretAssertion, &ConfigError{Attribute: signedAttribute, Err: err}
		}
		client.SignedAssertion = &signed
	}
	if client.FederatedAssertion != nil {
		federated := *client.FederatedAssertion
		federated.Fetch, federated.Run, federated.Now = s.fetchDocument, s.runner(client), s.now
		client.FederatedAssertion = &federated
	}
	if grant := client.GrantAttribute(); grant != "" {
		client.Request.Assertion = client.assertion(grant).Assertion
	}
	return complete(secretAssertion), nil
}

// opened returns an assertion with its key decrypted, which is done once for all requests.
func (s *Source) opened(ctx context.Context, signed clientauth.SignedAssertion) (clientauth.SignedAssertion, error) {
	if signed.Key.IsZero() || signed.Key.Command != nil {
		return signed, nil
	}
	type entry = tokencache.Entry[keys.Source]
	name := tokencache.NewEntryKey(struct {
		Key keys.Source
		ID  string
	}{signed.Key, signed.KeyID})
	cached, err := s.keys.Get(ctx, name, anyEntry, func(context.Context) (entry, error) {
		opened, err := signed.Opened()
		return entry{Value: opened.Key, ExpiresAt: s.now().Add(identityLifetime)}, err
	})
	signed.Key = cached.Value
	return signed, err
}

// runner runs a client's commands one at a time.
func (s *Source) runner(client *Client) func(ctx context.Context, argv []string, stdin []byte) ([]byte, error) {
	var commands [][]string
	if client.SignedAssertion != nil {
		commands = append(commands, client.SignedAssertion.Key.Command)
	}
	if federated := client.FederatedAssertion; federated != nil && federated.Command != nil {
		commands = append(commands, federated.Command.Arguments)
	}
	name := fmt.Sprintf("%q %q", client.ClientID, commands)
	queue, _ := s.queues.LoadOrStore(name, command.NewQueue(s.retries.Timeout))
	secrets := client.secrets()
	return func(ctx context.Context, argv []string, stdin []byte) ([]byte, error) {
		return queue.(*command.Queue).Run(ctx, argv, stdin, secrets...) //nolint:forcetypeassert // it has no others
	}
}

// secrets are those that a command may print and a server may echo.
func (c *Client) secrets() []secret.String {
	secrets := slices.AppendSeq([]secret.String{c.ClientSecret, c.DPoPPrivateKey}, maps.Values(c.Request.Parameters))
	return slices.AppendSeq(secrets, maps.Values(c.Request.Headers))
}

// WithCommands returns an assertion whose command, if it has one, runs like those of clients.
func (s *Source) WithCommands(signed clientauth.SignedAssertion) clientauth.SignedAssertion {
	signed.Run = s.runner(&Client{Credentials: Credentials{SignedAssertion: &signed}})
	return signed
}

func (s *Source) fetchDocument(ctx context.Context, request oauth2.DocumentRequest) ([]byte, error) {
	return retry(ctx, s, repeatableMethod(request.Method).decide, func() ([]byte, error) {
		return oauth2.FetchDocument(ctx, s.http, request)
	})
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

// revocationEndpoint is the configured one, or else that of the metadata.
func (s *Source) revocationEndpoint(ctx context.Context, server Server) (string, error) {
	if server.RevocationEndpoint != "" {
		return server.RevocationEndpoint, nil
	}
	if server.Issuer == "" {
		return "", missingError("revocation_endpoint")
	}
	metadata, err := s.Metadata(ctx, server.Issuer)
	if err != nil {
		return "", err
	}
	endpoint, err := metadata.EndpointFor("revocation_endpoint", s.connection.hasCertificate())
	if err != nil {
		return "", &ConfigError{Attribute: "revocation_endpoint", Err: err}
	}
	return endpoint, nil
}

func (c Connection) hasCertificate() bool { return c.CertificateThumbprint != "" }

// metadataLifetime is how long metadata is cached. Most runs are shorter.
const metadataLifetime = time.Hour

// Metadata returns the metadata of issuer, which is fetched once for all callers and
// must not be changed. The error wraps an [*oauth2.MetadataError].
func (s *Source) Metadata(ctx context.Context, issuer string) (*oauth2.Metadata, error) {
	cached, err := s.cachedMetadata(ctx, issuer)
	return cached.Value, err
}

func (s *Source) cachedMetadata(ctx context.Context, issuer string) (tokencache.Entry[*oauth2.Metadata], error) {
	type entry = tokencache.Entry[*oauth2.Metadata]
	return s.metadata.Get(ctx, tokencache.NewEntryKey(issuer), anyEntry, func(ctx context.Context) (entry, error) {
		metadata, err := retry(ctx, s, always.decide, func() (*oauth2.Metadata, error) {
			return oauth2.Discover(ctx, s.http, issuer)
		})
		return entry{Value: metadata, ExpiresAt: s.now().Add(metadataLifetime)}, err
	})
}
