// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/tls"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// API is the protected API: a resource server that takes this server's bearer
// tokens (RFC 6750) and answers
//
//	400 invalid_request      when the Authorization header is malformed
//	401                      without a token, and with invalid_token when the token
//	                         is unknown, expired, revoked, meant for somebody else
//	                         or bound to another certificate than the connection's
//	403 insufficient_scope   where the route requires a scope the token lacks
//	200                      otherwise, with client_id, scopes, method and path in JSON
func (s *Server) API() http.Handler {
	mux := http.NewServeMux()
	for pattern, scope := range s.config.Routes {
		mux.HandleFunc(pattern, s.protect(scope))
	}
	if _, ok := s.config.Routes["/"]; !ok {
		mux.HandleFunc("/", s.protect(""))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(API, mux.ServeHTTP, w, r)
	})
}

func (s *Server) protect(scope string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, err := bearerToken(r.Header.Values("Authorization"))
		allowed, ok := s.authorize(token, r.TLS)
		switch {
		case errors.Is(err, errNoBearer):
			challenge(w, http.StatusUnauthorized, "", "")
		case err != nil:
			challenge(w, http.StatusBadRequest, "invalid_request", "")
		case !ok:
			challenge(w, http.StatusUnauthorized, "invalid_token", "")
		case scope != "" && !slices.Contains(allowed.scopes, scope):
			challenge(w, http.StatusForbidden, "insufficient_scope", scope)
		default:
			writeJSON(w, http.StatusOK, map[string]any{
				"client_id": allowed.clientID, "scopes": append([]string{}, allowed.scopes...),
				"method": r.Method, "path": r.URL.Path,
			})
		}
	}
}

// authorize says what a token allows, if it is good, meant for this API and in
// the right hands.
func (s *Server) authorize(token string, connection *tls.ConnectionState) (authorization, bool) {
	allowed, ok := s.lookUp(token)
	meant := s.config.Resource == "" || slices.Contains(allowed.audience, s.config.Resource)
	return allowed, ok && meant && allowed.shownBy(connection)
}

// lookUp says what a token stands for, if it is good.
func (s *Server) lookUp(token string) (authorization, bool) {
	allowed, ok := s.tokens.findAccess(token, s.config.Now())
	if strings.Count(token, ".") == 2 {
		var err error
		allowed, err = s.verifyJWT(token)
		ok = err == nil && !s.tokens.revokedAccess(token)
	}
	return allowed, ok
}

var (
	errNoBearer        = errors.New("no bearer token")
	errMalformedBearer = errors.New("the Authorization header is malformed")
)

// bearerToken reads RFC 6750 §2.1. The scheme's case does not matter (RFC 9110
// §11.1); the token's grammar is not enforced, as real servers break it.
func bearerToken(headers []string) (string, error) {
	if len(headers) == 0 {
		return "", errNoBearer
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	switch {
	case len(headers) > 1:
		return "", errMalformedBearer
	case !strings.EqualFold(scheme, "Bearer"):
		return "", errNoBearer
	case token == "" || strings.Contains(token, " "):
		return "", errMalformedBearer
	}
	return token, nil
}

// challenge answers with the WWW-Authenticate of RFC 6750 §3: no error code for
// a request that did not try.
func challenge(w http.ResponseWriter, status int, code, scope string) {
	value := `Bearer realm="api"`
	body := map[string]any{}
	if code != "" {
		value += `, error="` + code + `"`
		body["error"] = code
	}
	if scope != "" {
		value += `, scope="` + scope + `"`
	}
	w.Header().Set("WWW-Authenticate", value)
	writeJSON(w, status, body)
}
