// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/dpop"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// GrantClientCredentials is the grant that needs only the client (RFC 6749 section
// 4.4).
const GrantClientCredentials = "client_credentials"

// Server is an authorization server. Its fields belong together and come from one
// source: credentials meant for one server must not reach another's endpoints.
type Server struct {
	// Issuer's metadata supplies what the other fields leave open.
	Issuer string
	// TokenEndpoint takes precedence over the metadata.
	TokenEndpoint string
	// RevocationEndpoint takes precedence over the metadata. It is only needed to
	// revoke.
	RevocationEndpoint string
}

// Credentials identify and authenticate a client.
type Credentials struct {
	ClientID     string
	ClientSecret secret.String
	// TokenEndpointAuthMethod is one of [clientauth.Methods], or empty to infer it.
	TokenEndpointAuthMethod string
	// ClientSecretBasicEncoding is one of [clientauth.BasicEncodings], or empty.
	ClientSecretBasicEncoding string
	// SignedAssertion has this client sign assertions, and FederatedAssertion the
	// platform it runs on. [Source] adds what they need to know of the client and the
	// server.
	SignedAssertion    *clientauth.SignedAssertion
	FederatedAssertion *clientauth.FederatedAssertion
	// DPoPBoundAccessTokens has tokens bound to DPoPPrivateKey (RFC 9449), see
	// [keys.Parse], or if that is empty, to a key of the [Source].
	DPoPBoundAccessTokens bool
	DPoPPrivateKey        secret.String
}

// ClientConfig is a client as it is configured, and the token that it requests. Names
// are those of the provider's attributes.
type ClientConfig struct {
	Server
	Credentials

	// Request describes the token. Its Endpoint and Assertion are not used.
	Request oauth2.TokenRequest
	// MinValidity is how long a shared token must remain valid; nil leaves that to the
	// token's lifetime.
	MinValidity *time.Duration
	// MinShare is what part of its lifetime a shared token must remain valid in any case: a
	// fifth if it is 5. Zero means none.
	MinShare int
	// Origins names the attributes that are set, each with the source of its value,
	// for error messages.
	Origins map[string]string
	// Unknown names those attributes, and members of assertions, whose values are not
	// known yet. A token cannot be requested with any.
	Unknown map[string]bool `cachekey:"-"`
}

// Client is a resolved [ClientConfig]: the endpoints, the authentication method and the
// assertions are known. Its fields determine which token a server issues, and all of
// them take part in the key of the cached token (see [tokencache.NewEntryKey]), except
// those that are tagged otherwise.
type Client struct {
	Credentials

	// Request describes the token, and names the token endpoint.
	Request    oauth2.TokenRequest
	Connection Connection
	// DPoPThumbprint is that of the key to which tokens are bound; empty if they are not.
	DPoPThumbprint string

	// key is that of the cached token, see [Source.entryKey].
	key tokencache.EntryKey `cachekey:"-"`
	// prover makes proofs with that key; nil if there is none.
	prover *dpop.Prover `cachekey:"-"`
	// sender sends the client's requests, authenticated. It follows from Credentials.
	sender oauth2.Client `cachekey:"-"`
	// minValidity and minShare only decide whether a token is reused.
	minValidity *time.Duration    `cachekey:"-"`
	minShare    int               `cachekey:"-"`
	Origins     map[string]string `cachekey:"-"`
	// Metadata is the server's, for error messages; empty if it was not needed.
	Metadata *oauth2.Metadata `cachekey:"-"`
}

// Connection is what sets the connections of one [Source] apart from another's.
type Connection struct {
	// CertificateThumbprint is the SHA-256 digest of the client certificate, to which a
	// token may be bound (RFC 8705 section 3.1), in hexadecimal; empty if there is none.
	CertificateThumbprint string
	// SelfSigned reports that the certificate is its own issuer.
	SelfSigned bool
	// InsecureSkipVerify reports that servers are not verified. Their tokens are not
	// shared with connections that verify them.
	InsecureSkipVerify bool
}

// identity names the client, how it authenticates and to which server, whichever token
// it requests.
func (c *Client) identity() string {
	inputs := struct {
		Endpoint    string
		Credentials Credentials
		Connection  Connection
		Elsewhere   *oauth2.TokenRequest
	}{c.Request.Endpoint, c.Credentials, c.Connection, nil}
	if c.TokenEndpointAuthMethod == clientauth.None { // then the credentials are in one of these, if anywhere
		inputs.Elsewhere = &oauth2.TokenRequest{Body: c.Request.Body, Parameters: c.Request.Parameters, Headers: c.Request.Headers}
	}
	return tokencache.NewEntryKey(inputs).Name()
}

// canSeal reports whether the client has a secret or a private key, under which its
// tokens can be sealed in a shared cache.
func (c *Client) canSeal() bool {
	return c.signs() && !c.signsElsewhere() || !c.ClientSecret.IsZero() || !c.DPoPPrivateKey.IsZero() || clientauth.UsesCertificate(c.TokenEndpointAuthMethod)
}

// staysInProcess reports whether the client's tokens are bound to a key that only this
// process has.
func (c *Client) staysInProcess() bool { return c.DPoPBoundAccessTokens && c.DPoPPrivateKey.IsZero() }

// shareable reports whether the token may be shared among equal requests. One that was
// issued for a verbatim body may not: the body may hold a code that is good for one use.
func (c *Client) shareable() bool { return c.Request.Body.IsZero() }

// RequestedScopes returns the scopes that the client requests; nil if they are unknown
// because the request has a verbatim body.
func (c *Client) RequestedScopes() []string {
	if !c.shareable() {
		return nil
	}
	if parameter, replaced := c.Request.Parameters["scope"]; replaced {
		return strings.Fields(parameter.Reveal())
	}
	return append([]string{}, c.Request.Scopes...)
}
