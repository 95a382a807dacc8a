// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// API returns the protected API: a resource server that accepts this server's
// bearer tokens (RFC 6750), whatever their audience. It responds with
//
//	400 invalid_request      if the Authorization header is malformed
//	401                      without a token
//	401 invalid_token        if the token is unknown, expired, revoked, or bound to
//	                         another certificate than the connection's
//	403 insufficient_scope   if the token lacks the scope that the route requires
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
		allowed, ok := s.findAccessToken(token)
		switch {
		case errors.Is(err, errNoBearer):
			challenge(w, http.StatusUnauthorized, "", "")
		case err != nil:
			challenge(w, http.StatusBadRequest, "invalid_request", "")
		case !ok || !allowed.matches(r.TLS):
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

var (
	errNoBearer        = errors.New("no bearer token")
	errMalformedBearer = errors.New("the Authorization header is malformed")
)

// bearerToken parses RFC 6750 §2.1. The scheme is case-insensitive (RFC 9110
// §11.1). The token's grammar is not enforced, since real servers violate it.
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

// challenge responds with the WWW-Authenticate of RFC 6750 §3: without an error
// code if the request had no token.
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
