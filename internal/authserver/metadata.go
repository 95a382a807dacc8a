// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"net/http"
	"slices"
)

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
		"response_types_supported": []string{"none"},
	}
	setList := func(member string, values []string) {
		if len(values) > 0 {
			document[member] = values
		}
	}
	setList("scopes_supported", s.clients.scopes())
	for _, endpoint := range []string{"token", "revocation"} {
		setList(endpoint+"_endpoint_auth_methods_supported", s.clients.authMethods())
		setList(endpoint+"_endpoint_auth_signing_alg_values_supported", s.assertionAlgorithms())
	}
	s.addMTLS(document)
	writeJSON(w, http.StatusOK, mutate(document, s.config.Metadata))
}

// addMTLS adds what RFC 8705 §3.3 and §5 define.
func (s *Server) addMTLS(document map[string]any) {
	if s.clients.contains(func(c Client) bool { return c.CertificateBound }) {
		document["tls_client_certificate_bound_access_tokens"] = true
	}
	if s.mtlsBase != "" {
		document["mtls_endpoint_aliases"] = map[string]any{
			"token_endpoint":      s.mtlsBase + "/token",
			"revocation_endpoint": s.mtlsBase + "/revoke",
		}
	}
}

// assertionAlgorithms are those of all client assertions the server can take.
func (s *Server) assertionAlgorithms() []string {
	return s.clients.collect(func(c Client) []string {
		algorithms := slices.Clone(c.algorithms())
		for _, trust := range c.Federated {
			issuer, _ := s.trustedIssuer(trust.Issuer)
			algorithms = append(algorithms, algorithmsOf(issuer.Keys)...)
		}
		return algorithms
	})
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
