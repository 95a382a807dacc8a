// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// answer sends the text of a document, its blanks filled in.
func answer(w http.ResponseWriter, status int, document string, values ...any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, document, values...)
}

// refuse answers with an error of RFC 6749 section 5.2. Nothing of the request is
// in it.
func refuse(w http.ResponseWriter, status int, code, description string) {
	answer(w, status, `{"error": %q, "error_description": %q}`, code, description)
}

// Error codes of RFC 6749 section 5.2.
const (
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidGrant         = "invalid_grant"
	invalidScope         = "invalid_scope"
	unauthorizedClient   = "unauthorized_client"
	unsupportedGrantType = "unsupported_grant_type"
)

// protected lets next answer requests with a valid access token, and answers 401
// to others.
func (v *Vendor) protected(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, ok := v.find(bearer(r), accessToken); !ok {
			w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110 section 15.5.2
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

// bearer is the token of a request, empty where it is not shown as the documents
// say.
func bearer(r *http.Request) string {
	fields := r.Header.Values("Authorization")
	if len(fields) != 1 || !strings.HasPrefix(fields[0], "Bearer ") {
		return ""
	}
	return strings.TrimPrefix(fields[0], "Bearer ")
}

// anything is an API without a document.
func anything(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"ok": true}`)
}
