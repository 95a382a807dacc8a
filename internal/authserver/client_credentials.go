// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import "crypto/rand"

// clientCredentials is the grant of RFC 6749 §4.4.
func (s *Server) clientCredentials(q *request, c Client) (issuance, error) {
	return s.allow(q, c, c.ID)
}

// allow is what a grant without an authorization behind it comes to: what the
// request asks for, as far as the client may have it, on behalf of subject.
func (s *Server) allow(q *request, c Client, subject string) (issuance, error) {
	scopes, err := chooseScopes(q.get("scope"), c.Scopes)
	if err != nil {
		return issuance{}, err
	}
	audience, err := requestedAudience(q)
	if err != nil {
		return issuance{}, err
	}
	if audience == nil {
		audience = s.defaultAudience()
	}
	a := authorization{
		id: rand.Text(), clientID: c.ID, subject: subject,
		scopes: c.narrow(scopes), audience: audience, thumbprint: q.bound,
	}
	return issuance{access: a, refresh: a}, nil
}
