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

// Limits of JSON that is decoded as a whole although only a part of it may be needed.
const (
	maxText = 1 << 20 // in bytes
	// maxRead is how much of a body an excerpt is made of, in bytes.
	maxRead = 64 << 10
	// MaxValues is how many values a document may have. Each takes far more memory than its
	// text, and has a type of its own, which Terraform transmits and compares.
	MaxValues = 20_000
)

// IsSmall reports whether JSON text is at most 1 MiB long and has at most MaxValues values.
// It decodes nothing.
func IsSmall(text []byte) bool {
	_, values := measure(text)
	return len(text) <= maxText && values <= MaxValues
}

// DecodeJSON decodes exactly one JSON value from outside. Numbers are json.Number.
func DecodeJSON(data []byte, into any) error {
	if levels, _ := measure(data); levels > maxNesting {
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

// decodeStart decodes the beginning of valid JSON. What is missing, and what is nested too
// deeply, is "…".
func decodeStart(text []byte) any {
	if len(text) > maxRead {
		text = bytes.TrimRight(text[:maxRead], "+-.0123456789Ee") // a number looks whole
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	value, _ := decodeNext(decoder, maxNesting)
	return value
}

// decodeNext decodes the next value and reports whether all of it is there.
func decodeNext(decoder *json.Decoder, levels int) (value any, whole bool) {
	token, err := decoder.Token()
	if err != nil || levels == 0 {
		return "…", false
	}
	whole = true
	switch token {
	case json.Delim('['):
		list := []any{}
		for whole && decoder.More() {
			value, whole = decodeNext(decoder, levels-1)
			list = append(list, value)
		}
		value = list
	case json.Delim('{'):
		object := map[string]any{}
		for whole && decoder.More() {
			name, err := decoder.Token()
			if err != nil {
				return object, false
			}
			value, whole = decodeNext(decoder, levels-1)
			object[name.(string)] = value //nolint:forcetypeassert // as names are
		}
		value = object
	default:
		return token, true
	}
	_, err = decoder.Token() // the end
	return value, whole && err == nil
}

// measure returns how deep JSON text is nested and how many values it has.
func measure(data []byte) (deepest, values int) {
	level, inString := 0, false
	var last byte // but for white space
	values = 1
	for i := 0; i < len(data); i++ {
		char := data[i]
		switch {
		case char == '"':
			inString = !inString
		case char == '\\' && inString:
			i++
		case inString:
		case char == '[' || char == '{':
			level++
			values++ // its first
			deepest = max(deepest, level)
		case char == ',':
			values++
		case char == ']' || char == '}':
			level--
			if last == '[' || last == '{' {
				values-- // it is empty
			}
		case char <= ' ':
			continue
		}
		last = char
	}
	return deepest, values
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
