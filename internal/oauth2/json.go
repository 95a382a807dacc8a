// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// MaxNesting is how deep JSON from outside may be nested, in levels. Package json
// stops at 10,000, which is too deep for what is built from it: a document of that
// depth could be decoded and not be stored.
const MaxNesting = 100

// ErrTooDeep tells that JSON is nested more deeply than [MaxNesting].
var ErrTooDeep = fmt.Errorf("the JSON is nested more than %d levels deep", MaxNesting)

// DecodeJSON decodes exactly one JSON value from outside and keeps numbers as they
// are written.
func DecodeJSON(data []byte, into any) error {
	if nesting(data) > MaxNesting {
		return ErrTooDeep
	}
	return decodeStored(data, into)
}

// decodeStored is DecodeJSON for what this package has encoded, which may put what
// came from outside a level deeper.
func decodeStored(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more follows the JSON value")
	}
	return nil
}

// nesting counts the levels of arrays and objects in what may be JSON.
func nesting(data []byte) int {
	level, deepest, inString := 0, 0, false
	for i := 0; i < len(data); i++ {
		switch char := data[i]; {
		case char == '"':
			inString = !inString
		case char == '\\' && inString:
			i++
		case inString:
		case char == '[' || char == '{':
			level++
			deepest = max(deepest, level)
		case char == ']' || char == '}':
			level--
		}
	}
	return deepest
}

// escapeControls replaces line breaks and tabs that stand in JSON strings as they
// are, which RFC 8259 section 7 does not allow and some servers do, by spaces.
func escapeControls(text []byte) []byte {
	if json.Valid(text) {
		return text
	}
	escaped := bytes.Clone(text)
	inString := false
	for i := 0; i < len(escaped); i++ {
		switch char := escaped[i]; {
		case char == '"':
			inString = !inString
		case char == '\\' && inString:
			i++
		case inString && (char == '\n' || char == '\r' || char == '\t'):
			escaped[i] = ' '
		}
	}
	return escaped
}

// givenTwice reports whether an object in a JSON text has two members of one of
// these names with different values. RFC 8259 section 4 leaves open which of them
// counts, and readers differ.
func givenTwice(text []byte, names []string) bool {
	decoder := json.NewDecoder(bytes.NewReader(text))
	start, err := decoder.Token()
	isObject := start == json.Delim('{')
	if err != nil || !isObject && start != json.Delim('[') {
		return false
	}
	first := map[string]json.RawMessage{}
	for decoder.More() {
		var name any
		if isObject {
			if name, err = decoder.Token(); err != nil {
				return false
			}
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return false
		}
		if name, _ := name.(string); isObject && slices.Contains(names, name) {
			if earlier, twice := first[name]; twice && !bytes.Equal(earlier, value) {
				return true
			}
			first[name] = value
		}
		if (value[0] == '{' || value[0] == '[') && givenTwice(value, names) {
			return true
		}
	}
	return false
}
