// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package jsonpointer looks values up in decoded JSON by RFC 6901 pointers.
//
// It reads what encoding/json decodes into an any and refuses everything else:
// it neither changes documents nor knows the URI fragment form of section 6.
package jsonpointer

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Pointer is a parsed JSON Pointer. Its zero value points at the whole document.
type Pointer struct {
	text   string
	tokens []string
}

// String returns the pointer as it was written.
func (p Pointer) String() string { return p.text }

// Tokens returns the reference tokens, the names on the way to what p points at.
func (p Pointer) Tokens() []string { return slices.Clone(p.tokens) }

// unescape undoes the two escapes of RFC 6901 section 4. One pass reads "~01"
// as "~1", as the section asks for.
var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// strayTilde finds a "~" that begins neither escape (RFC 6901 section 3).
var strayTilde = regexp.MustCompile(`~(?:[^01]|$)`)

// arrayIndex is the array-index rule of RFC 6901 section 4: no leading zeros.
var arrayIndex = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,8})$`)

// Parse reads the string form of RFC 6901 section 3: empty, or beginning with
// "/".
func Parse(text string) (Pointer, error) {
	if text == "" {
		return Pointer{}, nil
	}
	if text[0] != '/' {
		return Pointer{}, errors.New(`a JSON Pointer starts with "/", for example "/data/access_token"`)
	}
	if strayTilde.MatchString(text) {
		return Pointer{}, fmt.Errorf("in a JSON Pointer %q stands for \"~\" and %q for \"/\"; another \"~\" is not allowed", "~0", "~1")
	}
	tokens := strings.Split(text[1:], "/")
	for i, token := range tokens {
		tokens[i] = unescape.Replace(token)
	}
	return Pointer{text, tokens}, nil
}

// MustParse is like Parse for pointers known when the program is written. It
// panics where Parse returns an error.
func MustParse(text string) Pointer {
	pointer, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return pointer
}

// Lookup returns the value that p points at in document, and whether there is
// one. Names are compared by code point; nothing is normalised (section 4).
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

// step follows one reference token. The token "-" names the element after the
// last of an array, which never exists.
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
