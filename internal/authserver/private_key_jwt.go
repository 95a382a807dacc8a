// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import "errors"

// PrivateKeyJWT authenticates with a JWT that the client's private key signs
// (RFC 7523 §2.2, OpenID Connect Core §9), or that somebody whom the server
// trusts has made for the client: on the wire the two look the same.
const PrivateKeyJWT = "private_key_jwt"

type privateKeyJWT struct{}

func (privateKeyJWT) carrier() carrier { return assertionParameter{} }

func (privateKeyJWT) suits(c Client) error {
	if len(c.Keys) == 0 && len(c.Federated) == 0 {
		return errors.New("private_key_jwt needs keys or federated credentials")
	}
	for _, trust := range c.Federated {
		if trust.Issuer == "" || trust.Subject == "" {
			return errors.New("a federated credential needs an issuer and a subject")
		}
	}
	if err := wantAlgorithms(c.SigningAlgorithms, algorithmsOf(c.Keys)); err != nil {
		return err
	}
	return usesNoSecret(c)
}

func (privateKeyJWT) verify(s *Server, q *request, c Client) error {
	issuer, subject := unverified(q.get("client_assertion"))
	if issuer != c.ID && len(c.Federated) > 0 {
		t, err := s.trustTerms(c.Federated, issuer, subject)
		if err != nil {
			return refuse(invalidClient, "client assertion: "+err.Error())
		}
		return s.verifyClientAssertion(q, t)
	}
	t := s.clientTerms(c)
	t.key = registeredKey(c.Keys)
	return s.verifyClientAssertion(q, t)
}
