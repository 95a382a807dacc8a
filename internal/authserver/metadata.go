// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"net/http"
	"slices"
)

// serveMetadata serves the document of RFC 8414 §2, the same at both well-known
// paths.
func (s *Server) serveMetadata(w http.ResponseWriter, _ *http.Request) {
	document := map[string]any{
		"issuer":              s.config.Issuer,
		"token_endpoint":      s.TokenURL(),
		"revocation_endpoint": s.RevocationURL(),
		"jwks_uri":            s.JWKSURL(),

		"grant_types_supported": s.grantTypes(),
		// Required by RFC 8414 §2, even without an authorization endpoint.
		"response_types_supported": []string{"none"},
	}
	// RFC 8414 §3.2: empty arrays must be omitted.
	setList := func(member string, values []string) {
		if len(values) > 0 {
			document[member] = values
		}
	}
	setList("scopes_supported", s.clients.collect(func(c Client) []string { return c.Scopes }))
	methods := s.clients.collect(func(c Client) []string { return []string{c.AuthMethod} })
	algorithms := s.assertionAlgorithms()
	for _, endpoint := range []string{"token", "revocation"} {
		setList(endpoint+"_endpoint_auth_methods_supported", methods)
		setList(endpoint+"_endpoint_auth_signing_alg_values_supported", algorithms)
	}
	if len(s.clients.matching(func(c Client) bool { return c.CertificateBound })) > 0 {
		document["tls_client_certificate_bound_access_tokens"] = true // RFC 8705 §3.3
	}
	if len(s.clients.matching(func(c Client) bool { return c.DPoPBound })) > 0 {
		document["dpop_signing_alg_values_supported"] = s.config.DPoP.Algorithms // RFC 9449 §5.1
	}
	if s.mtlsBase != "" { // RFC 8705 §5
		document["mtls_endpoint_aliases"] = map[string]any{
			"token_endpoint":      s.mtlsBase + "/token",
			"revocation_endpoint": s.mtlsBase + "/revoke",
		}
	}
	writeJSON(w, http.StatusOK, mutate(document, s.config.Metadata))
}

// assertionAlgorithms returns the algorithms of all client assertions that the
// server accepts.
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

// getOnly rejects methods other than GET and HEAD.
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
