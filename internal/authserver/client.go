// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Values of Client.BasicEncoding.
const (
	FormEncoding = "form" // id and secret are form-encoded before base64, RFC 6749 §2.3.1
	RawEncoding  = "raw"  // base64 of id:secret as they are, split at the first colon
)

// Values of Client.TokenFormat.
const (
	Opaque = "opaque" // a random string
	JWT    = "jwt"    // RFC 9068
)

// Values of Client.ParametersIn.
const (
	InForm  = "form"  // the body, application/x-www-form-urlencoded, RFC 6749 §4.4.2
	InJSON  = "json"  // the body, one flat JSON object
	InQuery = "query" // the request-target; the body is empty
)

// Grant types.
const (
	ClientCredentials = "client_credentials"                              // RFC 6749 §4.4
	RefreshToken      = "refresh_token"                                   // RFC 6749 §6
	JWTBearer         = "urn:ietf:params:oauth:grant-type:jwt-bearer"     // RFC 7523 §2.1
	TokenExchange     = "urn:ietf:params:oauth:grant-type:token-exchange" // RFC 8693
)

// Client is the registration of one client. Requests that deviate from it are
// refused.
type Client struct {
	ID     string
	Secret string

	// AuthMethod is the only method the client may authenticate with:
	// ClientSecretBasic (default), ClientSecretPost, ClientSecretJWT,
	// PrivateKeyJWT, TLSClientAuth, SelfSignedTLSClientAuth or None.
	AuthMethod string

	// BasicEncoding is FormEncoding (default) or RawEncoding.
	BasicEncoding string

	// Keys verify the client's assertions with PrivateKeyJWT, or its
	// certificate with SelfSignedTLSClientAuth.
	Keys []Key

	// SigningAlgorithms are the accepted values of alg in client assertions.
	// When empty: all that fit the secret or the keys.
	SigningAlgorithms []string

	// Federated are third-party JWTs that authenticate the client with
	// PrivateKeyJWT in place of its own. Each needs a subject.
	Federated []Trust

	// SubjectDN is the required subject of the certificate with TLSClientAuth, in
	// the form of RFC 4514: "CN=client,O=Example" (RFC 8705 §2.1.2).
	SubjectDN string

	// CertificateBound binds access tokens to the client certificate of the
	// connection, whatever the authentication method (RFC 8705 §3).
	CertificateBound bool

	// DPoPBound refuses token requests without a proof of possession (RFC 9449
	// §5.2). With a proof, the tokens of every client are bound to its key.
	DPoPBound bool

	// ParametersIn is where the client must send its parameters: InForm
	// (default), InJSON or InQuery.
	ParametersIn string

	// Grants are the grant types the client may use. When nil: client
	// credentials, and refresh if RefreshLifetime is set; none for a client that
	// does not authenticate (RFC 6749 §4.4). JWTBearer and TokenExchange must be
	// listed. Vendor grant types listed here work like client credentials; ""
	// allows requests without grant_type.
	Grants []string

	// Assertions are the JWTs that JWTBearer and TokenExchange accept from the
	// client. With JWTBearer, the assertion can also identify a client that does
	// not authenticate (RFC 7523 §3.1).
	Assertions []Trust

	// Scopes are those the client may request, and the default scope.
	Scopes []string

	// Granted, when set, silently narrows every grant to these scopes.
	Granted []string

	// TokenFormat is Opaque (default) or JWT.
	TokenFormat string

	// Lifetime of access tokens. Zero: no expires_in, no exp, no expiry.
	Lifetime time.Duration

	// RefreshLifetime of refresh tokens, which can be used once. Zero: none are
	// issued.
	RefreshLifetime time.Duration

	// TokenResponse modifies the client's token responses before they are sent.
	TokenResponse []Mutation
}

func (c Client) withDefaults() Client {
	setDefault := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	setDefault(&c.AuthMethod, ClientSecretBasic) // RFC 7591 §2
	setDefault(&c.BasicEncoding, FormEncoding)
	setDefault(&c.ParametersIn, InForm)
	setDefault(&c.TokenFormat, Opaque)
	if c.Grants == nil && c.AuthMethod != None {
		c.Grants = []string{ClientCredentials}
		if c.RefreshLifetime > 0 {
			c.Grants = append(c.Grants, RefreshToken)
		}
	}
	return c
}

func (c Client) validate() error {
	method, known := authMethods[c.AuthMethod]
	switch {
	case c.ID == "":
		return errors.New("the id is empty")
	case !known:
		return fmt.Errorf("unknown authentication method %q", c.AuthMethod)
	case c.BasicEncoding == RawEncoding && strings.Contains(c.ID, ":"):
		return errors.New("raw Basic credentials do not allow a colon in the id")
	case c.BasicEncoding != FormEncoding && c.BasicEncoding != RawEncoding:
		return fmt.Errorf("unknown encoding %q of Basic credentials", c.BasicEncoding)
	case !slices.Contains([]string{InForm, InJSON, InQuery}, c.ParametersIn):
		return fmt.Errorf("unknown place %q of parameters", c.ParametersIn)
	case c.TokenFormat != Opaque && c.TokenFormat != JWT:
		return fmt.Errorf("unknown token format %q", c.TokenFormat)
	}
	for _, grant := range c.Grants {
		supported := grant == JWTBearer || grant == TokenExchange
		if strings.HasPrefix(grant, "urn:ietf:params:oauth:grant-type:") && !supported {
			return fmt.Errorf("unsupported grant type %q", grant)
		}
	}
	if err := validateKeys(c.Keys); err != nil {
		return err
	}
	return method.validate(c)
}

// Register adds a client or replaces the one with the same id, for instance to
// rotate its secret. Tokens issued before remain valid.
func (s *Server) Register(c Client) error {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return fmt.Errorf("client %q: %w", c.ID, err)
	}
	s.clients.put(c)
	return nil
}

// registry holds the registered clients. The zero value is empty.
type registry struct {
	mu      sync.Mutex
	clients map[string]Client
}

func (g *registry) put(c Client) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.clients == nil {
		g.clients = make(map[string]Client)
	}
	g.clients[c.ID] = c
}

func (g *registry) find(id string) (Client, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.clients[id]
	return c, ok
}

func (g *registry) matching(match func(Client) bool) []Client {
	g.mu.Lock()
	defer g.mu.Unlock()
	var found []Client
	for _, c := range g.clients {
		if match(c) {
			found = append(found, c)
		}
	}
	return found
}

// collect returns the values of all clients, sorted and without duplicates.
func (g *registry) collect(values func(Client) []string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []string
	for _, c := range g.clients {
		all = append(all, values(c)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
