// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// minRedacted is the length in bytes of the shortest value that is redacted. Redacting
// every "1", "no" or "API" would make messages unreadable.
const minRedacted = 4

// jwtShaped matches compact JWS and JWE (RFC 7515 section 3.1), which are redacted whether
// or not this client sent them. Their header begins with `{"`.
var jwtShaped = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}`)

// pemShaped matches PEM blocks (RFC 7468), and what is left of one that is cut off.
var pemShaped = regexp.MustCompile(`(?s)-----BEGIN .*?(?:-----END [^-\n]*-----|$)`)

// Redactor removes known secrets from text. It protects against servers and proxies that
// echo what they received, whole or in parts, in the encodings that software applies by
// itself: raw, percent-encoded, escaped for JSON or HTML, any of these repeatedly, and
// base64. It does not protect against a server that scrambles a secret on purpose.
//
// Text is searched as it is, unescaped (see unescaped), and with anything in that which
// may be base64 decoded. Matches are replaced in the original text. Time is linear in the
// length of the text, and additional memory is constant.
//
// The zero value redacts only JWTs and PEM.
type Redactor struct {
	// needles are the searched texts by their first four bytes, longest first.
	needles map[string][]string
	// starts has a bit for the first two bytes of each needle, to skip most of a text quickly.
	starts  []uint64
	longest int
}

// NewRedactor returns a redactor of values and of their parts that may be secrets
// themselves. It ignores those shorter than four bytes.
func NewRedactor(values ...String) *Redactor {
	const maxDepth = 3
	needles := map[string]bool{}
	for _, value := range values {
		for _, part := range parts(value.Reveal(), maxDepth) {
			// Some readers take a plus sign for a space.
			for _, form := range []string{part, strings.ReplaceAll(part, " ", "+"), strings.ReplaceAll(part, "+", " ")} {
				needles[form] = true
				// A final backslash would escape the quotation mark after it.
				var plain unescaped
				plain.read([]byte(form))
				needles[strings.TrimRight(string(plain.text), `\`)] = true
			}
		}
	}
	redactor := &Redactor{needles: make(map[string][]string, len(needles)), starts: make([]uint64, 1<<10)}
	for needle := range needles {
		if len(needle) >= minRedacted {
			start := needle[:minRedacted]
			redactor.needles[start] = append(redactor.needles[start], needle)
			redactor.starts[int(needle[0])<<2|int(needle[1])>>6] |= 1 << (needle[1] & 63)
			redactor.longest = max(redactor.longest, len(needle))
		}
	}
	for _, alike := range redactor.needles {
		slices.SortFunc(alike, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	}
	return redactor
}

// Excerpt makes text from outside fit for an error, a diagnostic or a log: on one line
// (see [OneLine]), redacted, and then shortened to limit bytes. Its cost does not depend
// on the length of the text.
func (r *Redactor) Excerpt(text string, limit int) string { return r.excerpt(text, limit, false) }

// ExcerptOfPart is Excerpt of a text whose end is missing, where a secret may be cut in two.
func (r *Redactor) ExcerptOfPart(text string, limit int) string { return r.excerpt(text, limit, true) }

func (r *Redactor) excerpt(text string, limit int, isPart bool) string {
	const mark = " …"
	text = strings.TrimSpace(text)
	window := text[:min(len(text), r.Window(limit))]
	shown := OneLine(window)
	if isPart || len(window) < len(text) {
		shown = r.redact(shown, max(0, len(shown)-r.margin()), true)
	} else if shown = r.redact(shown, len(shown), true); len(shown) <= limit {
		return shown
	}
	return strings.ToValidUTF8(shown[:min(len(shown), limit-len(mark))], "") + mark
}

// Window is how many bytes of a text [Redactor.Excerpt] reads: of one that is longer, the
// rest does not matter.
func (r *Redactor) Window(limit int) int { return 4*limit + r.margin() }

// Prefix redacts the first size bytes of a text and drops the rest. What is extracted from
// it must go through [Redactor.Excerpt], or [Redactor.ExcerptOfPart] if it may include the end.
func (r *Redactor) Prefix(text []byte, size int) string {
	return r.redact(string(text[:min(len(text), size+r.margin())]), min(len(text), size), true)
}

// RedactKnown replaces the known secrets in an output, which may hold JWTs and PEM of its
// own.
func (r *Redactor) RedactKnown(text string) string { return r.redact(text, len(text), false) }

// margin is how many bytes after the kept part of a text are searched, so that no secret
// is cut in two: the longest needle with every byte escaped, or a JWT's header.
func (r *Redactor) margin() int { return 8*r.longest + 1<<10 }

// redact returns the first size bytes of text with every secret replaced, including one
// that ends after them.
func (r *Redactor) redact(text string, size int, shaped bool) string {
	var found []span
	if len(r.needles) > 0 {
		found = r.find(text)
	}
	if shaped {
		for _, pattern := range []*regexp.Regexp{jwtShaped, pemShaped} {
			for _, at := range pattern.FindAllStringIndex(text, -1) {
				found = append(found, span{at[0], at[1]})
			}
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

// find returns where the secrets in a text are, unsorted. It reads overlapping pieces of
// the text, so that memory does not grow with its length.
func (r *Redactor) find(text string) []span {
	size := max(16<<10, 4*r.margin())
	search, _ := searches.Get().(*search)
	defer searches.Put(search)
	search.redactor, search.found = r, nil
	for start := 0; start < len(text); start += size {
		search.start = start
		search.piece = append(search.piece[:0], text[start:min(len(text), start+size+r.margin())]...)
		search.run(search.piece)
	}
	return search.found
}

// searches are reused, as a response has many texts.
var searches = sync.Pool{New: func() any { return new(search) }}

type span struct{ from, to int }

// match calls found for each needle in a text, including overlapping ones.
func (r *Redactor) match(text []byte, found func(span)) {
	for i := range max(0, len(text)-minRedacted+1) {
		if r.starts[int(text[i])<<2|int(text[i+1])>>6]&(1<<(text[i+1]&63)) == 0 {
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

// search finds the secrets in one text. It reuses its buffers.
type search struct {
	redactor *Redactor
	found    []span
	// start is the offset of the current piece in the text.
	start        int
	plain, inner unescaped
	piece        []byte
	decoded      []byte
}

func (s *search) add(at span) { s.found = append(s.found, span{s.start + at.from, s.start + at.to}) }

func (s *search) run(piece []byte) {
	s.redactor.match(piece, s.add)
	s.plain.read(piece)
	s.redactor.match(s.plain.text, func(at span) { s.add(s.plain.source(at)) })
	for run := range base64Runs(s.plain.text) {
		// Any of the first four digits may begin a group, since letters before the
		// base64 look like digits.
		for phase := range 4 {
			s.searchBase64(span{run.from + phase, run.to})
		}
	}
}

// searchBase64 searches the decoded digits of run in the unescaped text.
func (s *search) searchBase64(run span) {
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

// OneLine replaces each run of white space, control and invisible characters by one space,
// so that text can neither break lines nor control the terminal.
func OneLine(text string) string {
	cleaned := strings.Map(func(char rune) rune {
		if !unicode.IsPrint(char) { // which control and format characters are not
			return ' '
		}
		return char
	}, text)
	return strings.Join(strings.Fields(cleaned), " ")
}
