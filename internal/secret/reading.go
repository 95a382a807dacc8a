// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import (
	"bytes"
	"iter"
)

// layersOf is how many encodings on top of one another are undone in a text: a
// form in JSON in base64, for example. The work grows with the length of the text,
// and steeply with the layers, so of long texts they are fewer.
func layersOf(text string) int {
	const long = 64 << 10
	if len(text) > long {
		return 2
	}
	return 3
}

// span is a part of the original text.
type span struct{ from, to int32 }

// reading is a text as some receiver understands it. Of each byte it knows which
// part of the original text stands for it: so what is found in the reading can be
// cut out of the text, and nothing else of the text changes.
type reading struct {
	text []byte
	at   []span
}

// unread is a text as it is.
func unread(text string) reading {
	read := emptyReading(len(text))
	for i := range len(text) {
		at := int32(i) // no answer is 2 GiB long
		read.add(text[i], span{at, at + 1})
	}
	return read
}

func emptyReading(size int) reading {
	return reading{make([]byte, 0, size), make([]span, 0, size)}
}

func (r *reading) add(char byte, at span) {
	r.text = append(r.text, char)
	r.at = append(r.at, at)
}

// part is the part of the original text behind some bytes of the reading.
func (r *reading) part(from, to int) span { return span{r.at[from].from, r.at[to-1].to} }

// find appends the parts of the original text that read as form.
func (r *reading) find(found []span, form []byte) []span {
	for start := 0; ; {
		at := bytes.Index(r.text[start:], form)
		if at < 0 {
			return found
		}
		start += at + len(form)
		found = append(found, r.part(start-len(form), start))
	}
}

// decoded yields the readings that undo one more encoding, those that could hold
// a secret.
func (r *reading) decoded() iter.Seq[reading] {
	return func(yield func(reading) bool) {
		for _, escape := range escapes {
			if plain, found := escape.unescape(r); found && !yield(plain) {
				return
			}
		}
		for _, packing := range []*packing{&base64Digits, &hexDigits} {
			for phase := range packing.phases {
				if unpacked := packing.unpack(r, phase); len(unpacked.text) > 0 && !yield(unpacked) {
					return
				}
			}
		}
	}
}
