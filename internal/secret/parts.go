// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import (
	"encoding/base64"
	"encoding/json"
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxInside is how many formats within one another are taken apart: JSON that is a
// string in JSON, base64 of a form.
const maxInside = 3

// parts yields a value and the texts within it that a server may repeat alone,
// such as the password of a Basic header.
func parts(value string) iter.Seq[string] {
	return func(yield func(string) bool) { yieldParts(value, maxInside, yield) }
}

func yieldParts(value string, depth int, yield func(string) bool) bool {
	if !yield(value) {
		return false
	}
	if depth == 0 {
		return true
	}
	for _, part := range inside(value) {
		if part != value && len(part) >= minRedacted && !yieldParts(part, depth-1, yield) {
			return false
		}
	}
	return true
}

// xmlText matches what XML says between its tags and in its attributes.
var xmlText = regexp.MustCompile(`>([^<>]+)<|=\s*"([^"<>]*)"|=\s*'([^'<>]*)'`)

// inside lists the texts within a text, by the format that it has.
func inside(text string) []string {
	trimmed := strings.TrimSpace(text)
	var document any
	if decoder := json.NewDecoder(strings.NewReader(trimmed)); strings.ContainsAny(trimmed, `{["`) {
		decoder.UseNumber()
		if decoder.Decode(&document) == nil && !decoder.More() {
			return scalars(document)
		}
	}
	switch {
	case strings.HasPrefix(trimmed, "<"):
		var found []string
		for _, match := range xmlText.FindAllStringSubmatch(trimmed, -1) {
			found = append(found, strings.TrimSpace(strings.Join(match[1:], "")))
		}
		return found
	case strings.HasPrefix(trimmed, "urn:"): // a name, as of a type of tokens
		return nil
	case jwtShaped.FindString(trimmed) == trimmed && trimmed != "":
		return strings.Split(trimmed, ".") // its claims and its signature are secrets too
	}
	if decoded, ok := fromBase64(trimmed); ok {
		return []string{decoded}
	}
	if values, ok := formValues(trimmed); ok {
		return values
	}
	found := words(trimmed)
	if scheme, rest, ok := strings.Cut(trimmed, " "); ok && !strings.ContainsAny(scheme, "=:,") {
		found = append(found, strings.TrimSpace(rest)) // of an Authorization header, however short
	}
	return found
}

// formShaped matches forms, and not texts in base64 with its padding.
var formShaped = regexp.MustCompile(`^[\w.%+\[\]-]+=[^=]`)

// formValues lists the values of a form, or of the query of a URL with its password.
func formValues(text string) ([]string, bool) {
	var found []string
	if address, err := url.Parse(text); err == nil && address.Host != "" {
		password, _ := address.User.Password()
		found, text = append(found, password), address.RawQuery
	}
	if values, err := url.ParseQuery(text); err == nil && formShaped.MatchString(text) {
		for _, some := range values {
			found = append(found, some...)
		}
	}
	return found, found != nil
}

// words splits a text at the usual separators. Short words are mostly names.
func words(text string) []string {
	const minWord = 8
	found := strings.FieldsFunc(text, func(char rune) bool { return strings.ContainsRune(" \t\r\n,;:=&|<>\"'", char) })
	return slices.DeleteFunc(found, func(word string) bool { return len(word) < minWord })
}

// scalars lists the strings and numbers in a decoded JSON document, names left out.
func scalars(value any) []string {
	var found []string
	switch value := value.(type) {
	case string:
		return []string{value}
	case json.Number:
		return []string{value.String()}
	case []any:
		for _, element := range value {
			found = append(found, scalars(element)...)
		}
	case map[string]any:
		for _, member := range value {
			found = append(found, scalars(member)...)
		}
	}
	return found
}

// fromBase64 is what a text says in base64, if that is text. Of a user name and a
// password (RFC 7617 section 2) it is the password.
func fromBase64(text string) (string, bool) {
	bare := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	decoded, err := base64.RawStdEncoding.DecodeString(bare)
	if err != nil || len(decoded) == 0 || !utf8.Valid(decoded) || strings.ContainsFunc(string(decoded), unicode.IsControl) {
		return "", false
	}
	if _, password, ok := strings.Cut(string(decoded), ":"); ok && !strings.ContainsAny(string(decoded[:1]), `{["<`) {
		return password, true
	}
	return string(decoded), true
}
