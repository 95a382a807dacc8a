// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"slices"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// GrantClientCredentials is the grant that needs a client and nobody else (RFC
// 6749 section 4.4).
const GrantClientCredentials = "client_credentials"

// Client describes one client and what it asks for. Names are those of the
// provider's attributes.
type Client struct {
	// Issuer is asked for what is not set here.
	Issuer string
	// TokenEndpoint wins over discovery.
	TokenEndpoint string
	// RevocationEndpoint wins over discovery. It is only needed to revoke.
	RevocationEndpoint string
	ClientID           string
	ClientSecret       secret.String
	// TokenEndpointAuthMethod is one of [clientauth.Methods], or empty to infer it.
	TokenEndpointAuthMethod string
	// ClientSecretBasicEncoding is one of [clientauth.BasicEncodings], or empty.
	ClientSecretBasicEncoding string
	// Request is what is asked. Its Endpoint is set by [Source.Token].
	Request oauth2.TokenRequest
	// MinValidity is how long a shared token must still be valid; nil leaves that
	// to the token's lifetime.
	MinValidity *time.Duration
}

// key names the token that this client gets, by everything that makes a
// difference to it. MinValidity does not: it only decides about reusing one.
func (c Client) key() string {
	r := c.Request
	return tokencache.NewKey([]byte(c.ClientSecret.Reveal())).
		Add("token_endpoint", r.Endpoint).
		Add("client_id", c.ClientID).
		Add("token_endpoint_auth_method", c.TokenEndpointAuthMethod).
		Add("client_secret_basic_encoding", c.ClientSecretBasicEncoding).
		Add("grant_type", r.GrantType).
		Add("scopes", r.Scopes...).
		Add("audience", r.Audience).
		Add("resources", r.Resources...).
		AddMap("parameters", reveal(r.Parameters)).
		AddMap("headers", reveal(r.Headers)).
		Add("parameters_in", string(r.ParametersIn)).
		Add("method", r.Method).
		AddMap("response_fields", pointers(r.Fields)).
		Add("default_expires_in", r.DefaultLifetime.String()).
		Sum()
}

// reveal copies a map with its values in the clear.
func reveal(secrets map[string]secret.String) map[string]string {
	revealed := make(map[string]string, len(secrets))
	for name, value := range secrets {
		revealed[name] = value.Reveal()
	}
	return revealed
}

// shareable tells whether the token may go to others who ask for the same. What
// a verbatim body brings may not: it may hold a code that is good for one use.
func (c Client) shareable() bool { return c.Request.Body.IsZero() }

// pointers writes the places of an answer's members as texts.
func pointers(fields oauth2.Fields) map[string]string {
	written := make(map[string]string, len(fields))
	for name, pointer := range fields {
		written[name] = pointer.String()
	}
	return written
}

// auth returns the client authentication that TokenEndpointAuthMethod names,
// which is no longer empty here.
func (c Client) auth() (oauth2.ClientAuth, error) {
	switch c.TokenEndpointAuthMethod {
	case clientauth.ClientSecretBasic:
		return clientauth.Basic{ClientID: c.ClientID, ClientSecret: c.ClientSecret, Encoding: c.ClientSecretBasicEncoding}, c.needsSecret()
	case clientauth.ClientSecretPost:
		return clientauth.Post{ClientID: c.ClientID, ClientSecret: c.ClientSecret}, c.needsSecret()
	case clientauth.None:
		return clientauth.Public{ClientID: c.ClientID}, nil
	default:
		return nil, &ConfigError{Attribute: "token_endpoint_auth_method", Err: ErrUnsupportedMethod, Detail: c.TokenEndpointAuthMethod}
	}
}

// needsSecret checks that the client has an id and a secret.
func (c Client) needsSecret() error {
	if c.ClientID == "" {
		return missing("client_id")
	}
	if c.ClientSecret.IsZero() {
		return missing("client_secret")
	}
	if c.ClientSecretBasicEncoding == clientauth.BasicEncodingRaw && strings.Contains(c.ClientID, ":") {
		return &ConfigError{Attribute: "client_id", Err: ErrColonInID}
	}
	return nil
}

// inferMethod chooses the client authentication by what is configured and by
// what the server's metadata supports, in the order basic, post. It never
// depends on how the server answers.
func (c Client) inferMethod(supported []string) (string, error) {
	switch {
	case c.TokenEndpointAuthMethod != "":
		return c.TokenEndpointAuthMethod, nil
	case c.ClientSecret.IsZero() && c.provesItselfOtherwise():
		return clientauth.None, nil
	case len(supported) == 0: // then it is Basic, RFC 8414 section 2
		return clientauth.ClientSecretBasic, c.needsSecret()
	}
	for _, method := range []string{clientauth.ClientSecretBasic, clientauth.ClientSecretPost} {
		if slices.Contains(supported, method) {
			return method, c.needsSecret()
		}
	}
	return "", &ConfigError{Attribute: "token_endpoint_auth_method", Err: ErrNoCommonMethod, Detail: strings.Join(supported, ", ")}
}

// provesItselfOtherwise tells whether a client without a secret may well mean it:
// its credentials are in parameters, header fields or the body, or its grant
// needs no others.
func (c Client) provesItselfOtherwise() bool {
	r := c.Request
	if r.GrantType != GrantClientCredentials || !r.Body.IsZero() || hasAuthorization(r.Headers) {
		return true
	}
	if c.ClientID == "" {
		return len(r.Parameters) > 0
	}
	return !r.Parameters["client_secret"].IsZero() || !r.Parameters["client_assertion"].IsZero()
}

// hasAuthorization tells whether an Authorization header field is configured.
func hasAuthorization(headers map[string]secret.String) bool {
	for name := range headers {
		if strings.EqualFold(name, "Authorization") {
			return true
		}
	}
	return false
}
