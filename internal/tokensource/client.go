// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"cmp"
	"net/http"
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
	// SignedAssertion has this client sign assertions, and FederatedAssertion the
	// platform it runs on; at most one is set. What they need of the client and of
	// the source is filled in.
	SignedAssertion    *clientauth.SignedAssertion
	FederatedAssertion *clientauth.FederatedAssertion
	// secretAssertion is signed with ClientSecret, for client_secret_jwt.
	secretAssertion clientauth.SignedAssertion
	// Request is what is asked. Its Endpoint is set by [Source.Open] and [Source.CallAs].
	Request oauth2.TokenRequest
	// MinValidity is how long a shared token must still be valid; nil leaves that
	// to the token's lifetime.
	MinValidity *time.Duration
}

// key names the token that this client gets, by everything that makes a
// difference to it. MinValidity does not: it only decides about reusing one.
// Secrets are those that the client has no part in.
func (c Client) key(secrets ...string) *tokencache.Key {
	r := c.Request
	return c.identityKey(secrets...).
		Add("grant_type", r.GrantType).
		Add("scopes", r.Scopes...).
		Add("audience", r.Audience).
		Add("resources", r.Resources...).
		AddMap("parameters", reveal(r.Parameters)).
		AddMap("headers", reveal(r.Headers)).
		Add("parameters_in", cmp.Or(string(r.ParametersIn), string(oauth2.InForm))).
		Add("method", cmp.Or(r.Method, http.MethodPost)).
		AddMap("response_fields", pointers(r.Fields)).
		Add("default_expires_in", r.DefaultLifetime.String())
}

// identity names the client and how it proves itself to which server, whatever it
// asks for.
func (c Client) identity() string { return c.identityKey().Sum() }

// identityKey is identity, for more to be added.
func (c Client) identityKey(secrets ...string) *tokencache.Key {
	key := tokencache.NewKey(append(secrets, c.ClientSecret.Reveal(), c.privateKey())...).
		Add("token_endpoint", c.Request.Endpoint).
		Add("client_id", c.ClientID).
		Add("token_endpoint_auth_method", c.TokenEndpointAuthMethod).
		Add("client_secret_basic_encoding", cmp.Or(c.ClientSecretBasicEncoding, clientauth.BasicEncodingForm))
	c.addAssertion(key)
	if c.TokenEndpointAuthMethod == clientauth.None { // then the proof is in one of these, if anywhere
		key.Add("request_body", c.Request.Body.Reveal()).
			AddMap("parameters", reveal(c.Request.Parameters)).
			AddMap("headers", reveal(c.Request.Headers))
	}
	return key
}

// privateKey is the text of the key that the client signs with, empty where it has
// none.
func (c Client) privateKey() string {
	if c.SignedAssertion == nil {
		return ""
	}
	return trimmed(c.SignedAssertion.PrivateKey)
}

// hasSecret tells whether the client has something that nobody else has.
func (c Client) hasSecret() bool { return !c.ClientSecret.IsZero() || c.privateKey() != "" }

// addAssertion adds where the client's assertions come from and what they say.
func (c Client) addAssertion(key *tokencache.Key) {
	if a := c.SignedAssertion; a != nil {
		key.Add("signed_assertion", a.KeyID, a.Algorithm, a.Certificate, a.Audience, a.Type, a.Claims, a.Lifetime.String())
	}
	if a := c.FederatedAssertion; a != nil {
		key.Add("federated_assertion", a.Variable, a.File)
		if r := a.Request; r != nil {
			key.Add("request", r.URL, r.URLVariable, r.TokenVariable, r.Method, r.Pointer.String()).AddMap("query", r.Query)
		}
	}
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
