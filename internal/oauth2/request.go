// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Media types of request bodies.
const (
	formMediaType = "application/x-www-form-urlencoded"
	jsonMediaType = "application/json"
)

// RequestBuilder is a request that is being put together: parameters and header fields,
// not yet encoded.
type RequestBuilder struct {
	// Endpoint is where the request will go.
	Endpoint *url.URL
	// Header holds the header fields the user asked for.
	Header http.Header
	// Params are the parameters so far, in the order they will be sent.
	Params Params
	hidden []secret.String
}

// newRequestBuilder begins a request to endpoint with the user's header fields.
func newRequestBuilder(endpoint string, headers map[string]secret.String) (*RequestBuilder, error) {
	target, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("the endpoint is not a URL: %w", withoutURL(err))
	}
	builder := &RequestBuilder{Endpoint: target, Header: http.Header{}}
	builder.AddSecrets(secret.New(target.RawQuery))
	for name, value := range headers {
		builder.Header.Set(name, value.Reveal())
		builder.AddSecrets(value)
	}
	return builder, nil
}

// AddSecrets names secrets that are in the request in another form than as the value
// of a parameter, so that they are redacted from what the server answers.
func (b *RequestBuilder) AddSecrets(secrets ...secret.String) {
	b.hidden = append(b.hidden, secrets...)
}

// secrets lists all secrets the request carries.
func (b *RequestBuilder) secrets() []secret.String {
	hidden := slices.Clone(b.hidden)
	for _, param := range b.Params {
		if !param.Public {
			hidden = append(hidden, param.Value)
		}
	}
	return hidden
}

// message encodes the builder. A body that is not empty is sent instead of the
// parameters.
func (b *RequestBuilder) message(method string, in ParametersIn, body secret.String) (httpstack.Request, error) {
	message := httpstack.Request{
		Method: cmp.Or(method, http.MethodPost),
		URL:    b.Endpoint,
		Header: b.Header,
	}
	setDefault(message.Header, "Accept", jsonMediaType)
	if !body.IsZero() {
		b.AddSecrets(body)
		b.Params = nil
		message.Body, message.Secrets = []byte(body.Reveal()), b.secrets()
		setDefault(message.Header, "Content-Type", mediaTypeOf(message.Body))
		return message, nil
	}
	b.Params.leaveTo(b.Endpoint.Query())
	message.Parameters, message.Secrets = b.Params.names(), b.secrets()
	return message, b.encodeInto(&message, in)
}

// encodeInto writes the parameters where in says.
func (b *RequestBuilder) encodeInto(message *httpstack.Request, in ParametersIn) error {
	switch in {
	case InForm, "":
		message.Body = []byte(b.Params.encodeForm())
		setDefault(message.Header, "Content-Type", formMediaType)
	case InJSON:
		body, err := b.Params.encodeJSON()
		if err != nil {
			return fmt.Errorf("the parameters cannot be written as JSON: %w", err)
		}
		message.Body = body
		setDefault(message.Header, "Content-Type", jsonMediaType)
	case InQuery:
		message.URL = WithQuery(b.Endpoint, b.Params.encodeForm())
	default:
		return fmt.Errorf("parameters cannot travel in %q", in)
	}
	return nil
}

// WithQuery appends query to the endpoint's own, which is kept as it was written
// (RFC 6749 section 3.2).
func WithQuery(endpoint *url.URL, query string) *url.URL {
	target := *endpoint
	if target.RawQuery != "" && query != "" {
		target.RawQuery += "&"
	}
	target.RawQuery += query
	return &target
}

// setDefault sets a header field that the user has not set.
func setDefault(header http.Header, name, value string) {
	if header.Get(name) == "" {
		header.Set(name, value)
	}
}

// mediaTypeOf guesses the type of a body that the user wrote.
func mediaTypeOf(body []byte) string {
	if json.Valid(body) {
		return jsonMediaType
	}
	return formMediaType
}
