// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parts returns a value and the texts in it that a server may echo alone, such as the
// password of a Basic header. It looks into formats nested to a depth: JSON in a string
// of JSON, a form in base64.
func parts(value string, depth int) []string {
	found := []string{value}
	if depth == 0 {
		return found
	}
	for _, part := range inside(value) {
		if part != value && len(part) >= minRedacted {
			found = append(found, parts(part, depth-1)...)
		}
	}
	return found
}

// xmlText matches the text between XML tags, and attribute values.
var xmlText = regexp.MustCompile(`>([^<>]+)<|=\s*"([^"<>]*)"|=\s*'([^'<>]*)'`)

func inside(text string) []string {
	trimmed := strings.TrimSpace(text)
	var document any
	if strings.ContainsAny(trimmed, `{["`) {
		decoder := json.NewDecoder(strings.NewReader(trimmed))
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
	case strings.HasPrefix(trimmed, "urn:"): // a name, such as that of a token type
		return nil
	case jwtShaped.FindString(trimmed) == trimmed && trimmed != "":
		return strings.Split(trimmed, ".") // its claims and its signature are secrets too
	}
	if decoded, ok := base64Text(trimmed); ok {
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

// formShaped matches forms, but not padded base64.
var formShaped = regexp.MustCompile(`^[\w.%+\[\]-]+=[^=]`)

// formValues lists the values of a form, or those in the query of a URL and its password.
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

// words splits a text at common separators. Short words are usually names.
func words(text string) []string {
	const minWord = 8
	found := strings.FieldsFunc(text, func(char rune) bool { return strings.ContainsRune(" \t\r\n,;:=&|<>\"'", char) })
	return slices.DeleteFunc(found, func(word string) bool { return len(word) < minWord })
}

// scalars lists the strings and numbers in a decoded JSON document, without names.
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

// standardDigits replaces the digits of base64url.
var standardDigits = strings.NewReplacer("-", "+", "_", "/")

// base64Text decodes base64 of a text, and reduces a user name and password (RFC 7617
// section 2) to the password.
func base64Text(text string) (string, bool) {
	bare := strings.TrimRight(standardDigits.Replace(text), "=")
	decoded, err := base64.RawStdEncoding.DecodeString(bare)
	if err != nil || len(decoded) == 0 || !utf8.Valid(decoded) || strings.ContainsFunc(string(decoded), unicode.IsControl) {
		return "", false
	}
	if _, password, ok := strings.Cut(string(decoded), ":"); ok && !strings.ContainsAny(string(decoded[:1]), `{["<`) {
		return password, true
	}
	return string(decoded), true
}
