// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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

// Client is what is registered for one client. It is held to every word of it.
type Client struct {
	ID     string
	Secret string

	// AuthMethod is the one method the client may authenticate with, the name
	// of an IANA-registered value: ClientSecretBasic (default), ClientSecretPost,
	// ClientSecretJWT, PrivateKeyJWT, TLSClientAuth, SelfSignedTLSClientAuth or None.
	AuthMethod string

	// BasicEncoding is FormEncoding (default) or RawEncoding.
	BasicEncoding string

	// Keys are the client's own: those that verify its assertions with
	// PrivateKeyJWT, or its certificates with SelfSignedTLSClientAuth.
	Keys []Key

	// SigningAlgorithms are the values of alg the client's assertions may have.
	// When empty: all that fit the secret or the keys.
	SigningAlgorithms []string

	// Federated are JWTs of others that authenticate the client in place of its
	// own, with PrivateKeyJWT. Each needs a subject.
	Federated []Trust

	// SubjectDN or SANDNS, exactly one of them with TLSClientAuth, is what the
	// client's certificate has to have: the subject as RFC 4514 writes it
	// ("CN=client,O=Example") or a DNS name (RFC 8705 §2.1.2).
	SubjectDN string
	SANDNS    string

	// CertificateBound binds access tokens to the certificate on the client's
	// connection, however it authenticates (RFC 8705 §3).
	CertificateBound bool

	// ParametersIn is the one place where the client may put its parameters:
	// InForm (default), InJSON or InQuery.
	ParametersIn string

	// Grants are the grant types the client may use. When nil: client
	// credentials, and refresh where RefreshLifetime is set; none for a client
	// that does not authenticate (RFC 6749 §4.4), which must be given its grants
	// by name. JWTBearer and TokenExchange have to be named, too. An extension
	// grant named here, other than those of the IETF, is issued for like client
	// credentials; "" allows a request without grant_type.
	Grants []string

	// Assertions are the JWTs that JWTBearer and TokenExchange take from the
	// client. With JWTBearer alone, a client that does not authenticate may be
	// known by the assertion it sends (RFC 7523 §3.1).
	Assertions []Trust

	// Scopes are those the client may ask for, and what it gets when it names none.
	Scopes []string

	// Granted, when set, narrows every grant to these scopes without an error.
	Granted []string

	// TokenFormat is Opaque (default) or JWT.
	TokenFormat string

	// Lifetime of access tokens. Zero: no expires_in, no exp and no expiry.
	Lifetime time.Duration

	// RefreshLifetime of refresh tokens. Zero: none are issued.
	RefreshLifetime time.Duration

	// KeepRefreshToken turns rotation off: a refresh answers without a new
	// refresh token and the old one stays good.
	KeepRefreshToken bool

	// Answer changes this client's token answers before they are sent.
	Answer []Mutation
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
	method, known := authenticators[c.AuthMethod]
	switch {
	case c.ID == "":
		return errors.New("it has no id")
	case !known:
		return fmt.Errorf("authentication method %q is not supported", c.AuthMethod)
	case c.BasicEncoding == RawEncoding && strings.Contains(c.ID, ":"):
		return errors.New("an id with a colon cannot be read from raw Basic credentials")
	case c.BasicEncoding != FormEncoding && c.BasicEncoding != RawEncoding:
		return fmt.Errorf("encoding %q of Basic credentials is not known", c.BasicEncoding)
	case !slices.Contains([]string{InForm, InJSON, InQuery}, c.ParametersIn):
		return fmt.Errorf("parameters in %q are not known", c.ParametersIn)
	case c.TokenFormat != Opaque && c.TokenFormat != JWT:
		return fmt.Errorf("token format %q is not known", c.TokenFormat)
	}
	for _, grant := range c.Grants {
		supported := grant == JWTBearer || grant == TokenExchange
		if strings.HasPrefix(grant, "urn:ietf:params:oauth:grant-type:") && !supported {
			return fmt.Errorf("grant type %q is not supported", grant)
		}
	}
	if err := validateKeys(c.Keys); err != nil {
		return err
	}
	return method.suits(c)
}

// Register adds a client, or replaces the one of that id, for instance to
// rotate its secret. Tokens issued before stay as they are.
func (s *Server) Register(c Client) error {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return fmt.Errorf("client %q: %w", c.ID, err)
	}
	s.clients.put(c)
	return nil
}
