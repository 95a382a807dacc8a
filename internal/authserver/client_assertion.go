// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

// clientAssertionType is the client_assertion_type of JWTs (RFC 7523 §2.2).
const clientAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// assertionParameter carries credentials in client_assertion (RFC 7521 §4.2).
type assertionParameter struct{}

func (assertionParameter) presented(q *request) bool {
	return q.parameters.Has("client_assertion") || q.parameters.Has("client_assertion_type")
}

// identify goes by client_id, which is optional and which verification holds
// against the assertion, or else by what the assertion says.
func (assertionParameter) identify(q *request, clients *registry) (Client, error) {
	switch {
	case q.get("client_assertion") == "" || q.get("client_assertion_type") == "":
		return Client{}, refuse(invalidRequest, "client_assertion and client_assertion_type belong together")
	case q.get("client_assertion_type") != clientAssertionType:
		return Client{}, refuse(invalidClient, "client_assertion_type is not supported")
	case q.get("client_id") != "":
		return byParameter(q, clients)
	}
	issuer, subject := unverified(q.get("client_assertion"))
	if c, ok := clients.find(subject); ok && issuer == subject {
		return c, nil
	}
	if c, ok := clients.only(func(c Client) bool { return trusts(c.Federated, issuer, subject) }); ok {
		return c, nil
	}
	return Client{}, refuse(invalidClient, "the client assertion is of no known client")
}

// verifyClientAssertion refuses as RFC 7521 §4.2.1 says.
func (s *Server) verifyClientAssertion(q *request, t terms) error {
	if _, err := s.verifyAssertion(q.get("client_assertion"), t); err != nil {
		return refuse(invalidClient, "client assertion: "+err.Error())
	}
	return nil
}

// clientTerms are those of an assertion that a client made for itself, whoever
// verifies it.
func (s *Server) clientTerms(c Client) terms {
	t := s.ownTerms(s.config.ClientAssertion)
	t.issuer, t.subject = c.ID, c.ID
	t.algorithms = c.algorithms()
	return t
}

// algorithms are those that the client may sign its assertions with.
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
