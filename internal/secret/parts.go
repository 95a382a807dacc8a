// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Parts lists the texts within a text that may be secrets of their own: the
// strings of a JSON document, the values of a form, and of other texts the words,
// but for short ones, which are mostly names, and the text as a form has it.
func Parts(text string) []string {
	var document any
	if json.Unmarshal([]byte(text), &document) == nil {
		return jsonStrings(document)
	}
	if values, err := url.ParseQuery(text); err == nil && strings.Contains(text, "=") {
		return slices.Concat(slices.Concat(slices.Collect(maps.Values(values))...), words(text))
	}
	decoded, _ := url.QueryUnescape(text) // as a form reads it that is the name of a member
	return append(words(text), decoded)
}

// words splits a text at the usual separators.
func words(text string) []string {
	const minWord = 8
	found := strings.FieldsFunc(text, func(char rune) bool { return strings.ContainsRune(" \t\r\n,;:=&\"'", char) })
	return slices.DeleteFunc(found, func(word string) bool { return len(word) < minWord })
}

// jsonStrings lists the strings in a decoded JSON document, names left out.
func jsonStrings(value any) []string {
	var found []string
	switch value := value.(type) {
	case string:
		found = append(found, value)
	case []any:
		for _, element := range value {
			found = append(found, jsonStrings(element)...)
		}
	case map[string]any:
		for _, member := range value {
			found = append(found, jsonStrings(member)...)
		}
	}
	return found
}
