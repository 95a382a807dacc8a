// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"net/url"
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
// authenticates the client, as it does if a parameter is the grant's assertion.
func (c Client) grants() bool {
	return c.Request.GrantType == GrantJWTBearer && c.assertion() != nil && !c.namesAssertion()
}

// namesAssertion reports whether parameters or the query of the token endpoint have the
// grant's assertion.
func (c Client) namesAssertion() bool {
	_, named := c.Request.Parameters["assertion"]
	endpoint, err := url.Parse(c.Request.Endpoint)
	return named || err == nil && endpoint.Query().Has("assertion")
}

// clientAuth returns the client authentication that TokenEndpointAuthMethod names, of a
// client that lacks nothing.
func (c Client) clientAuth(secretAssertion clientauth.Assertion) (oauth2.ClientAuth, error) {
	switch c.TokenEndpointAuthMethod {
	case clientauth.ClientSecretBasic:
		return clientauth.Basic{ClientID: c.ClientID, ClientSecret: c.ClientSecret, Encoding: c.ClientSecretBasicEncoding}, nil
	case clientauth.ClientSecretPost:
		return clientauth.Post{ClientID: c.ClientID, ClientSecret: c.ClientSecret}, nil
	case clientauth.ClientSecretJWT:
		return clientauth.JWT{ClientID: c.ClientID, Source: secretAssertion}, nil
	case clientauth.PrivateKeyJWT:
		if c.grants() {
			return nil, &ConfigError{Attribute: "token_endpoint_auth_method", Err: ErrOneAssertion}
		}
		return clientauth.JWT{ClientID: c.ClientID, Source: c.assertion()}, nil
	case clientauth.TLSClientAuth, clientauth.SelfSignedTLSClientAuth, clientauth.None:
		return clientauth.IDOnly{ClientID: c.ClientID}, nil
	default:
		return nil, &ConfigError{Attribute: "token_endpoint_auth_method", Err: ErrUnsupportedMethod, Detail: c.TokenEndpointAuthMethod}
	}
}

// signs reports whether the client has a private key for its assertions.
func (c Credentials) signs() bool {
	return c.SignedAssertion != nil && !c.SignedAssertion.PrivateKey.IsZero()
}

// asserts reports whether the client's assertion authenticates it, as far as is known.
func (c Client) asserts(unknown map[string]bool) bool {
	return c.assertion() != nil && !unknown["grant_type"] && !c.grants()
}

// assertion is the source of the client's assertions; nil if there is none.
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

// AssertionAttribute is the provider's attribute that configures the client's
// assertions; empty if there is none.
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

// inferMethod chooses the client authentication by what is configured and by what the
// server's metadata supports: an assertion before a secret, and that before a
// certificate. It never depends on the server's responses. If nothing is configured it
// is the method whose attributes are most likely missing.
func (c Client) inferMethod(supported []string) (string, error) {
	switch {
	case c.TokenEndpointAuthMethod != "":
		return c.TokenEndpointAuthMethod, nil
	case (c.signs() || c.FederatedAssertion != nil) && !c.grants():
		return clientauth.PrivateKeyJWT, nil
	case !c.ClientSecret.IsZero() && c.SignedAssertion != nil && !c.grants():
		return clientauth.ClientSecretJWT, nil
	case !c.ClientSecret.IsZero():
		return inferSecretMethod(supported)
	case c.Connection.hasCertificate() && (c.ClientID != "" || !c.authenticatesElsewhere()):
		return c.Connection.inferMethod(supported), nil
	case c.authenticatesElsewhere():
		return clientauth.None, nil
	default:
		return clientauth.ClientSecretBasic, nil
	}
}

// inferSecretMethod chooses among the methods that send a secret.
func inferSecretMethod(supported []string) (string, error) {
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

// inferMethod chooses between the two methods that use a certificate: by what the
// server supports, or if that decides nothing, by the certificate's issuer.
func (c Connection) inferMethod(supported []string) string {
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

// authenticatesElsewhere reports whether a client without a secret is probably
// intended: its credentials are in parameters, header fields or the body, or its grant
// needs none of the client's.
func (c Client) authenticatesElsewhere() bool {
	r := c.Request
	return r.GrantType != GrantClientCredentials || !r.Body.IsZero() || len(CredentialPlaces(r)) > 0 ||
		(c.ClientID == "" && len(r.Parameters) > 0)
}

// CredentialPlaces lists the members of the attributes parameters and headers that
// authenticate the client.
func CredentialPlaces(request oauth2.TokenRequest) []string {
	var places []string
	for _, name := range []string{"client_secret", "client_assertion"} {
		if !request.Parameters[name].IsZero() {
			places = append(places, "parameters."+name)
		}
	}
	if hasAuthorization(request.Headers) {
		places = append(places, "headers.Authorization")
	}
	return places
}

func hasAuthorization(headers map[string]secret.String) bool {
	for name := range headers {
		if strings.EqualFold(name, "Authorization") {
			return true
		}
	}
	return false
}
