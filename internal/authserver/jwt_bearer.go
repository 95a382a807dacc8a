// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

// jwtBearer is the grant of RFC 7523 §2.1: a JWT that says for whom the token
// is to be.
func (s *Server) jwtBearer(q *request, c Client) (issuance, error) {
	if q.get("assertion") == "" {
		return issuance{}, refuse(invalidRequest, "assertion is missing")
	}
	subject, err := s.verifyTrusted(q.get("assertion"), c)
	if err != nil {
		return issuance{}, refuse(invalidGrant, "assertion: "+err.Error())
	}
	return s.allow(q, c, subject)
}

// verifyTrusted returns the subject of a JWT that the client may show.
func (s *Server) verifyTrusted(assertion string, c Client) (string, error) {
	issuer, subject := unverified(assertion)
	t, err := s.trustTerms(c.Assertions, issuer, subject)
	if err != nil {
		return "", err
	}
	return s.verifyAssertion(assertion, t)
}

func isJWTBearer(q *request) bool {
	return q.get("grant_type") == JWTBearer && q.get("assertion") != ""
}

// byGrantAssertion finds the client that an assertion is from, among those that
// do not authenticate.
func byGrantAssertion(q *request, clients *registry) (Client, error) {
	issuer, subject := unverified(q.get("assertion"))
	c, ok := clients.only(func(c Client) bool {
		return c.AuthMethod == None && trusts(c.Assertions, issuer, subject)
	})
	if !ok {
		return Client{}, refuse(invalidGrant, "the assertion is of no known client")
	}
	return c, nil
}
