// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import (
	"html"
	"sort"
	"strconv"
	"unicode/utf16"
)

// plain is a text without escapes and white space. Escapes are undone until none
// is left, whatever their kind and order: `%2520`, `\\\"` and `&amp;lt;` are a
// space (which is removed), a quotation mark and a less-than sign. A secret that is
// read in the same way is the same however a server has escaped it, and wherever
// its base64 is broken into lines.
//
// Each escape is undone as soon as its last character is read, at the end of what
// has been read so far: so one pass is enough for all layers.
type plain struct {
	text []byte
	// marks say where in the source pieces of the text begin, in order. Between two
	// marks both have the same bytes, but for what stands for an escape.
	marks []mark
}

// mark says that what comes at one offset of the plain text is at another of its
// source.
type mark struct{ plain, source int }

// undone returns what is left of a text.
func undone(text string) string {
	var p plain
	p.read([]byte(text))
	return string(p.text)
}

// read reads source into p.
func (p *plain) read(source []byte) {
	if cap(p.text) < len(source) {
		p.text = make([]byte, 0, len(source))
	}
	p.text, p.marks = p.text[:0], append(p.marks[:0], mark{})
	for i, char := range source {
		if isSpace(char) {
			p.drop(len(p.text), i, i+1)
			continue
		}
		p.text = append(p.text, char)
		for p.mayEndEscape() && p.undo(i+1) {
			continue // what an escape means may end another
		}
	}
}

// mayEndEscape passes over most of a text quickly.
func (p *plain) mayEndEscape() bool {
	last := len(p.text) - 1
	switch {
	case last < 1:
		return false
	case p.text[last-1] == '\\' || p.text[last] == ';':
		return true
	case hexDigits[p.text[last]]:
		return last >= 2 && p.text[last-2] == '%' || last >= 3 && p.text[last-3] == '\\' || last >= 5 && p.text[last-5] == '\\'
	}
	return false
}

// undo undoes the escape that ends with the text, if one does. In the source it
// ends at end.
func (p *plain) undo(end int) bool {
	start, meant := lastEscape(p.text)
	if start < 0 {
		return false
	}
	begin := p.begin(start)
	p.text = p.text[:start]
	for len(p.marks) > 1 && p.marks[len(p.marks)-1].plain > start {
		p.marks = p.marks[:len(p.marks)-1]
	}
	if len(meant) == 1 && isSpace(meant[0]) {
		p.drop(start, begin, end)
		return false
	}
	p.text = append(p.text, meant...)
	p.mark(len(p.text), end)
	return true
}

// drop notes that nothing in the text stands for source[from:to].
func (p *plain) drop(at, from, to int) {
	if last := len(p.marks) - 1; last > 0 && p.marks[last].plain == at && p.marks[last-1].plain == at {
		p.marks[last].source = to
		return
	}
	p.mark(at, from)
	p.mark(at, to)
}

func (p *plain) mark(at, source int) {
	p.marks = append(p.marks, mark{at, source})
}

// begin is where in the source the byte at an offset of the text begins.
func (p *plain) begin(at int) int {
	next := sort.Search(len(p.marks), func(i int) bool { return p.marks[i].plain > at })
	return p.marks[next-1].source + at - p.marks[next-1].plain
}

// end is where in the source the byte before an offset of the text ends.
func (p *plain) end(at int) int {
	next := sort.Search(len(p.marks), func(i int) bool { return p.marks[i].plain >= at })
	if next < len(p.marks) && p.marks[next].plain == at {
		return p.marks[next].source
	}
	return p.marks[next-1].source + at - p.marks[next-1].plain
}

// source is the part of the source that a part of the text stands for.
func (p *plain) source(at span) span { return span{p.begin(at.from), p.end(at.to)} }

// isSpace reports whether nothing is lost with a byte: white space, and the zero
// bytes between letters in UTF-16.
func isSpace(char byte) bool { return char == ' ' || '\t' <= char && char <= '\r' || char == 0 }

var hexDigits = func() (digits [256]bool) {
	for _, char := range []byte("0123456789abcdefABCDEF") {
		digits[char] = true
	}
	return digits
}()

// lastEscape returns where the escape begins that a text of two bytes or more ends
// with, and what it means; -1 where there is none. A backslash before any other
// character stands for nothing, as it is too often the half of two.
func lastEscape(text []byte) (start int, meant string) {
	last := text[len(text)-1]
	if last == ';' {
		return lastEntity(text)
	}
	if before := len(text) - 2; text[before] == '\\' {
		switch last { // RFC 8259 section 7
		case 'b', 'f', 'n', 'r', 't':
			return before, " "
		case 'u', 'x': // digits follow
			return -1, ""
		}
		return before, string(text[before+1:])
	}
	if start, char := lastHex(text, "%", 2); start >= 0 { // RFC 3986 section 2.1
		return start, string([]byte{byte(char & 0xff)})
	}
	if start, char := lastHex(text, `\x`, 2); start >= 0 { // as Go and Python write bytes
		return start, string([]byte{byte(char & 0xff)})
	}
	return lastUnicode(text)
}

// lastHex reads a number of so many hexadecimal digits behind a prefix; -1 where
// there is none.
func lastHex(text []byte, prefix string, digits int) (start int, value uint64) {
	start = len(text) - len(prefix) - digits
	if start < 0 || string(text[start:start+len(prefix)]) != prefix {
		return -1, 0
	}
	value, err := strconv.ParseUint(string(text[start+len(prefix):]), 16, 32)
	if err != nil {
		return -1, 0
	}
	return start, value
}

// lastUnicode reads \u00e9, or two of them that are a surrogate pair.
func lastUnicode(text []byte) (start int, meant string) {
	start, unit := lastHex(text, `\u`, 4)
	char := rune(unit & 0xffff)
	switch {
	case start < 0 || 0xd800 <= char && char < 0xdc00: // the other half follows
		return -1, ""
	case utf16.IsSurrogate(char):
		high, first := lastHex(text[:start], `\u`, 4)
		if high >= 0 {
			start, char = high, utf16.DecodeRune(rune(first&0xffff), char)
		}
	}
	return start, string(char)
}

// lastEntity reads a character reference of HTML.
func lastEntity(text []byte) (start int, meant string) {
	const longest = len("&CounterClockwiseContourIntegral;")
	for i := len(text) - 2; i >= max(0, len(text)-longest); i-- {
		switch char := text[i]; {
		case char == '&':
			reference := string(text[i:])
			if meant := html.UnescapeString(reference); meant != reference {
				return i, meant
			}
			return -1, ""
		case char != '#' && (char < '0' || '9' < char) && (char|0x20 < 'a' || 'z' < char|0x20):
			return -1, ""
		}
	}
	return -1, ""
}
