// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
)

// clientAuthenticator is one client authentication method (RFC 6749 §2.3), a
// file each.
type clientAuthenticator interface {
	// carrier is where in a request this method's credentials travel.
	carrier() carrier
	// suits refuses a client without what the method needs to know of it.
	suits(c Client) error
	// verify holds the credentials against what is registered for the client.
	verify(s *Server, q *request, c Client) error
}

// carrier is a place for credentials. Methods may share one; which of them is
// meant, only the client's registration tells.
type carrier interface {
	// presented reports whether the request carries credentials here.
	presented(q *request) bool
	// identify finds the client that the credentials name, unverified.
	identify(q *request, clients *registry) (Client, error)
}

var authenticators = map[string]clientAuthenticator{
	ClientSecretBasic:       clientSecretBasic{},
	ClientSecretPost:        clientSecretPost{},
	ClientSecretJWT:         clientSecretJWT{},
	PrivateKeyJWT:           privateKeyJWT{},
	TLSClientAuth:           tlsClientAuth{},
	SelfSignedTLSClientAuth: selfSignedTLSClientAuth{},
	None:                    none{},
}

var carriers = []carrier{
	authorizationHeader{}, secretParameter{}, assertionParameter{}, identifierAlone{},
}

// authenticate finds out which client sent the request, and believes it only by
// the method and in the place it is registered for.
func (s *Server) authenticate(q *request) (Client, error) {
	by, err := presentedCarrier(q)
	if err != nil {
		return Client{}, err
	}
	c, err := by.identify(q, &s.clients)
	if err != nil {
		return Client{}, err
	}
	method := authenticators[c.AuthMethod]
	if method.carrier() != by {
		return Client{}, refuse(invalidClient, "the client is registered for another authentication method")
	}
	if c.ParametersIn != q.in {
		return Client{}, refuse(invalidRequest, "the client is registered to send its parameters in the "+c.ParametersIn)
	}
	return c, method.verify(s, q, c)
}

// presentedCarrier is the one carrier in use: RFC 6749 §2.3 forbids a second
// authentication method.
func presentedCarrier(q *request) (carrier, error) {
	var found []carrier
	for _, by := range carriers {
		if by.presented(q) {
			found = append(found, by)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, refuse(invalidRequest, "more than one client authentication method")
	case q.certificate() != nil: // RFC 8705 §2
		return nil, refuse(invalidRequest, "client_id is missing beside the client certificate")
	}
	return nil, refuse(invalidClient, "no client authentication included")
}

// byParameter finds the client that client_id names.
func byParameter(q *request, clients *registry) (Client, error) {
	c, ok := clients.find(q.get("client_id"))
	if !ok {
		return Client{}, refuse(invalidClient, "unknown client")
	}
	return c, nil
}

// needsSecret is what the methods that use a secret ask of a registration.
func needsSecret(c Client) error {
	if c.Secret == "" {
		return errors.New("its authentication method needs a secret")
	}
	return nil
}

// usesNoSecret is what the others ask.
func usesNoSecret(c Client) error {
	if c.Secret != "" {
		return errors.New("its authentication method has no use for a secret")
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
