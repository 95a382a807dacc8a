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

// maxNesting limits the nesting of JSON from outside. Package json allows 10,000 levels,
// which can be decoded but not stored: the cache entry adds some.
const maxNesting = 100

// ErrTooDeep reports JSON with too many levels.
var ErrTooDeep = fmt.Errorf("the JSON is nested more than %d levels deep", maxNesting)

// DecodeJSON decodes exactly one JSON value from outside. Numbers are json.Number.
func DecodeJSON(data []byte, into any) error {
	if nesting(data) > maxNesting {
		return ErrTooDeep
	}
	return decodeStored(data, into)
}

// decodeStored is DecodeJSON for what this package encoded, which may be nested deeper.
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

// escapeControls replaces unescaped line breaks and tabs in strings, which RFC 8259
// section 7 forbids and some servers send, by spaces.
func escapeControls(text []byte) []byte {
	start := bytes.TrimLeft(text, " \t\r\n")
	if len(start) == 0 || !bytes.ContainsRune([]byte(`{["`), rune(start[0])) || json.Valid(text) {
		return text // which is not JSON, or needs no change
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

// givenTwice reports whether an object has two members of one of these names with
// different values. RFC 8259 section 4 does not say which of them counts.
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
