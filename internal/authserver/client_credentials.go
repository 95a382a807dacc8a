// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import "crypto/rand"

// clientCredentials is the grant of RFC 6749 §4.4.
func (s *Server) clientCredentials(q *request, c Client) (issuance, error) {
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
	a := authorization{id: rand.Text(), clientID: c.ID, scopes: c.narrow(scopes), audience: audience}
	return issuance{access: a, refresh: a}, nil
}
