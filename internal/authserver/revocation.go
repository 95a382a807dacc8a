// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import "net/http"

// serveRevocation is the revocation endpoint of RFC 7009 §2. The hint is not
// needed and, as §2.1 allows, not looked at.
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
