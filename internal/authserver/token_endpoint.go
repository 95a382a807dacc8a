// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"
)

// serveToken is the token endpoint (RFC 6749 §3.2).
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	answer, err := s.token(r)
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) token(r *http.Request) (map[string]any, error) {
	q, err := readRequest(r)
	if err != nil {
		return nil, err
	}
	c, err := s.authenticate(q)
	if err != nil {
		return nil, err
	}
	if q.bound, err = binding(q, c); err != nil {
		return nil, err
	}
	grant, err := s.grant(q, c)
	if err != nil {
		return nil, err
	}
	allowed, err := grant(q, c)
	if err != nil {
		return nil, err
	}
	answer, err := s.issue(c, allowed)
	if err != nil {
		return nil, err
	}
	return mutate(answer, c.Answer), nil
}

// issuance is what a grant allows. The two differ when a refresh asks for less
// than it may have: the refresh token keeps its scope (RFC 6749 §6).
type issuance struct {
	access  authorization
	refresh authorization
	renewed bool   // a refresh token was used, and is to be kept
	kind    string // issued_token_type (RFC 8693 §2.2.1); empty: not named
}

type grantFunc func(*request, Client) (issuance, error)

// grant finds the grant type the request asks for, if the client may use it.
func (s *Server) grant(q *request, c Client) (grantFunc, error) {
	grantType := q.get("grant_type")
	switch {
	case slices.Contains(c.Grants, grantType):
	case grantType == "":
		return nil, refuse(invalidRequest, "grant_type is missing")
	case !slices.Contains(s.grantTypes(), grantType):
		return nil, refuse(unsupportedGrantType, "the grant type is not supported")
	default:
		return nil, refuse(unauthorizedClient, "the client may not use this grant type")
	}
	switch grantType {
	case RefreshToken:
		return s.refresh, nil
	case JWTBearer:
		return s.jwtBearer, nil
	case TokenExchange:
		return s.tokenExchange, nil
	}
	return s.clientCredentials, nil
}

// grantTypes are those the server supports: its own and what clients were given.
func (s *Server) grantTypes() []string {
	types := append(s.clients.grants(), ClientCredentials, RefreshToken)
	slices.Sort(types)
	return slices.DeleteFunc(slices.Compact(types), func(grantType string) bool { return grantType == "" })
}

// issue makes the tokens and the answer of RFC 6749 §5.1.
func (s *Server) issue(c Client, allowed issuance) (map[string]any, error) {
	now := s.config.Now()
	token, err := s.accessToken(c, allowed.access, now)
	if err != nil {
		return nil, err
	}
	s.tokens.addAccess(token, issued{authorization: allowed.access, expires: expiry(now, c.Lifetime)})
	answer := map[string]any{"access_token": token, "token_type": "Bearer"}
	if c.Lifetime != 0 {
		answer["expires_in"] = int64(c.Lifetime / time.Second)
	}
	if allowed.kind != "" {
		answer["issued_token_type"] = allowed.kind
	}
	if len(allowed.access.scopes) > 0 {
		answer["scope"] = strings.Join(allowed.access.scopes, " ")
	}
	if c.RefreshLifetime > 0 && !allowed.renewed {
		token := rand.Text()
		s.tokens.addRefresh(token, issued{authorization: allowed.refresh, expires: expiry(now, c.RefreshLifetime)})
		answer["refresh_token"] = token
	}
	return answer, nil
}

func (s *Server) accessToken(c Client, a authorization, now time.Time) (string, error) {
	if c.TokenFormat == JWT {
		return s.signJWT(c, a, now)
	}
	return rand.Text(), nil
}

// expiry is the zero time, never, for a lifetime of zero.
func expiry(now time.Time, lifetime time.Duration) time.Time {
	if lifetime == 0 {
		return time.Time{}
	}
	return now.Add(lifetime)
}
