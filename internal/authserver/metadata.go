// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import "net/http"

// serveMetadata is the document of RFC 8414 §2, the same at both well-known
// addresses.
func (s *Server) serveMetadata(w http.ResponseWriter, _ *http.Request) {
	document := map[string]any{
		"issuer":              s.config.Issuer,
		"token_endpoint":      s.TokenURL(),
		"revocation_endpoint": s.RevocationURL(),
		"jwks_uri":            s.JWKSURL(),

		"grant_types_supported": s.grantTypes(),
		// Required, although nothing here is asked for in a browser; and §3.2
		// lets no array be empty.
		"response_types_supported":                   []string{"none"},
		"token_endpoint_auth_methods_supported":      authMethods(),
		"revocation_endpoint_auth_methods_supported": authMethods(),
	}
	if scopes := s.clients.scopes(); len(scopes) > 0 {
		document["scopes_supported"] = scopes
	}
	writeJSON(w, http.StatusOK, mutate(document, s.config.Metadata))
}

// getOnly refuses other methods than GET and HEAD.
func getOnly(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "the method must be GET", http.StatusMethodNotAllowed)
			return
		}
		h(w, r)
	}
}
