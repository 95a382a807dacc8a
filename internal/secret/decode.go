// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import (
	"html"
	"iter"
	"sort"
	"strconv"
	"unicode/utf16"
)

// unescaped is a text without escapes and white space. Escapes are replaced until none is
// left: `%2520`, `\\\"` and `&amp;lt;` become a space (which is removed), a quotation mark
// and a less-than sign. A secret that is read in the same way matches however a server
// escaped it, and wherever its base64 is broken into lines.
//
// An escape is replaced as soon as its last character is read, at the end of the text so
// far, so that one pass handles all layers.
type unescaped struct {
	text []byte
	// marks map offsets of the text to offsets of its source, in order. Between two marks
	// both have the same bytes, except for a replaced escape.
	marks []mark
}

// mark maps an offset of the unescaped text to one of its source.
type mark struct{ plain, source int }

func (p *unescaped) read(source []byte) {
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
		for p.mayEndEscape() && p.replace(i+1) {
			continue // the replacement may end another escape
		}
	}
}

// mayEndEscape is a quick check before replace.
func (p *unescaped) mayEndEscape() bool {
	last := len(p.text) - 1
	switch {
	case last < 1:
		return false
	case p.text[last-1] == '\\' || p.text[last] == ';':
		return true
	case isHexDigit(p.text[last]):
		return last >= 2 && p.text[last-2] == '%' || last >= 3 && p.text[last-3] == '\\' || last >= 5 && p.text[last-5] == '\\'
	}
	return false
}

// replace replaces the escape at the end of the text and reports whether there was one
// that is not white space. It ends at end in the source.
func (p *unescaped) replace(end int) bool {
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

// drop records that source[from:to] is not in the text.
func (p *unescaped) drop(at, from, to int) {
	if last := len(p.marks) - 1; last > 0 && p.marks[last].plain == at && p.marks[last-1].plain == at {
		p.marks[last].source = to
		return
	}
	p.mark(at, from)
	p.mark(at, to)
}

func (p *unescaped) mark(at, source int) {
	p.marks = append(p.marks, mark{at, source})
}

// begin is the source offset at which the byte at an offset of the text begins.
func (p *unescaped) begin(at int) int {
	next := sort.Search(len(p.marks), func(i int) bool { return p.marks[i].plain > at })
	return p.marks[next-1].source + at - p.marks[next-1].plain
}

// end is the source offset at which the byte before an offset of the text ends.
func (p *unescaped) end(at int) int {
	next := sort.Search(len(p.marks), func(i int) bool { return p.marks[i].plain >= at })
	if next < len(p.marks) && p.marks[next].plain == at {
		return p.marks[next].source
	}
	return p.marks[next-1].source + at - p.marks[next-1].plain
}

func (p *unescaped) source(at span) span { return span{p.begin(at.from), p.end(at.to)} }

// isSpace reports whether a byte is white space, or a zero byte as between letters in
// UTF-16.
func isSpace(char byte) bool { return char == ' ' || '\t' <= char && char <= '\r' || char == 0 }

func isHexDigit(char byte) bool {
	return '0' <= char && char <= '9' || 'a' <= char|0x20 && char|0x20 <= 'f'
}

// lastEscape returns the offset and the meaning of the escape at the end of a text of two
// bytes or more, or -1. A backslash before an ordinary character is dropped, since it is
// often one of two.
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

// lastHex parses a prefix and hexadecimal digits at the end of a text. It returns -1 if
// there are none.
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

// lastUnicode parses an escape such as \u00e9, or a surrogate pair, at the end of a text.
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

// lastEntity parses an HTML character reference at the end of a text.
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

// base64Runs yields the runs of base64 digits that are long enough for a secret.
func base64Runs(text []byte) iter.Seq[span] {
	const shortest = minRedacted * 8 / 6
	return func(yield func(span) bool) {
		start := 0
		for i := range len(text) + 1 {
			if i < len(text) && base64Values[text[i]] != noDigit {
				continue
			}
			if i-start >= shortest && !yield(span{start, i}) {
				return
			}
			start = i + 1
		}
	}
}

// decodeBase64 appends the bytes that digits encode. It ignores remaining bits.
func decodeBase64(decoded, digits []byte) []byte {
	bits, count := 0, 0
	for _, digit := range digits {
		bits = (bits<<6 | int(base64Values[digit])) & 0xffff
		if count += 6; count >= 8 {
			count -= 8
			decoded = append(decoded, byte(bits>>count&0xff))
		}
	}
	return decoded
}

// base64Values has the value of each digit of both alphabets (RFC 4648 sections 4 and 5),
// and noDigit for other characters.
var base64Values = func() (values [256]byte) {
	for i := range values {
		values[i] = noDigit
	}
	for _, alphabet := range []string{
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
	} {
		for value := range len(alphabet) {
			values[alphabet[value]] = byte(value)
		}
	}
	return values
}()

const noDigit = 0xff
