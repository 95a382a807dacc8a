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

// Attributes of a client's assertions.
const (
	signedAttribute    = "signed_assertion"
	federatedAttribute = "federated_assertion"
)

// GrantAttribute is the attribute whose assertion is the grant, "" if none is: the
// platform's before the client's own, which can authenticate the client beside it.
func (c *Client) GrantAttribute() string {
	switch {
	case !c.takesAssertion():
		return ""
	case c.FederatedAssertion != nil:
		return federatedAttribute
	case c.SignedAssertion != nil:
		return signedAttribute
	default:
		return ""
	}
}

// takesAssertion reports whether the grant has a parameter for an assertion, and neither
// the parameters nor the query of the token endpoint have one.
func (c *Client) takesAssertion() bool {
	if oauth2.AssertionParameter(c.Request.GrantType) == "" {
		return false
	}
	query := url.Values{}
	if endpoint, err := url.Parse(c.Request.Endpoint); err == nil {
		query = endpoint.Query()
	}
	return !slices.ContainsFunc([]string{oauth2.GrantJWTBearer, oauth2.GrantTokenExchange}, func(grant string) bool {
		name := oauth2.AssertionParameter(grant)
		_, named := c.Request.Parameters[name]
		return named || query.Has(name)
	})
}

// authAttribute is the attribute whose assertion authenticates the client, "" if none
// does.
func (c *Client) authAttribute() string {
	grant := c.GrantAttribute()
	switch {
	case c.SignedAssertion != nil && grant != signedAttribute:
		return signedAttribute
	case c.FederatedAssertion != nil && grant == "":
		return federatedAttribute
	default:
		return ""
	}
}

// clientAuth returns the client authentication that TokenEndpointAuthMethod names, of a
// client that lacks nothing.
func (c *Client) clientAuth(secretAssertion clientauth.Assertion) (oauth2.ClientAuth, error) {
	switch c.TokenEndpointAuthMethod {
	case clientauth.ClientSecretBasic:
		return clientauth.Basic{ClientID: c.ClientID, ClientSecret: c.ClientSecret, Encoding: c.ClientSecretBasicEncoding}, nil
	case clientauth.ClientSecretPost:
		return clientauth.Post{ClientID: c.ClientID, ClientSecret: c.ClientSecret}, nil
	case clientauth.ClientSecretJWT:
		return clientauth.JWT{ClientID: c.ClientID, Source: secretAssertion}, nil
	case clientauth.PrivateKeyJWT:
		if c.authAttribute() == "" {
			return nil, &ConfigError{Attribute: "token_endpoint_auth_method", Err: ErrOneAssertion}
		}
		return clientauth.JWT{ClientID: c.ClientID, Source: c.assertion(c.authAttribute())}, nil
	case clientauth.TLSClientAuth, clientauth.SelfSignedTLSClientAuth, clientauth.None:
		return clientauth.IDOnly{ClientID: c.ClientID}, nil
	default:
		return nil, &ConfigError{Attribute: "token_endpoint_auth_method", Err: ErrUnsupportedMethod, Detail: c.TokenEndpointAuthMethod}
	}
}

// signs reports whether the client has a private key for its assertions.
func (c Credentials) signs() bool {
	return c.SignedAssertion != nil && !c.SignedAssertion.Key.IsZero()
}

// signsElsewhere reports whether that key is only known to a command.
func (c Credentials) signsElsewhere() bool {
	return c.SignedAssertion != nil && c.SignedAssertion.Key.Command != nil
}

// asserts reports whether the client's assertion authenticates it, as far as is known.
func (c *Client) asserts(unknown map[string]bool) bool {
	return c.authAttribute() != "" && !unknown["grant_type"]
}

// assertion is the source of the assertions of an attribute that is set.
func (c *Client) assertion(attribute string) clientauth.Assertion {
	if attribute == signedAttribute {
		return *c.SignedAssertion
	}
	return *c.FederatedAssertion
}

// inferMethod chooses the client authentication by what is configured and by what the
// server's metadata supports: an assertion before a secret, and that before a
// certificate. It never depends on the server's responses. If nothing is configured it
// is the method whose attributes are most likely missing.
func (c *Client) inferMethod(supported []string) (string, error) {
	assertion := c.authAttribute()
	switch {
	case c.TokenEndpointAuthMethod != "":
		return c.TokenEndpointAuthMethod, nil
	case assertion == federatedAttribute || assertion == signedAttribute && c.signs():
		return clientauth.PrivateKeyJWT, nil
	case assertion == signedAttribute && !c.ClientSecret.IsZero():
		return clientauth.ClientSecretJWT, nil
	case !c.ClientSecret.IsZero():
		return inferSecretMethod(supported)
	case c.Connection.hasCertificate() && (c.ClientID != "" || !c.authenticatesElsewhere()):
		return c.Connection.inferMethod(supported), nil
	case assertion == signedAttribute && !c.authenticatesElsewhere(): // which has no key
		return clientauth.PrivateKeyJWT, nil
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
func (c *Client) authenticatesElsewhere() bool {
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
