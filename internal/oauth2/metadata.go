// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// Metadata is authorization server metadata (RFC 8414 section 2).
type Metadata struct {
	// Issuer is the issuer exactly as requested.
	Issuer string
	// Document is the whole document, numbers as json.Number.
	Document map[string]any
}

// Reasons why metadata is unusable.
var (
	// ErrIssuerMismatch reports the document of another issuer (RFC 8414 section 3.3).
	ErrIssuerMismatch = errors.New("the document is for another issuer")
	// ErrDowngrade reports an endpoint without https of an issuer with https.
	ErrDowngrade = errors.New("an issuer on https must not name an endpoint without it")
	// ErrBadEndpoint reports an address that cannot be an endpoint (RFC 6749 section 3.2,
	// RFC 8414 section 2).
	ErrBadEndpoint = errors.New("an endpoint is an absolute URL without user name, password and fragment")
	ErrNoEndpoint  = errors.New("the document does not name it")
)

// MetadataError reports that an issuer's metadata is unavailable.
type MetadataError struct {
	// Err is an [*Error] if the server responded, and otherwise comes from the [Doer].
	// Other is the failure of the address that tells less; nil if only one was requested.
	Err, Other error
}

func (e *MetadataError) Error() string {
	if e.Other == nil {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v; %v", e.Err, e.Other)
}

func (e *MetadataError) Unwrap() error { return e.Err }

// Discover fetches the metadata of issuer from the well-known address of RFC 8414
// section 3 or else of OpenID Connect Discovery 1.0 section 4. The error is a
// [*MetadataError].
func Discover(ctx context.Context, doer Doer, issuer string) (*Metadata, error) {
	inserted, appended, err := wellKnown(issuer)
	if err != nil {
		return nil, &MetadataError{Err: err}
	}
	metadata, first := fetchMetadata(ctx, doer, inserted, issuer)
	switch {
	case first == nil:
		return metadata, nil
	case !mayBeElsewhere(first):
		return nil, &MetadataError{Err: first}
	}
	metadata, second := fetchMetadata(ctx, doer, appended, issuer)
	switch {
	case second == nil:
		return metadata, nil
	case !mayBeElsewhere(second) || errors.Is(second, ErrIssuerMismatch) || notFound(first) && !notFound(second):
		return nil, &MetadataError{Err: second, Other: first}
	default:
		return nil, &MetadataError{Err: first, Other: second}
	}
}

// mayBeElsewhere reports whether the other address may have the document. It is not
// requested if the server did not respond or is overloaded.
func mayBeElsewhere(err error) bool {
	if failure, ok := errors.AsType[*httpstack.Error](err); ok {
		return failure.Kind == httpstack.Redirect || failure.Kind == httpstack.TooLarge
	}
	failure, ok := errors.AsType[*Error](err)
	return ok && failure.StatusCode != http.StatusTooManyRequests && failure.StatusCode != http.StatusServiceUnavailable
}

func notFound(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	return ok && failure.StatusCode == http.StatusNotFound
}

// wellKnown returns the addresses of an issuer's metadata. RFC 8414 section 3.1 inserts
// the well-known path before the issuer's path, OpenID Connect appends it.
func wellKnown(issuer string) (inserted, appended *url.URL, err error) {
	base, err := url.Parse(issuer)
	if err != nil {
		return nil, nil, fmt.Errorf("the issuer is not a URL: %w", withoutURL(err))
	}
	const oauth, openID = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
	path, escaped := strings.TrimSuffix(base.Path, "/"), strings.TrimSuffix(base.EscapedPath(), "/")
	inserted = &url.URL{Scheme: base.Scheme, Host: base.Host, Path: oauth + path, RawPath: oauth + escaped}
	appended = &url.URL{Scheme: base.Scheme, Host: base.Host, Path: path + openID, RawPath: escaped + openID}
	return inserted, appended, nil
}

func fetchMetadata(ctx context.Context, doer Doer, address *url.URL, issuer string) (*Metadata, error) {
	message := httpstack.Request{
		Method:   http.MethodGet,
		URL:      address,
		Header:   http.Header{"Accept": {jsonMediaType}},
		Endpoint: "metadata address",
	}
	response, err := doer.Do(ctx, message)
	if err != nil {
		return nil, err
	}
	r := newResponseReader(describe(message), response, nil)
	if !isSuccess(response.StatusCode) {
		return nil, r.serverError()
	}
	document, isObject := r.document.(map[string]any)
	if !isObject {
		return nil, r.unusable(r.notJSON())
	}
	switch named, _ := document["issuer"].(string); named {
	case issuer:
		return &Metadata{Issuer: issuer, Document: document}, nil
	case "":
		return nil, r.unusable(fmt.Errorf("%w: it names none", ErrIssuerMismatch))
	default:
		return nil, r.unusable(fmt.Errorf("%w: it names %q", ErrIssuerMismatch, r.show(named)))
	}
}

// EndpointFor returns the address of an endpoint, for example "token_endpoint". Over
// connections with a client certificate it is the alias for those, if there is one (RFC
// 8705 section 5).
func (m *Metadata) EndpointFor(name string, withCertificate bool) (string, error) {
	text := m.Text(name)
	if aliases, _ := m.Document["mtls_endpoint_aliases"].(map[string]any); withCertificate {
		if alias, _ := aliases[name].(string); alias != "" {
			text = alias
		}
	}
	if text == "" {
		return "", fmt.Errorf("%s: %w", name, ErrNoEndpoint)
	}
	endpoint, err := url.Parse(text)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, withoutURL(err))
	}
	if issuer, err := url.Parse(m.Issuer); err == nil && issuer.Scheme == "https" && endpoint.Scheme != "https" {
		return "", fmt.Errorf("%s: %w", name, ErrDowngrade)
	}
	if endpoint.Hostname() == "" || endpoint.User != nil || strings.Contains(text, "#") {
		return "", fmt.Errorf("%s: %w", name, ErrBadEndpoint)
	}
	return text, nil
}

// Text returns a member that is a string, or "".
func (m *Metadata) Text(name string) string {
	text, _ := m.Document[name].(string)
	return text
}

// Strings returns a member that is a list of strings, or nil.
func (m *Metadata) Strings(name string) []string {
	list, _ := m.Document[name].([]any)
	var texts []string
	for _, item := range list {
		if text, ok := item.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}
