// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// minRedacted is the length in bytes below which a value is left alone. Taking
// every "1", "no" or "API" out of a message hides the message and not the value.
const minRedacted = 4

// jwtShaped matches compact JWS and JWE texts (RFC 7515 section 3.1), which are
// credentials whether or not this client sent them: their header starts with `{"`.
var jwtShaped = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}`)

// Redactor takes known secrets out of text that came from outside. It protects
// against servers and proxies that echo what they were sent, whole or in parts, in
// the forms that software writes by itself: raw, percent-encoded, escaped for JSON
// or HTML in any number of layers, and in base64. A server that scrambles a secret
// on purpose has it anyway.
//
// Text is searched in three readings: as it is, with its escapes undone and its
// white space removed (see plain), and with what could be base64 in that decoded.
// What is found is cut out of the original text, and nothing else of it changes.
// Time is linear in the length of the text, and the memory beside it is constant.
//
// The zero value redacts only what looks like a JWT.
type Redactor struct {
	// needles are what is looked for, by their first four bytes, longest first.
	needles map[string][]string
	// starts holds the first two bytes of the needles, to pass over most of a text
	// quickly.
	starts []bool
	// longest is the length of the longest needle in bytes.
	longest int
}

// NewRedactor returns a redactor of values and of the parts of values that may be
// secrets of their own. What is shorter than four bytes is ignored.
func NewRedactor(values ...String) *Redactor {
	needles := map[string]bool{}
	for _, value := range values {
		for part := range parts(value.Reveal()) {
			// A plus sign is a space to some readers and not to others.
			for _, form := range []string{part, strings.ReplaceAll(part, " ", "+"), strings.ReplaceAll(part, "+", " ")} {
				needles[form] = true
				// A backslash at the end would escape the quotation mark behind it.
				needles[strings.TrimRight(undone(form), `\`)] = true
			}
		}
	}
	redactor := &Redactor{needles: make(map[string][]string, len(needles)), starts: make([]bool, 1<<16)}
	for needle := range needles {
		if len(needle) >= minRedacted {
			start := needle[:minRedacted]
			redactor.needles[start] = append(redactor.needles[start], needle)
			redactor.starts[int(needle[0])<<8|int(needle[1])] = true
			redactor.longest = max(redactor.longest, len(needle))
		}
	}
	for _, alike := range redactor.needles {
		slices.SortFunc(alike, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	}
	return redactor
}

// Excerpt makes text from outside fit to be shown: runs of white space, control
// characters and what else is not printable become single spaces, secrets are
// redacted, and only then the text is shortened to limit bytes. It is the only way
// by which such text may get into an error, a diagnostic or a log. Its cost does
// not depend on the length of the text.
func (r *Redactor) Excerpt(text string, limit int) string {
	const mark = " …"
	text = strings.TrimSpace(text)
	window := text[:min(len(text), 4*limit+r.margin())]
	shown := OneLine(window)
	if len(window) < len(text) {
		shown = r.redact(shown, max(0, len(shown)-r.margin()), true)
	} else if shown = r.redact(shown, len(shown), true); len(shown) <= limit {
		return shown
	}
	return strings.ToValidUTF8(shown[:min(len(shown), limit-len(mark))], "") + mark
}

// Prefix redacts the first size bytes of a text and drops the others, for reading
// more out of it than [Redactor.Excerpt] can. What is read goes through Excerpt again.
func (r *Redactor) Prefix(text string, size int) string {
	return r.redact(text[:min(len(text), size+r.margin())], min(len(text), size), true)
}

// RedactKnown replaces the known secrets in a text that is an output and may hold
// tokens of its own.
func (r *Redactor) RedactKnown(text string) string { return r.redact(text, len(text), false) }

// margin is how many bytes beyond what is kept of a text are searched, so that no
// secret in it is cut apart: the longest needle with every byte of it escaped, or
// a JWT's header.
func (r *Redactor) margin() int { return 8*r.longest + 1<<10 }

// redact returns the first size bytes of text with every secret replaced by the
// placeholder, also one that ends later.
func (r *Redactor) redact(text string, size int, jwts bool) string {
	var found []span
	if len(r.needles) > 0 {
		found = r.find(text)
	}
	if jwts {
		for _, at := range jwtShaped.FindAllStringIndex(text, -1) {
			found = append(found, span{at[0], at[1]})
		}
	}
	if len(found) == 0 {
		return text[:size]
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var kept strings.Builder
	end := 0
	for _, at := range found {
		if at.from >= size {
			break
		}
		if at.from >= end {
			kept.WriteString(text[end:at.from])
			kept.WriteString(Placeholder)
		}
		end = max(end, at.to)
	}
	kept.WriteString(text[min(end, size):size])
	return kept.String()
}

// find returns where in a text secrets are, in no order. It reads the text in
// pieces that overlap, so that memory does not grow with its length.
func (r *Redactor) find(text string) []span {
	size := max(64<<10, 4*r.margin())
	search := search{redactor: r}
	var piece []byte
	for start := 0; start < len(text); start += size {
		piece = append(piece[:0], text[start:min(len(text), start+size+r.margin())]...)
		search.start = start
		search.run(piece)
	}
	return search.found
}

// span is a part of a text, in bytes.
type span struct{ from, to int }

// match calls found for each needle in a text, overlapping ones included.
func (r *Redactor) match(text []byte, found func(span)) {
	for i := range max(0, len(text)-minRedacted+1) {
		if !r.starts[int(text[i])<<8|int(text[i+1])] {
			continue
		}
		for _, needle := range r.needles[string(text[i:i+minRedacted])] {
			if len(text)-i >= len(needle) && string(text[i:i+len(needle)]) == needle {
				found(span{i, i + len(needle)})
				break
			}
		}
	}
}

// search finds the secrets in one text. Its buffers serve every piece and every
// run of base64.
type search struct {
	redactor *Redactor
	found    []span
	// start is where in the text the piece is that is being read.
	start        int
	plain, inner plain
	decoded      []byte
}

// add notes a secret in the piece.
func (s *search) add(at span) { s.found = append(s.found, span{s.start + at.from, s.start + at.to}) }

// run finds what is in a piece as it is, escaped, and in base64.
func (s *search) run(piece []byte) {
	s.redactor.match(piece, s.add)
	s.plain.read(piece)
	s.redactor.match(s.plain.text, func(at span) { s.add(s.plain.source(at)) })
	for run := range base64Runs(s.plain.text) {
		// Characters before the first digit may run into it, so that any of four
		// digits may be the first of a group.
		for phase := range 4 {
			s.unpack(span{run.from + phase, run.to})
		}
	}
}

// unpack finds what is in base64, its first digit being that at run.from of the
// plain text.
func (s *search) unpack(run span) {
	s.decoded = decodeBase64(s.decoded[:0], s.plain.text[run.from:run.to])
	found := func(at span) {
		digits := span{run.from + at.from*8/6, run.from + (at.to*8+5)/6} // six bits each
		for digits.to >= run.to && digits.to < len(s.plain.text) && s.plain.text[digits.to] == '=' {
			digits.to++ // padding
		}
		s.add(s.plain.source(digits))
	}
	s.redactor.match(s.decoded, found)
	s.inner.read(s.decoded)
	s.redactor.match(s.inner.text, func(at span) { found(s.inner.source(at)) })
}

// OneLine turns every run of white space, control characters and invisible ones
// into one space, so that text can neither break lines nor steer the terminal.
func OneLine(text string) string {
	cleaned := strings.Map(func(char rune) rune {
		if !unicode.IsPrint(char) { // which control and format characters are not
			return ' '
		}
		return char
	}, text)
	return strings.Join(strings.Fields(cleaned), " ")
}
