// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

// minRedacted is the length in bytes below which a value is left alone. Taking
// every "1", "no" or "API" out of a message hides the message and not the value,
// and three bytes are soon found by chance in what some text decodes to.
const minRedacted = 4

// jwtShaped matches compact JWS and JWE texts (RFC 7515 section 3.1), which are
// credentials whoever sent them: their header always starts with `{"`.
var jwtShaped = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}`)

// Redactor takes known secrets out of text that came from outside, in whatever
// encoding a server echoes them: instead of encoding the secrets, it decodes the
// text. The zero value redacts only what looks like a JWT.
type Redactor struct {
	// forms is what is looked for in each reading of a text.
	forms [][]byte
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
	var forms [][]byte
	for _, value := range values {
		forms = append(forms, formsOf(value)...)
		if jwtShaped.FindString(value) == value { // its claims and its signature are nobody's business either
			for part := range strings.SplitSeq(value, ".") {
				forms = append(forms, []byte(part))
			}
		}
	}
	forms = slices.DeleteFunc(forms, func(form []byte) bool { return len(form) < minRedacted })
	slices.SortFunc(forms, bytes.Compare)
	return &Redactor{forms: slices.CompactFunc(forms, bytes.Equal)}
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
	if len(r.forms) == 0 || len(text) < minRedacted {
		return text
	}
	return cut(text, r.search(nil, unread(text), layersOf(text)))
}

// search appends to found where in the original text the secrets are, by a
// reading of it and by what further layers of encoding hide.
func (r *Redactor) search(found []span, read reading, layers int) []span {
	for _, form := range r.forms {
		found = read.find(found, form)
	}
	if layers == 0 {
		return found
	}
	for deeper := range read.decoded() {
		found = r.search(found, deeper, layers-1)
	}
	return found
}

// formsOf lists what a value looks like in a text that is decoded. A plus sign is
// a space to some readers and not to others. UTF-16 is read with its zero bytes
// left out, which leaves ISO 8859-1 of most texts.
func formsOf(value string) [][]byte {
	little, big := utf16Bytes(value)
	return [][]byte{
		[]byte(value),
		[]byte(strings.ReplaceAll(value, " ", "+")),
		[]byte(strings.ReplaceAll(value, "+", " ")),
		little, big,
	}
}

// utf16Bytes writes a text in UTF-16 of either byte order, without the zero bytes.
func utf16Bytes(text string) (little, big []byte) {
	for _, unit := range utf16.Encode([]rune(text)) {
		low, high := byte(unit&0xff), byte(unit>>8)
		little = append(little, low, high)
		big = append(big, high, low)
	}
	zero := func(char byte) bool { return char == 0 }
	return slices.DeleteFunc(little, zero), slices.DeleteFunc(big, zero)
}

// cut replaces parts of a text, overlapping ones as one.
func cut(text string, parts []span) string {
	slices.SortFunc(parts, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var kept strings.Builder
	end := int32(0)
	for _, part := range parts {
		if part.from >= end {
			kept.WriteString(text[end:part.from])
			kept.WriteString(Placeholder)
		}
		end = max(end, part.to)
	}
	kept.WriteString(text[end:])
	return kept.String()
}
