// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/x509"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// request is a well-formed request to the token or the revocation endpoint.
type request struct {
	header     http.Header
	in         string // InForm, InJSON or InQuery: where the parameters were
	parameters url.Values

	certificates []*x509.Certificate // the client's, from the TLS handshake
	bound        string              // thumbprint to bind tokens to, if any
	jkt          string              // thumbprint of the key to bind tokens to, if any
}

// certificate returns the client's own certificate, or nil.
func (q *request) certificate() *x509.Certificate {
	if len(q.certificates) == 0 {
		return nil
	}
	return q.certificates[0]
}

// get returns the value of a parameter. An empty one counts as omitted (RFC 6749
// §3.2).
func (q *request) get(name string) string { return q.parameters.Get(name) }

// readRequest checks what RFC 6749 §3.2 and §2.3.1 require of any client's
// request.
func readRequest(r *http.Request) (*request, error) {
	if r.Method != http.MethodPost {
		return nil, &oauthError{http.StatusMethodNotAllowed, invalidRequest, "the method must be POST"}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, refuse(invalidRequest, "the body could not be read")
	}
	q := &request{header: r.Header, certificates: peerCertificates(r.TLS)}
	q.in, err = parametersIn(r, body)
	if err != nil {
		return nil, err
	}
	switch q.in {
	case InQuery:
		q.parameters, err = parseForm(r.URL.RawQuery)
	case InJSON:
		q.parameters, err = parseJSON(body)
	default:
		q.parameters, err = parseForm(string(body))
	}
	if err != nil {
		return nil, err
	}
	if q.in != InQuery && hasCredentials(r.URL.RawQuery) {
		return nil, refuse(invalidRequest, "credentials must not be in the request URI")
	}
	return q, rejectRepeated(q.parameters)
}

// parametersIn returns where the parameters are. A query beside a body is part of
// the endpoint's URL (RFC 6749 §3.2).
func parametersIn(r *http.Request, body []byte) (string, error) {
	if len(body) == 0 && r.URL.RawQuery != "" {
		return InQuery, nil
	}
	mediaType, attributes, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, named := attributes["charset"]
	switch {
	case err != nil || len(r.Header.Values("Content-Type")) > 1:
		return "", refuse(invalidRequest, "the Content-Type is missing or malformed")
	case named && !strings.EqualFold(charset, "utf-8"):
		return "", refuse(invalidRequest, "the charset must be UTF-8")
	case mediaType == "application/x-www-form-urlencoded":
		return InForm, nil
	case mediaType == "application/json":
		return InJSON, nil
	}
	return "", refuse(invalidRequest, "the Content-Type must be application/x-www-form-urlencoded")
}

func parseForm(encoded string) (url.Values, error) {
	form, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, refuse(invalidRequest, "the parameters are not application/x-www-form-urlencoded")
	}
	for name, values := range form {
		if !utf8.ValidString(name + strings.Join(values, "")) {
			return nil, refuse(invalidRequest, "the parameters are not UTF-8")
		}
	}
	return form, nil
}

// parseJSON reads a flat object of strings; resource may be an array of strings.
func parseJSON(body []byte) (url.Values, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return nil, refuse(invalidRequest, "the body is not a JSON object")
	}
	form := make(url.Values, len(object))
	for name, raw := range object {
		var one string
		var many []string
		switch {
		case json.Unmarshal(raw, &one) == nil:
			form.Set(name, one)
		case name == "resource" && json.Unmarshal(raw, &many) == nil:
			form[name] = many
		default:
			return nil, refuse(invalidRequest, "a member is not a string")
		}
	}
	return form, nil
}

// hasCredentials reports whether a query has parameters that must be in the body
// (RFC 6749 §2.3.1, RFC 7009 §2.1).
func hasCredentials(query string) bool {
	form, _ := url.ParseQuery(query) // has what could be decoded, even with an error
	credentials := []string{
		"client_id", "client_secret", "client_assertion", "client_assertion_type",
		"assertion", "refresh_token", "token", "subject_token", "actor_token",
	}
	return slices.ContainsFunc(credentials, form.Has)
}

// rejectRepeated allows only resource (RFC 8707 §2) and, in a token exchange,
// audience (RFC 8693 §2.1) to be repeated (RFC 6749 §3.2).
func rejectRepeated(form url.Values) error {
	for name, values := range form {
		repeatable := name == "resource" || name == "audience" && form.Get("grant_type") == TokenExchange
		if len(values) > 1 && !repeatable {
			return refuse(invalidRequest, "a parameter is repeated")
		}
	}
	return nil
}
