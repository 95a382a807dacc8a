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
// bearer tokens (RFC 6750) and tokens bound to a key (RFC 9449), whatever their
// audience. It responds with
//
//	400 invalid_request      if the Authorization header is malformed
//	401                      without a token
//	401 invalid_token        if the token is unknown, expired, revoked, bound to
//	                         another certificate than the connection's, or has
//	                         the scheme of the other kind
//	401 invalid_dpop_proof   if the token is bound to a key that is not proven
//	401 use_dpop_nonce       if the proof lacks the server's nonce
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
		scheme, token, err := credentials(r.Header.Values("Authorization"))
		allowed, ok := s.findAccessToken(token)
		if s.config.DPoP.APINonce {
			w.Header().Set("DPoP-Nonce", s.nonces.current())
		}
		challenge := func(status int, code, scope string) { challenge(w, scheme, status, code, scope) }
		var unproven error
		if err == nil && ok && scheme == schemeDPoP {
			unproven = s.proves(r, token, allowed.jkt)
		}
		switch {
		case errors.Is(err, errNoToken):
			challenge(http.StatusUnauthorized, "", "")
		case err != nil:
			challenge(http.StatusBadRequest, "invalid_request", "")
		case !ok || !allowed.matches(r.TLS) || (scheme == schemeDPoP) != (allowed.jkt != ""):
			challenge(http.StatusUnauthorized, "invalid_token", "")
		case unproven != nil:
			challenge(http.StatusUnauthorized, codeOf(unproven), "")
		case scope != "" && !slices.Contains(allowed.scopes, scope):
			challenge(http.StatusForbidden, "insufficient_scope", scope)
		default:
			writeJSON(w, http.StatusOK, map[string]any{
				"client_id": allowed.clientID, "scopes": append([]string{}, allowed.scopes...),
				"method": r.Method, "path": r.URL.Path,
			})
		}
	}
}

// Authentication schemes of access tokens (RFC 6750 §2.1, RFC 9449 §7.1).
const (
	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP"
)

var (
	errNoToken        = errors.New("no access token")
	errMalformedToken = errors.New("the Authorization header is malformed")
)

// credentials parses RFC 6750 §2.1 and RFC 9449 §7.1. The scheme is
// case-insensitive (RFC 9110 §11.1). The token's grammar is not enforced, since
// real servers violate it.
func credentials(headers []string) (scheme, token string, err error) {
	if len(headers) == 0 {
		return schemeBearer, "", errNoToken
	}
	sent, token, _ := strings.Cut(headers[0], " ")
	for _, scheme := range []string{schemeBearer, schemeDPoP} {
		switch {
		case len(headers) > 1:
			return scheme, "", errMalformedToken
		case !strings.EqualFold(sent, scheme):
		case token == "" || strings.Contains(token, " "):
			return scheme, "", errMalformedToken
		default:
			return scheme, token, nil
		}
	}
	return schemeBearer, "", errNoToken
}

// challenge responds with the WWW-Authenticate of RFC 6750 §3 or RFC 9449 §7.1:
// without an error code if the request had no token.
func challenge(w http.ResponseWriter, scheme string, status int, code, scope string) {
	value := scheme + ` realm="api"`
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
