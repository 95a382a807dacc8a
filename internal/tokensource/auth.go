// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"slices"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// GrantJWTBearer is the grant whose authorization is an assertion (RFC 7523
// section 2.1). The client may authenticate beside it.
const GrantJWTBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer" //nolint:gosec // the name of a grant, and no credential

// grants reports whether the client's assertion is the grant. Otherwise it
// authenticates the client, also where a parameter is the grant's assertion.
func (c Client) grants() bool {
	return c.Request.GrantType == GrantJWTBearer && c.assertion() != nil && c.Request.Parameters["assertion"].IsZero()
}

// hasGrant checks that a JWT bearer grant has an assertion, which may also be a
// parameter.
func (c Client) hasGrant() error {
	if c.Request.GrantType == GrantJWTBearer && c.Request.Body.IsZero() && c.Request.Parameters["assertion"].IsZero() {
		return missing("signed_assertion")
	}
	return nil
}

// auth returns the client authentication that TokenEndpointAuthMethod names,
// which is no longer empty here.
func (c Client) auth() (oauth2.ClientAuth, error) {
	switch c.TokenEndpointAuthMethod {
	case clientauth.ClientSecretBasic:
		basic := clientauth.Basic{ClientID: c.ClientID, ClientSecret: c.ClientSecret, Encoding: c.ClientSecretBasicEncoding}
		return basic, c.needsSecret()
	case clientauth.ClientSecretPost:
		return clientauth.Post{ClientID: c.ClientID, ClientSecret: c.ClientSecret}, c.needsSecret()
	case clientauth.ClientSecretJWT:
		return clientauth.JWT{ClientID: c.ClientID, Source: c.secretAssertion}, c.needsSecret()
	case clientauth.PrivateKeyJWT:
		if c.grants() {
			return nil, &ConfigError{Attribute: "token_endpoint_auth_method", Err: ErrOneAssertion}
		}
		return clientauth.JWT{ClientID: c.ClientID, Source: c.assertion()}, c.needsAssertion()
	case clientauth.TLSClientAuth, clientauth.SelfSignedTLSClientAuth:
		return clientauth.MutualTLS{ClientID: c.ClientID}, c.needsID()
	case clientauth.None:
		return clientauth.Public{ClientID: c.ClientID}, nil
	default:
		return nil, &ConfigError{Attribute: "token_endpoint_auth_method", Err: ErrUnsupportedMethod, Detail: c.TokenEndpointAuthMethod}
	}
}

// assertion is where the client's assertions come from, nil where there is none.
func (c Client) assertion() clientauth.Assertion {
	switch {
	case c.SignedAssertion != nil:
		return *c.SignedAssertion
	case c.FederatedAssertion != nil:
		return *c.FederatedAssertion
	default:
		return nil
	}
}

// AssertionAttribute is the provider's attribute that the client's assertions come
// from; empty where there is none.
func (c Client) AssertionAttribute() string {
	switch {
	case c.SignedAssertion != nil:
		return "signed_assertion"
	case c.FederatedAssertion != nil:
		return "federated_assertion"
	default:
		return ""
	}
}

// needsID checks that the client has an id.
func (c Client) needsID() error {
	if c.ClientID == "" {
		return missing("client_id")
	}
	return nil
}

// needsSecret checks that the client has an id and a secret.
func (c Client) needsSecret() error {
	switch {
	case !c.ClientSecret.IsZero():
		return c.needsID()
	case c.ClientID == "":
		return missing("client_id", "client_secret")
	default:
		return missing("client_secret")
	}
}

// needsAssertion checks that the client has an assertion and what goes into it.
func (c Client) needsAssertion() error {
	switch {
	case c.assertion() == nil:
		return missing("signed_assertion")
	case c.SignedAssertion != nil && c.SignedAssertion.PrivateKey.IsZero() && !c.grants():
		return missing("signed_assertion.private_key")
	case c.SignedAssertion != nil && c.SignedAssertion.Claims == "":
		return c.needsID()
	default:
		return nil
	}
}

// inferMethod chooses the client authentication by what is configured and by
// what the server's metadata supports: an assertion before a secret, that before
// a certificate. It never depends on how the server answers.
func (c Client) inferMethod(supported []string) (string, error) {
	switch {
	case c.TokenEndpointAuthMethod != "":
		return c.TokenEndpointAuthMethod, nil
	case c.assertsItself():
		return clientauth.PrivateKeyJWT, nil
	case !c.ClientSecret.IsZero():
		return c.inferSecretMethod(supported)
	case c.Connection.hasCertificate() && c.ClientID != "":
		return c.Connection.method(supported), nil
	case c.provesItselfOtherwise():
		return clientauth.None, nil
	case c.Connection.hasCertificate():
		return "", c.needsID()
	default:
		return "", c.needsSecret()
	}
}

// assertsItself tells whether the client authenticates with an assertion that is
// not made with its secret.
func (c Client) assertsItself() bool {
	signs := c.SignedAssertion != nil && !c.SignedAssertion.PrivateKey.IsZero()
	return (signs || c.FederatedAssertion != nil) && !c.grants()
}

// inferSecretMethod chooses among the methods that use a secret.
func (c Client) inferSecretMethod(supported []string) (string, error) {
	if c.SignedAssertion != nil && !c.grants() {
		return clientauth.ClientSecretJWT, nil
	}
	if len(supported) == 0 { // then it is Basic, RFC 8414 section 2
		return clientauth.ClientSecretBasic, nil
	}
	for _, method := range clientauth.SecretMethods() {
		if slices.Contains(supported, method) {
			return method, nil
		}
	}
	return "", &ConfigError{Attribute: "token_endpoint_auth_method", Err: ErrNoCommonMethod, Detail: strings.Join(supported, ", ")}
}

// method chooses between the two methods that use a certificate: by what the
// server supports, or where that decides nothing, by who signed it.
func (c Connection) method(supported []string) string {
	ca := slices.Contains(supported, clientauth.TLSClientAuth)
	selfSigned := slices.Contains(supported, clientauth.SelfSignedTLSClientAuth)
	if ca == selfSigned {
		selfSigned = c.SelfSigned
	}
	if selfSigned {
		return clientauth.SelfSignedTLSClientAuth
	}
	return clientauth.TLSClientAuth
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
