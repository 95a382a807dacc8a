// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import (
	"bytes"
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// escape is a way to write characters as sequences of others.
type escape struct {
	// mark begins every sequence.
	mark byte
	// undo returns what the sequence at the beginning of a text means, and its
	// length, 0 where there is none.
	undo func(text []byte) (meant []byte, length int)
}

// escapes are undone one kind at a time: what is undone too early can be taken for
// a sequence of another kind.
var escapes = []escape{
	{'%', unescapePercent},
	{'\\', unescapeBackslash},
	{'&', unescapeEntity},
	{0, func([]byte) ([]byte, int) { return nil, 1 }}, // every other byte of ASCII in UTF-16
}

// unescape undoes a kind of escapes once, and tells whether there are any.
func (e escape) unescape(r *reading) (plain reading, found bool) {
	if bytes.IndexByte(r.text, e.mark) < 0 {
		return reading{}, false
	}
	plain = emptyReading(len(r.text))
	for i := 0; i < len(r.text); {
		var meant []byte
		length := 0
		if r.text[i] == e.mark {
			meant, length = e.undo(r.text[i:])
		}
		if length == 0 {
			plain.add(r.text[i], r.at[i])
			i++
			continue
		}
		for _, char := range meant {
			plain.add(char, r.part(i, i+length))
		}
		i += length
		found = true
	}
	return plain, found
}

// unescapePercent is RFC 3986 section 2.1.
func unescapePercent(text []byte) (meant []byte, length int) {
	if len(text) < 3 {
		return nil, 0
	}
	high, low := hexDigits.values[text[1]], hexDigits.values[text[2]]
	if high == noDigit || low == noDigit {
		return nil, 0
	}
	return []byte{high<<4 | low}, 3
}

// unescapeBackslash is RFC 8259 section 7, and what Go, Python and
// PHP write in addition, such as \x2b and \'.
func unescapeBackslash(text []byte) (meant []byte, length int) {
	sequence := string(text[:min(len(text), len(`\ud83d\ude00`))])
	if strings.HasPrefix(sequence, `\/`) || strings.HasPrefix(sequence, `\'`) {
		return text[1:2], 2
	}
	if char := surrogatePair(sequence); char != unicode.ReplacementChar {
		return []byte(string(char)), len(sequence)
	}
	char, multibyte, rest, err := strconv.UnquoteChar(sequence, '"')
	switch {
	case err != nil:
		return nil, 0
	case multibyte:
		return []byte(string(char)), len(sequence) - len(rest)
	}
	return []byte{byte(char & 0xff)}, len(sequence) - len(rest)
}

// surrogatePair reads a character in two escapes of JSON, and returns
// unicode.ReplacementChar for anything else.
func surrogatePair(text string) rune {
	const half = len(`\ud83d`)
	if len(text) != 2*half || text[:2] != `\u` || text[half:half+2] != `\u` {
		return unicode.ReplacementChar
	}
	high, _ := strconv.ParseUint(text[2:half], 16, 16)
	low, _ := strconv.ParseUint(text[half+2:], 16, 16)
	return utf16.DecodeRune(rune(high), rune(low))
}

// unescapeEntity is a character reference of HTML.
func unescapeEntity(text []byte) (meant []byte, length int) {
	const longest = len("&CounterClockwiseContourIntegral;")
	end := 1 + bytes.IndexByte(text[:min(len(text), longest)], ';')
	if end == 0 || bytes.ContainsFunc(text[1:end-1], notOfEntity) {
		return nil, 0
	}
	reference := string(text[:end])
	if meant := html.UnescapeString(reference); meant != reference {
		return []byte(meant), end
	}
	return nil, 0
}

// notOfEntity tells the characters that no name or number of an entity has.
func notOfEntity(char rune) bool {
	return char != '#' && (char >= utf8.RuneSelf || !unicode.IsLetter(char) && !unicode.IsDigit(char))
}
