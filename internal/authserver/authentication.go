// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Client authentication methods, by their IANA-registered names.
const (
	ClientSecretBasic       = "client_secret_basic"         // HTTP Basic, RFC 6749 §2.3.1
	ClientSecretPost        = "client_secret_post"          // client_id and client_secret as parameters, RFC 6749 §2.3.1
	ClientSecretJWT         = "client_secret_jwt"           // a JWT signed with the secret, RFC 7523 §2.2
	PrivateKeyJWT           = "private_key_jwt"             // a JWT signed with the client's or a trusted key, RFC 7523 §2.2
	TLSClientAuth           = "tls_client_auth"             // a certificate issued by a CA, RFC 8705 §2.1
	SelfSignedTLSClientAuth = "self_signed_tls_client_auth" // a registered certificate or key, RFC 8705 §2.2
	None                    = "none"                        // client_id alone, RFC 6749 §3.2.1
)

// authMethod is one client authentication method (RFC 6749 §2.3).
type authMethod struct {
	carrier *carrier
	// validate returns an error for registrations that the method cannot use.
	validate func(Client) error
	// verify checks the credentials of a request against the registration.
	verify func(*Server, *request, Client) error
}

var authMethods = map[string]authMethod{
	ClientSecretBasic:       {authorizationHeader, requireSecret, verifyBasic},
	ClientSecretPost:        {secretParameter, requireSecret, verifyPost},
	ClientSecretJWT:         {assertionParameter, validateClientSecretJWT, verifyClientSecretJWT},
	PrivateKeyJWT:           {assertionParameter, validatePrivateKeyJWT, verifyPrivateKeyJWT},
	TLSClientAuth:           {idParameter, validateTLSClientAuth, verifyTLSClientAuth},
	SelfSignedTLSClientAuth: {idParameter, validateSelfSigned, verifySelfSigned},
	None:                    {idParameter, forbidSecret, func(*Server, *request, Client) error { return nil }},
}

// carrier is a place for credentials in a request. Methods can share one; the
// client's registration decides which of them applies.
type carrier struct {
	// present reports whether the request has credentials there.
	present func(*request) bool
	// identify finds the client that the credentials claim to be from.
	identify func(*request, *registry) (Client, error)
}

var (
	authorizationHeader = &carrier{
		present:  func(q *request) bool { return len(q.header.Values("Authorization")) > 0 },
		identify: identifyBasic,
	}
	// An empty client_secret counts: beside Basic, servers take it for a second
	// method.
	secretParameter = &carrier{
		present:  func(q *request) bool { return q.parameters.Has("client_secret") },
		identify: identifyByParameter,
	}
	assertionParameter = &carrier{ // RFC 7521 §4.2
		present: func(q *request) bool {
			return q.parameters.Has("client_assertion") || q.parameters.Has("client_assertion_type")
		},
		identify: identifyByAssertion,
	}
	// idParameter has no credentials: the connection may authenticate the client.
	idParameter = &carrier{
		present:  func(q *request) bool { return q.get("client_id") != "" || isJWTBearer(q) },
		identify: identifyUnauthenticated,
	}
)

// authenticate returns the client that sent the request. Only the method and the
// place of parameters that the client is registered for are accepted.
func (s *Server) authenticate(q *request) (Client, error) {
	by, err := usedCarrier(q)
	if err != nil {
		return Client{}, err
	}
	c, err := by.identify(q, &s.clients)
	if err != nil {
		return Client{}, err
	}
	method := authMethods[c.AuthMethod]
	if method.carrier != by {
		return Client{}, refuse(invalidClient, "the client is registered for another authentication method")
	}
	if c.ParametersIn != q.in {
		return Client{}, refuse(invalidRequest, "the client is registered to send its parameters in the "+c.ParametersIn)
	}
	return c, method.verify(s, q, c)
}

// usedCarrier returns the one carrier in use: RFC 6749 §2.3 forbids a second
// authentication method.
func usedCarrier(q *request) (*carrier, error) {
	var found []*carrier
	for _, by := range []*carrier{authorizationHeader, secretParameter, assertionParameter} {
		if by.present(q) {
			found = append(found, by)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, refuse(invalidRequest, "more than one client authentication method")
	case idParameter.present(q):
		return idParameter, nil
	case q.certificate() != nil: // RFC 8705 §2
		return nil, refuse(invalidRequest, "client_id is missing beside the client certificate")
	}
	return nil, refuse(invalidClient, "no client authentication included")
}

func identifyByParameter(q *request, clients *registry) (Client, error) {
	c, ok := clients.find(q.get("client_id"))
	if !ok {
		return Client{}, refuse(invalidClient, "unknown client")
	}
	return c, nil
}

// identifyUnauthenticated falls back to the assertion of the JWT bearer grant,
// which needs no client authentication (RFC 7523 §3.1).
func identifyUnauthenticated(q *request, clients *registry) (Client, error) {
	if q.get("client_id") != "" {
		return identifyByParameter(q, clients)
	}
	issuer, subject := unverified(q.get("assertion"))
	found := clients.matching(func(c Client) bool {
		return c.AuthMethod == None && trusts(c.Assertions, issuer, subject)
	})
	if len(found) != 1 {
		return Client{}, refuse(invalidGrant, "the assertion matches no known client")
	}
	return found[0], nil
}

// identifyBasic reads the id in both encodings, since the client it names
// determines which one applies.
func identifyBasic(q *request, clients *registry) (Client, error) {
	pair, err := basicPair(q)
	if err != nil {
		return Client{}, err
	}
	for _, encoding := range []string{FormEncoding, RawEncoding} {
		id, _, err := splitBasic(pair, encoding)
		if err != nil {
			continue
		}
		if c, ok := clients.find(id); ok && c.BasicEncoding == encoding {
			return c, nil
		}
	}
	return Client{}, refuse(invalidClient, "unknown client, or its credentials are not encoded as registered")
}

func verifyBasic(_ *Server, q *request, c Client) error {
	pair, err := basicPair(q)
	if err != nil {
		return err
	}
	id, secret, err := splitBasic(pair, c.BasicEncoding)
	if err != nil {
		return err
	}
	// A client_id beside Basic is not a second method, provided it agrees.
	if q.parameters.Has("client_id") && q.get("client_id") != id {
		return refuse(invalidRequest, "client_id contradicts the Authorization header")
	}
	return verifySecret(secret, c.Secret)
}

func verifyPost(_ *Server, q *request, c Client) error {
	return verifySecret(q.get("client_secret"), c.Secret)
}

// basicPair returns the decoded Basic credentials (RFC 7617 §2).
func basicPair(q *request) (string, error) {
	headers := q.header.Values("Authorization")
	if len(headers) != 1 {
		return "", refuse(invalidRequest, "the Authorization header is repeated")
	}
	scheme, encoded, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", refuse(invalidClient, "the authentication scheme must be Basic")
	}
	pair, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", refuse(invalidClient, "the Basic credentials are not base64")
	}
	return string(pair), nil
}

// splitBasic splits at the first colon and decodes both parts.
func splitBasic(pair, encoding string) (id, secret string, err error) {
	id, secret, ok := strings.Cut(pair, ":")
	if !ok {
		return "", "", refuse(invalidClient, "the Basic credentials have no colon")
	}
	if encoding == RawEncoding {
		return id, secret, nil
	}
	if id, err = formDecode(id); err != nil {
		return "", "", err
	}
	secret, err = formDecode(secret)
	return id, secret, err
}

// formDecode decodes application/x-www-form-urlencoded (RFC 6749 appendix B). It
// rejects characters that the encoding would have replaced: a client that sends
// them does not encode at all and would fail with the next "%".
func formDecode(encoded string) (string, error) {
	unencoded := func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("-._~*+%", r)
	}
	decoded, err := url.QueryUnescape(encoded)
	if err != nil || strings.ContainsFunc(encoded, unencoded) || !utf8.ValidString(decoded) {
		return "", refuse(invalidClient, "the Basic credentials are not form-encoded")
	}
	return decoded, nil
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

func requireSecret(c Client) error {
	if c.Secret == "" {
		return errors.New("the authentication method needs a secret")
	}
	return nil
}

func forbidSecret(c Client) error {
	if c.Secret != "" {
		return errors.New("the authentication method does not use a secret")
	}
	return nil
}

// verifySecret compares in constant time; hashing hides the length as well.
func verifySecret(got, want string) error {
	g, w := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	if subtle.ConstantTimeCompare(g[:], w[:]) != 1 {
		return refuse(invalidClient, "the client secret is wrong")
	}
	return nil
}
