// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"errors"
	"fmt"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// clientAssertionType is the client_assertion_type of JWTs (RFC 7523 §2.2).
const clientAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// identifyByAssertion uses client_id, which is optional, or else the claims of
// the assertion. Both are checked by the verification.
func identifyByAssertion(q *request, clients *registry) (Client, error) {
	switch {
	case q.get("client_assertion") == "" || q.get("client_assertion_type") == "":
		return Client{}, refuse(invalidRequest, "client_assertion and client_assertion_type belong together")
	case q.get("client_assertion_type") != clientAssertionType:
		return Client{}, refuse(invalidClient, "client_assertion_type is not supported")
	case q.get("client_id") != "":
		return identifyByParameter(q, clients)
	}
	issuer, subject := unverified(q.get("client_assertion"))
	if c, ok := clients.find(subject); ok && issuer == subject {
		return c, nil
	}
	found := clients.matching(func(c Client) bool { return trusts(c.Federated, issuer, subject) })
	if len(found) != 1 {
		return Client{}, refuse(invalidClient, "the client assertion matches no known client")
	}
	return found[0], nil
}

func validateClientSecretJWT(c Client) error {
	algorithms := secretAlgorithms(c.Secret)
	if len(algorithms) == 0 {
		return errors.New("client_secret_jwt needs a secret of at least 32 bytes")
	}
	return validateAlgorithms(c.SigningAlgorithms, algorithms)
}

func verifyClientSecretJWT(s *Server, q *request, c Client) error {
	return s.verifyOwnAssertion(q, c, func(*jwt.Token) (any, error) { return []byte(c.Secret), nil })
}

func validatePrivateKeyJWT(c Client) error {
	if len(c.Keys) == 0 && len(c.Federated) == 0 {
		return errors.New("private_key_jwt needs keys or federated credentials")
	}
	for _, trust := range c.Federated {
		if trust.Issuer == "" || trust.Subject == "" {
			return errors.New("a federated credential needs an issuer and a subject")
		}
	}
	if err := validateAlgorithms(c.SigningAlgorithms, algorithmsOf(c.Keys)); err != nil {
		return err
	}
	return forbidSecret(c)
}

// verifyPrivateKeyJWT also accepts the JWTs of trusted issuers: on the wire they
// look the same.
func verifyPrivateKeyJWT(s *Server, q *request, c Client) error {
	issuer, subject := unverified(q.get("client_assertion"))
	if issuer == c.ID || len(c.Federated) == 0 {
		return s.verifyOwnAssertion(q, c, registeredKey(c.Keys))
	}
	want, err := s.federatedRequirements(c.Federated, issuer, subject)
	if err != nil {
		return refuse(invalidClient, "client assertion: "+err.Error())
	}
	return s.verifyClientAssertion(q, want)
}

// verifyOwnAssertion verifies an assertion that the client itself has signed.
func (s *Server) verifyOwnAssertion(q *request, c Client, key jwt.Keyfunc) error {
	want := s.requirements(s.config.ClientAssertion)
	want.issuer, want.subject = c.ID, c.ID
	want.algorithms, want.key = c.algorithms(), key
	return s.verifyClientAssertion(q, want)
}

// verifyClientAssertion returns the error of RFC 7521 §4.2.1.
func (s *Server) verifyClientAssertion(q *request, want requirements) error {
	if _, err := s.verifyAssertion(q.get("client_assertion"), want); err != nil {
		return refuse(invalidClient, "client assertion: "+err.Error())
	}
	return nil
}

// algorithms returns those that the client may sign its assertions with.
func (c Client) algorithms() []string {
	switch {
	case len(c.SigningAlgorithms) > 0:
		return c.SigningAlgorithms
	case c.AuthMethod == ClientSecretJWT:
		return secretAlgorithms(c.Secret)
	case c.AuthMethod == PrivateKeyJWT:
		return algorithmsOf(c.Keys)
	}
	return nil
}

// secretAlgorithms returns those for which the secret is long enough: at least
// the size of the hash (RFC 7518 §3.2).
func secretAlgorithms(secret string) []string {
	var algorithms []string
	for _, bits := range []int{256, 384, 512} {
		if len(secret) >= bits/8 {
			algorithms = append(algorithms, fmt.Sprintf("HS%d", bits))
		}
	}
	return algorithms
}

func validateAlgorithms(registered, supported []string) error {
	for _, algorithm := range registered {
		if !slices.Contains(supported, algorithm) {
			return fmt.Errorf("signing algorithm %q does not fit the client's secret or keys", algorithm)
		}
	}
	return nil
}
