// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package jsonpointer looks values up in decoded JSON by RFC 6901 pointers.
//
// Documents are what encoding/json decodes into an any. The URI fragment form of
// section 6 is not supported.
package jsonpointer

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Pointer is a parsed JSON Pointer. The zero value points to the whole document.
type Pointer struct {
	text   string
	tokens []string
}

// String returns the text that the pointer was parsed from.
func (p Pointer) String() string { return p.text }

// Tokens returns the unescaped reference tokens: the names on the path to the value.
func (p Pointer) Tokens() []string { return slices.Clone(p.tokens) }

// unescape decodes the escapes of RFC 6901 section 4. In a single pass, "~01" becomes
// "~1", as the section requires.
var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// strayTilde matches a "~" that is not an escape (RFC 6901 section 3).
var strayTilde = regexp.MustCompile(`~(?:[^01]|$)`)

// arrayIndex is the array-index rule of RFC 6901 section 4: no leading zeros.
var arrayIndex = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,8})$`)

// Parse parses the syntax of RFC 6901 section 3: empty, or starting
// with "/".
func Parse(text string) (Pointer, error) {
	if text == "" {
		return Pointer{}, nil
	}
	if text[0] != '/' {
		return Pointer{}, errors.New(`a JSON Pointer starts with "/", for example "/data/access_token"`)
	}
	if strayTilde.MatchString(text) {
		return Pointer{}, errors.New(`a JSON Pointer has "~" only in "~0", which stands for "~", and in "~1", which stands for "/"`)
	}
	tokens := strings.Split(text[1:], "/")
	for i, token := range tokens {
		tokens[i] = unescape.Replace(token)
	}
	return Pointer{text, tokens}, nil
}

// MustParse is like [Parse] but panics on errors. It is for constant pointers.
func MustParse(text string) Pointer {
	pointer, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return pointer
}

// Lookup returns the value that p points to in document and reports whether it exists.
// Names are compared by code point, without normalization (section 4).
func (p Pointer) Lookup(document any) (any, bool) {
	value := document
	for _, token := range p.tokens {
		next, ok := step(value, token)
		if !ok {
			return nil, false
		}
		value = next
	}
	return value, true
}

// step evaluates one reference token. "-" stands for the element after the last one of
// an array, which never exists.
func step(value any, token string) (any, bool) {
	switch container := value.(type) {
	case map[string]any:
		member, ok := container[token]
		return member, ok
	case []any:
		if !arrayIndex.MatchString(token) {
			return nil, false
		}
		index, err := strconv.Atoi(token)
		if err != nil || index >= len(container) {
			return nil, false
		}
		return container[index], true
	default:
		return nil, false
	}
}
