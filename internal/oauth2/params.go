// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// ParametersIn says where the parameters of a request travel.
type ParametersIn string

// The places where parameters can travel.
const (
	// InForm is a body of the type application/x-www-form-urlencoded (RFC 6749
	// appendix B).
	InForm ParametersIn = "form"
	// InJSON is a body holding one JSON object.
	InJSON ParametersIn = "json"
	// InQuery is the query of the endpoint's URL.
	InQuery ParametersIn = "query"
)

// Param is one request parameter.
type Param struct {
	Name  string
	Value secret.String
	// Public tells that the value may be shown in an excerpt of the answer.
	Public bool
}

// Params are request parameters in the order in which they are sent.
type Params []Param

// Add appends a parameter whose value is a secret.
func (p *Params) Add(name string, value secret.String) {
	*p = append(*p, Param{Name: name, Value: value})
}

// AddPublic appends a parameter whose value is no secret.
func (p *Params) AddPublic(name, value string) {
	*p = append(*p, Param{Name: name, Value: secret.New(value), Public: true})
}

// addPublic is AddPublic for parameters that are not sent when they are empty
// (RFC 6749 section 3.1: without a value is as if omitted).
func (p *Params) addPublic(name, value string) {
	if value != "" {
		p.AddPublic(name, value)
	}
}

// assertion decodes the assertion among the parameters: the client's own, or else the
// grant (RFC 7521 sections 4.2 and 4.1). It is nil if there is none.
func (p Params) assertion() *JWT {
	for _, name := range []string{"client_assertion", "assertion"} {
		for _, param := range p {
			if decoded, err := DecodeJWT(param.Value.Reveal()); err == nil && param.Name == name {
				return decoded
			}
		}
	}
	return nil
}

// override puts the parameters that a user named in place of those of the same
// name, takes away those given as empty, and appends the others by name.
func (p *Params) override(parameters map[string]secret.String) {
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		value := parameters[name]
		first := slices.IndexFunc(*p, func(param Param) bool { return param.Name == name })
		if first >= 0 && !value.IsZero() {
			(*p)[first] = Param{Name: name, Value: value}
			first++
		}
		if first >= 0 {
			p.deleteFrom(first, name)
		} else if !value.IsZero() {
			p.Add(name, value)
		}
	}
}

// leaveTo removes the parameters that the endpoint's own query names, wherever they
// would travel: none may be included more than once, and the query is the
// server's (RFC 6749 section 3.2).
func (p *Params) leaveTo(query url.Values) {
	*p = slices.DeleteFunc(*p, func(param Param) bool { return query.Has(param.Name) })
}

// deleteFrom removes the parameters called name at index start and after it.
func (p *Params) deleteFrom(start int, name string) {
	kept := slices.DeleteFunc((*p)[start:], func(param Param) bool { return param.Name == name })
	*p = (*p)[:start+len(kept)]
}

// names lists the parameters' names, each once, in their order.
func (p Params) names() []string {
	var names []string
	for _, param := range p {
		if !slices.Contains(names, param.Name) {
			names = append(names, param.Name)
		}
	}
	return names
}

// encodeForm serialises p by RFC 6749 appendix B, in its order.
func (p Params) encodeForm() string {
	pairs := make([]string, len(p))
	for i, param := range p {
		pairs[i] = url.QueryEscape(param.Name) + "=" + url.QueryEscape(param.Value.Reveal())
	}
	return strings.Join(pairs, "&")
}

// encodeJSON serialises p as one JSON object, its members in the order of p. A
// repeated parameter becomes an array.
func (p Params) encodeJSON() ([]byte, error) {
	var object bytes.Buffer
	object.WriteByte('{')
	for i, name := range p.names() {
		if i > 0 {
			object.WriteByte(',')
		}
		if err := writeJSON(&object, name, ':'); err != nil {
			return nil, err
		}
		if err := writeJSON(&object, p.jsonValue(name)); err != nil {
			return nil, err
		}
	}
	object.WriteByte('}')
	return object.Bytes(), nil
}

// jsonValue is the value of the parameter called name: a string, or a list of
// them where the parameter is repeated.
func (p Params) jsonValue(name string) any {
	var values []string
	for _, param := range p {
		if param.Name == name {
			values = append(values, param.Value.Reveal())
		}
	}
	if len(values) == 1 {
		return values[0]
	}
	return values
}

// writeJSON appends value without the escapes that only HTML needs, then tail.
func writeJSON(buffer *bytes.Buffer, value any, tail ...byte) error {
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	buffer.Truncate(buffer.Len() - 1) // the line feed that Encode ends with
	buffer.Write(tail)
	return nil
}

// joinScopes writes a scope parameter (RFC 6749 section 3.3).
func joinScopes(scopes []string) string { return strings.Join(scopes, " ") }
