// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"encoding/json"
	"errors"
	"net/http"
)

// Error codes of RFC 6749 §5.2, RFC 8707 §2 and extensions.
const (
	invalidDPoPProof = "invalid_dpop_proof" // RFC 9449 §5
	useDPoPNonce     = "use_dpop_nonce"     // RFC 9449 §8

	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidGrant         = "invalid_grant"
	unauthorizedClient   = "unauthorized_client"
	unsupportedGrantType = "unsupported_grant_type"
	invalidScope         = "invalid_scope"
	invalidTarget        = "invalid_target"
)

// oauthError is an error response of RFC 6749 §5.2. Its description quotes nothing
// of the request.
type oauthError struct {
	status      int
	code        string
	description string
}

func (e *oauthError) Error() string { return e.code + ": " + e.description }

// refuse returns an error with the status that RFC 6749 §5.2 assigns to code.
func refuse(code, description string) *oauthError {
	status := http.StatusBadRequest
	if code == invalidClient {
		status = http.StatusUnauthorized
	}
	return &oauthError{status: status, code: code, description: description}
}

func writeError(w http.ResponseWriter, err error) {
	refusal, ok := errors.AsType[*oauthError](err)
	if !ok {
		refusal = &oauthError{http.StatusInternalServerError, "server_error", "the server failed"}
	}
	switch refusal.status {
	case http.StatusUnauthorized: // RFC 9110 §15.5.2: every 401 needs a challenge
		w.Header().Set("WWW-Authenticate", `Basic realm="token"`)
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	}
	document := map[string]any{"error": refusal.code}
	if refusal.description != "" {
		document["error_description"] = refusal.description
	}
	writeJSON(w, refusal.status, document)
}

// writeJSON sends document with the cache directives of RFC 6749 §5.1.
func writeJSON(w http.ResponseWriter, status int, document map[string]any) {
	body, err := json.Marshal(document)
	if err != nil { // only a Mutation can cause this
		http.Error(w, "the response cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
