// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Media types of request bodies.
const (
	formMediaType = "application/x-www-form-urlencoded"
	jsonMediaType = "application/json"
)

// ParametersIn says where the parameters of a request are sent.
type ParametersIn string

// The places for parameters.
const (
	// InForm is a form-encoded body (RFC 6749 appendix B).
	InForm ParametersIn = "form"
	// InJSON is a body that holds one JSON object.
	InJSON ParametersIn = "json"
	// InQuery is the query of the endpoint's URL.
	InQuery ParametersIn = "query"
)

// RequestBuilder is a request before its parameters are encoded.
type RequestBuilder struct {
	Header http.Header
	// Params are the parameters in the order in which they are sent.
	Params Params

	endpoint *url.URL
	secrets  []secret.String // beside the values of Params
}

func (c *Client) newRequestBuilder(endpoint string, headers map[string]secret.String) (*RequestBuilder, error) {
	address, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("the endpoint is not a URL: %w", withoutURL(err))
	}
	builder := &RequestBuilder{endpoint: address, Header: http.Header{}}
	builder.AddSecrets(c.Secrets...)
	builder.AddSecrets(secret.New(address.RawQuery))
	for name, value := range headers {
		builder.Header.Set(name, value.Reveal())
		builder.AddSecrets(value)
	}
	return builder, nil
}

// AddSecrets adds secrets to redact from the response. The values of parameters are
// redacted without it.
func (b *RequestBuilder) AddSecrets(secrets ...secret.String) {
	b.secrets = append(b.secrets, secrets...)
}

// encode returns the HTTP request. A body that is not empty replaces the parameters.
func (b *RequestBuilder) encode(method string, in ParametersIn, body secret.String) httpstack.Request {
	message := httpstack.Request{Method: cmp.Or(method, http.MethodPost), URL: b.endpoint, Header: b.Header}
	contentType := formMediaType
	if !body.IsZero() {
		b.Params = nil
		b.AddSecrets(body)
		message.Body = []byte(body.Reveal())
		if json.Valid(message.Body) {
			contentType = jsonMediaType
		}
	} else {
		query := b.endpoint.Query() // no parameter may be sent twice (RFC 6749 section 3.2)
		b.Params = slices.DeleteFunc(b.Params, func(param Param) bool { return query.Has(param.Name) })
		message.Parameters = b.Params.names()
		switch in {
		case InQuery:
			message.URL = WithQuery(b.endpoint, b.Params.encodeForm())
			contentType = ""
		case InJSON:
			message.Body = b.Params.encodeJSON()
			contentType = jsonMediaType
		default:
			message.Body = []byte(b.Params.encodeForm())
		}
	}
	for name, value := range map[string]string{"Accept": jsonMediaType, "Content-Type": contentType} {
		if value != "" && b.Header.Get(name) == "" {
			b.Header.Set(name, value)
		}
	}
	message.Secrets = b.secrets
	for _, param := range b.Params {
		if !param.Public {
			message.Secrets = append(message.Secrets, param.Value)
		}
	}
	return message
}

// WithQuery appends query to that of endpoint, which is kept byte for byte (RFC 6749
// section 3.2).
func WithQuery(endpoint *url.URL, query string) *url.URL {
	address := *endpoint
	if address.RawQuery != "" && query != "" {
		address.RawQuery += "&"
	}
	address.RawQuery += query
	return &address
}

// Param is one request parameter.
type Param struct {
	Name  string
	Value secret.String
	// Public reports that the value may appear in an error message.
	Public bool
}

// Params are request parameters in the order in which they are sent.
type Params []Param

// Add appends a parameter whose value is a secret.
func (p *Params) Add(name string, value secret.String) {
	*p = append(*p, Param{Name: name, Value: value})
}

// AddPublic appends a parameter whose value is not a secret, unless it is empty (RFC
// 6749 section 3.1 treats that as omitted).
func (p *Params) AddPublic(name, value string) {
	if value != "" {
		*p = append(*p, Param{Name: name, Value: secret.New(value), Public: true})
	}
}

// override replaces the parameters that a user sets, removes those set to the empty
// string, and appends the others sorted by name.
func (p *Params) override(parameters map[string]secret.String) {
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		named := func(param Param) bool { return param.Name == name }
		first := slices.IndexFunc(*p, named)
		*p = slices.DeleteFunc(*p, named)
		if first < 0 {
			first = len(*p)
		}
		if value := parameters[name]; !value.IsZero() {
			*p = slices.Insert(*p, first, Param{Name: name, Value: value})
		}
	}
}

// assertion decodes the assertion among the parameters: the client's own, or else the
// grant's. It is nil if there is none.
func (p Params) assertion() *JWT {
	for _, name := range []string{"client_assertion", AssertionParameter(GrantJWTBearer), AssertionParameter(GrantTokenExchange)} {
		for _, param := range p {
			if decoded, err := DecodeJWT(param.Value.Reveal()); err == nil && param.Name == name {
				return decoded
			}
		}
	}
	return nil
}

func (p Params) names() []string {
	var names []string
	for _, param := range p {
		if !slices.Contains(names, param.Name) {
			names = append(names, param.Name)
		}
	}
	return names
}

// encodeForm encodes p as a form (RFC 6749 appendix B).
func (p Params) encodeForm() string {
	pairs := make([]string, len(p))
	for i, param := range p {
		pairs[i] = url.QueryEscape(param.Name) + "=" + url.QueryEscape(param.Value.Reveal())
	}
	return strings.Join(pairs, "&")
}

// encodeJSON encodes p as one JSON object. A parameter that occurs more than once becomes
// an array.
func (p Params) encodeJSON() []byte {
	object := map[string]any{}
	for _, param := range p {
		value := param.Value.Reveal()
		switch earlier := object[param.Name].(type) {
		case nil:
			object[param.Name] = value
		case string:
			object[param.Name] = []string{earlier, value}
		case []string:
			object[param.Name] = append(earlier, value)
		}
	}
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(object) // strings always encode
	return bytes.TrimSpace(encoded.Bytes())
}
