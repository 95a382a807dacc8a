// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"slices"
)

// clientAuthenticator is one client authentication method (RFC 6749 §2.3), a
// file each.
type clientAuthenticator interface {
	// presented reports whether the request carries this method's credentials.
	presented(q *request) bool
	// identify finds the client that the credentials name, unverified.
	identify(q *request, clients *registry) (Client, error)
	// verify holds the credentials against what is registered for the client.
	verify(q *request, c Client) error
}

var authenticators = map[string]clientAuthenticator{
	ClientSecretBasic: clientSecretBasic{},
	ClientSecretPost:  clientSecretPost{},
	None:              none{},
}

// authMethods are the names of all methods, sorted.
func authMethods() []string { return slices.Sorted(maps.Keys(authenticators)) }

// authenticate finds out which client sent the request, and believes it only by
// the method and in the place it is registered for.
func (s *Server) authenticate(q *request) (Client, error) {
	method, err := presentedMethod(q)
	if err != nil {
		return Client{}, err
	}
	c, err := authenticators[method].identify(q, &s.clients)
	if err != nil {
		return Client{}, err
	}
	if c.AuthMethod != method {
		return Client{}, refuse(invalidClient, "the client is registered for another authentication method")
	}
	if c.ParametersIn != q.in {
		return Client{}, refuse(invalidRequest, "the client is registered to send its parameters in the "+c.ParametersIn)
	}
	return c, authenticators[method].verify(q, c)
}

// presentedMethod is the one method in use: RFC 6749 §2.3 forbids a second.
func presentedMethod(q *request) (string, error) {
	var found []string
	for method, a := range authenticators {
		if a.presented(q) {
			found = append(found, method)
		}
	}
	switch len(found) {
	case 0:
		return "", refuse(invalidClient, "no client authentication included")
	case 1:
		return found[0], nil
	}
	return "", refuse(invalidRequest, "more than one client authentication method")
}

// byParameter finds the client that client_id names.
func byParameter(q *request, clients *registry) (Client, error) {
	c, ok := clients.find(q.get("client_id"))
	if !ok {
		return Client{}, refuse(invalidClient, "unknown client")
	}
	return c, nil
}

// verifySecret compares in constant time; hashing hides the length as well.
func verifySecret(got, want string) error {
	g, w := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	if subtle.ConstantTimeCompare(g[:], w[:]) != 1 {
		return refuse(invalidClient, "the client secret is wrong")
	}
	return nil
}
