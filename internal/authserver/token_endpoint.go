// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"
)

// serveToken is the token endpoint (RFC 6749 §3.2).
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	if s.config.DPoP.TokenNonce {
		w.Header().Set("DPoP-Nonce", s.nonces.current())
	}
	response, err := s.token(r)
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, response)
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
	if q.jkt, err = s.proofOfPossession(r, c); err != nil {
		return nil, err
	}
	granted, err := s.grant(q, c)
	if err != nil {
		return nil, err
	}
	response, err := s.issue(c, granted)
	if err != nil {
		return nil, err
	}
	return mutate(response, c.TokenResponse), nil
}

// issue issues the tokens and returns the response of RFC 6749 §5.1.
func (s *Server) issue(c Client, granted grant) (map[string]any, error) {
	now := s.config.Now()
	token, err := s.newAccessToken(c, granted.access, now)
	if err != nil {
		return nil, err
	}
	access := issuedToken{authorization: granted.access, kind: accessToken}
	response := map[string]any{"access_token": token, "token_type": "Bearer"}
	if granted.access.jkt != "" {
		response["token_type"] = "DPoP" // RFC 9449 §5
	}
	if c.Lifetime != 0 {
		access.expires = now.Add(c.Lifetime)
		response["expires_in"] = int64(c.Lifetime / time.Second)
	}
	s.tokens.add(token, access)
	if granted.issuedType != "" {
		response["issued_token_type"] = granted.issuedType
	}
	if len(granted.access.scopes) > 0 {
		response["scope"] = strings.Join(granted.access.scopes, " ")
	}
	if c.RefreshLifetime > 0 {
		token := rand.Text()
		s.tokens.add(token, issuedToken{authorization: granted.refresh, kind: refreshToken, expires: now.Add(c.RefreshLifetime)})
		response["refresh_token"] = token
	}
	return response, nil
}

// serveRevocation is the revocation endpoint (RFC 7009 §2). It ignores
// token_type_hint, as §2.1 allows.
func (s *Server) serveRevocation(w http.ResponseWriter, r *http.Request) {
	if err := s.revoke(r); err != nil {
		writeError(w, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (s *Server) revoke(r *http.Request) error {
	q, err := readRequest(r)
	if err != nil {
		return err
	}
	c, err := s.authenticate(q)
	if err != nil {
		return err
	}
	if q.get("token") == "" {
		return refuse(invalidRequest, "token is missing")
	}
	return s.tokens.revoke(q.get("token"), c.ID)
}
