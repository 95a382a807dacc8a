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
)

// Media types that the documents ask for, to the letter.
const (
	formMediaType = "application/x-www-form-urlencoded"
	jsonMediaType = "application/json"
)

var errUndocumented = errors.New("the document shows no such request")

// undocumented says what is not as the document shows it, without its value.
func undocumented(what string) error { return fmt.Errorf("%w: %s", errUndocumented, what) }

// readForm reads a request whose parameters are all in its body.
func readForm(r *http.Request) (url.Values, error) {
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
	return parse(string(body))
}

// readQuery reads a request whose parameters are all in its query.
func readQuery(r *http.Request) (url.Values, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if len(body) > 0 || r.Header.Get("Content-Type") != "" {
		return nil, undocumented("a body beside the query")
	}
	return parse(r.URL.RawQuery)
}

// parse decodes parameters, each of which may come once (RFC 6749 section 3.2).
func parse(encoded string) (url.Values, error) {
	parameters, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, undocumented("the encoding")
	}
	for _, values := range parameters {
		if len(values) != 1 {
			return nil, undocumented("a repeated parameter")
		}
	}
	return parameters, nil
}

// only holds parameters to the names that a document shows.
func only(parameters url.Values, names ...string) error {
	for name := range parameters {
		if !slices.Contains(names, name) {
			return undocumented("an additional parameter")
		}
	}
	return nil
}

// readJSON reads a body into a struct with pointers for members that must be
// there.
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
