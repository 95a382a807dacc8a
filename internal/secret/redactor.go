// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// minRedacted is the length in bytes below which a value is left alone: taking
// every "1" or "no" out of a message hides the message and not the value.
const minRedacted = 4

// jwtShaped matches compact JWS and JWE texts (RFC 7515 section 3.1), which are
// credentials whoever sent them: their header always starts with `{"`.
var jwtShaped = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}`)

// Redactor takes known secrets out of text that came from outside, in every
// form in which a server may echo them. The zero value redacts only what looks
// like a JWT.
type Redactor struct {
	replacer *strings.Replacer
	// all has whole texts replaced.
	all bool
}

// Bounds of what a redactor looks for, in bytes and in values. What goes beyond
// them, a body of megabytes for example, is not looked for: then no text is shown
// at all.
const (
	maxLookedFor = 64 << 10
	maxValues    = 256
)

// NewRedactor returns a redactor of values. Values shorter than four bytes are
// ignored.
func NewRedactor(values ...string) *Redactor {
	if len(values) > maxValues || len(strings.Join(values, "")) > maxLookedFor {
		return &Redactor{all: true}
	}
	var forms []string
	for _, value := range values {
		if len(value) < minRedacted {
			continue
		}
		// A server may show the request as it came, escaped once more.
		for _, wire := range append(jsonSpellings(value), value, url.QueryEscape(value)) {
			forms = append(forms, spellings(wire)...)
		}
	}
	// strings.Replacer prefers earlier pairs, so the longest spelling comes first:
	// else a short secret inside a longer one would leave the rest standing.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range slices.Compact(forms) {
		pairs = append(pairs, form, Placeholder)
	}
	return &Redactor{replacer: strings.NewReplacer(pairs...)}
}

// Redact returns text with every known secret, and everything that looks like a
// JWT, replaced by the placeholder.
func (r *Redactor) Redact(text string) string {
	return jwtShaped.ReplaceAllString(r.RedactKnown(text), Placeholder)
}

// RedactKnown is Redact for text that may hold tokens of its own: it replaces the
// known secrets alone.
func (r *Redactor) RedactKnown(text string) string {
	if r.all && text != "" {
		return Placeholder
	}
	if r.replacer == nil {
		return text
	}
	return r.replacer.Replace(text)
}

// spellings lists the forms in which value may come back: as it is, escaped for
// URLs, forms, JSON and HTML, in hexadecimal and in base64.
func spellings(value string) []string {
	form := url.QueryEscape(value)
	path := url.PathEscape(value)
	spelled := []string{
		value,
		form, lowerEscapes(form),
		path, lowerEscapes(path),
		strings.ReplaceAll(form, "+", "%20"),
		componentEscapes.Replace(form),
		html.EscapeString(value), htmlNames.Replace(html.EscapeString(value)),
		hex.EncodeToString([]byte(value)),
	}
	spelled = append(spelled, jsonSpellings(value)...)
	spelled = append(spelled, base64Spellings(value)...)
	return slices.DeleteFunc(spelled, func(s string) bool { return len(s) < minRedacted })
}

// lowerEscapes writes the hexadecimal digits of percent-escapes in lower case,
// as some servers do.
func lowerEscapes(escaped string) string {
	out := []byte(escaped)
	for i := 0; i+2 < len(out); i++ {
		if out[i] == '%' {
			copy(out[i+1:i+3], strings.ToLower(string(out[i+1:i+3])))
		}
	}
	return string(out)
}

// componentEscapes turns Go's form encoding into that of JavaScript's
// encodeURIComponent, htmlNames Go's escapes of HTML into those with names.
var (
	componentEscapes = strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")
	htmlNames        = strings.NewReplacer("&#34;", "&quot;", "&#39;", "&#x27;")
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

// jsonSpellings escapes value as a JSON string, with and without the escapes
// that only some encoders write.
func jsonSpellings(value string) []string {
	quoted, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	escaped := string(quoted[1 : len(quoted)-1])
	plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(escaped)
	ascii := strconv.QuoteToASCII(value) // which differs from JSON only for control characters
	return []string{escaped, plain, strings.ReplaceAll(plain, "/", `\/`), ascii[1 : len(ascii)-1]}
}

// base64Spellings encodes value in both alphabets at each of the three
// alignments it can have inside a longer text such as `id:secret`. Characters
// that also carry bits of the neighbours are left out.
func base64Spellings(value string) []string {
	var spelled []string
	for shift := range 3 {
		padded := strings.Repeat("\x00", shift) + value
		whole := len(padded) / 3 * 3
		start := (shift*8 + 5) / 6
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			encoded := encoding.EncodeToString([]byte(padded[:whole]))
			if len(encoded)-start >= minRedacted {
				spelled = append(spelled, encoded[start:])
			}
		}
	}
	return spelled
}
