// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Media types as the documentation spells them.
const (
	formMediaType = "application/x-www-form-urlencoded"
	jsonMediaType = "application/json"
)

// Error codes of RFC 6749 section 5.2.
const (
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidGrant         = "invalid_grant"
	invalidScope         = "invalid_scope"
	unauthorizedClient   = "unauthorized_client"
	unsupportedGrantType = "unsupported_grant_type"
)

// respond sends a documented response, its format verbs filled in with values.
func respond(w http.ResponseWriter, status int, document string, values ...any) {
	w.Header().Set("Content-Type", jsonMediaType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, document, values...)
}

// refuse sends an error response of RFC 6749 section 5.2. It quotes nothing of the
// request.
func refuse(w http.ResponseWriter, status int, code, description string) {
	respond(w, status, `{"error": %q, "error_description": %q}`, code, description)
}

// bearer returns the bearer token of a request, or "" without exactly one.
func bearer(r *http.Request) string {
	fields := r.Header.Values("Authorization")
	if len(fields) != 1 || !strings.HasPrefix(fields[0], "Bearer ") {
		return ""
	}
	return strings.TrimPrefix(fields[0], "Bearer ")
}

// undocumented names the part of a request that is not as documented, without its
// value.
func undocumented(part string) error { return fmt.Errorf("not as documented: %s", part) }

// readForm reads a request that has all its parameters, with these names, in the
// body.
func readForm(r *http.Request, names ...string) (url.Values, error) {
	if r.URL.RawQuery != "" {
		return nil, undocumented("a query")
	}
	if !slices.Equal(r.Header.Values("Content-Type"), []string{formMediaType}) {
		return nil, undocumented("the Content-Type")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return parse(string(body), names)
}

// readQuery reads a request that has all its parameters, with these names, in the
// query.
func readQuery(r *http.Request, names ...string) (url.Values, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if len(body) > 0 || r.Header.Get("Content-Type") != "" {
		return nil, undocumented("a body beside the query")
	}
	return parse(r.URL.RawQuery, names)
}

// parse decodes parameters. None may be repeated (RFC 6749 section 3.2) or have
// another name.
func parse(encoded string, names []string) (url.Values, error) {
	parameters, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, undocumented("the encoding")
	}
	for name, values := range parameters {
		if len(values) != 1 {
			return nil, undocumented("a repeated parameter")
		}
		if !slices.Contains(names, name) {
			return nil, undocumented("an additional parameter")
		}
	}
	return parameters, nil
}

// readJSON decodes the body. It refuses unknown members.
func readJSON(r *http.Request, into any) error {
	if r.URL.RawQuery != "" {
		return undocumented("a query")
	}
	if !slices.Equal(r.Header.Values("Content-Type"), []string{jsonMediaType}) {
		return undocumented("the Content-Type")
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return undocumented("the body")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return undocumented("more than one JSON value")
	}
	return nil
}
