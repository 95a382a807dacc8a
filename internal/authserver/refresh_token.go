// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

// refresh is the grant of RFC 6749 §6. The refresh token is spent, and a second
// use refused, unless the client keeps its refresh tokens.
func (s *Server) refresh(q *request, c Client) (issuance, error) {
	token := q.get("refresh_token")
	if token == "" {
		return issuance{}, refuse(invalidRequest, "refresh_token is missing")
	}
	held, ok := s.tokens.findRefresh(token, s.config.Now())
	if !ok || held.clientID != c.ID {
		return issuance{}, refuse(invalidGrant, "the refresh token is unknown, expired, revoked or another client's")
	}
	// RFC 8705 §4: what else would bind it to a client that does not authenticate?
	if c.AuthMethod == None && held.thumbprint != q.bound {
		return issuance{}, refuse(invalidGrant, "the refresh token is bound to another certificate")
	}
	access, err := lessen(q, held)
	if err != nil {
		return issuance{}, err
	}
	// Last, so that a refused request does not cost the client its session.
	if !c.KeepRefreshToken && !s.tokens.spendRefresh(token) {
		return issuance{}, refuse(invalidGrant, "the refresh token has been used")
	}
	return issuance{access: access, refresh: held, renewed: c.KeepRefreshToken}, nil
}

// lessen reduces what was granted to what the request asks for, if it does.
func lessen(q *request, granted authorization) (authorization, error) {
	scopes, err := chooseScopes(q.get("scope"), granted.scopes)
	if err != nil {
		return authorization{}, err
	}
	audience, err := requestedAudience(q)
	if err != nil {
		return authorization{}, err
	}
	if err := within(audience, granted.audience); err != nil {
		return authorization{}, err
	}
	granted.scopes, granted.thumbprint = scopes, q.bound
	if audience != nil {
		granted.audience = audience
	}
	return granted, nil
}
