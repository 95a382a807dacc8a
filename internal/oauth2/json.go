// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// givenTwice tells whether an object in a JSON text has two members of this name
// with different values. RFC 8259 section 4 leaves open which of them counts, and
// every reader takes another one.
func givenTwice(text []byte, name string) bool {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return valueGivesTwice(decoder, name)
}

// valueGivesTwice is givenTwice for the value that comes next.
func valueGivesTwice(decoder *json.Decoder, name string) bool {
	start, _ := decoder.Token()
	switch start {
	case json.Delim('['):
		return elementsGiveTwice(decoder, name)
	case json.Delim('{'):
		return membersGiveTwice(decoder, name)
	default:
		return false
	}
}

func elementsGiveTwice(decoder *json.Decoder, name string) bool {
	for decoder.More() {
		if valueGivesTwice(decoder, name) {
			return true
		}
	}
	_, err := decoder.Token() // the end of the array
	return err != nil
}

func membersGiveTwice(decoder *json.Decoder, name string) bool {
	var first json.RawMessage
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return false
		}
		if key != name {
			if valueGivesTwice(decoder, name) {
				return true
			}
			continue
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return false
		}
		if first != nil && !bytes.Equal(first, value) {
			return true
		}
		first = value
	}
	_, err := decoder.Token() // the end of the object
	return err != nil
}
