// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

// packing is an encoding of bytes in digits of a few bits each.
type packing struct {
	// values has the value of each digit, and noDigit for other characters.
	values [256]uint8
	// bits is how many bits a digit has.
	bits int
	// phases is how many digits make a whole number of bytes. A run of digits may
	// begin with some that belong to the text before it, so each phase is tried.
	phases int
}

const noDigit = 0xff

// base64Digits are those of RFC 4648 sections 4 and 5, hexDigits those of section
// 8 in either case.
var (
	base64Digits = newPacking(6, 4,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
	hexDigits = newPacking(4, 2, "0123456789abcdef", "0123456789ABCDEF")
)

func newPacking(bits, phases int, alphabets ...string) packing {
	made := packing{bits: bits, phases: phases}
	for i := range made.values {
		made.values[i] = noDigit
	}
	for _, alphabet := range alphabets {
		for value := range len(alphabet) {
			made.values[alphabet[value]] = uint8(value)
		}
	}
	return made
}

// unpack reads the bytes that runs of digits stand for, each run without its first
// digits, as many as phase says. What is too short for a secret is left out, which
// are most words: so hardly anything is left of ordinary text to decode further.
func (p *packing) unpack(r *reading, phase int) reading {
	run := unpacker{reading: emptyReading(len(r.text) * p.bits / 8), bits: p.bits, phase: phase, skip: phase}
	broken := false
	for i, char := range r.text {
		value := p.values[char]
		broken = char == '\n' || char == '\r' || broken && (char == ' ' || char == '\t')
		switch {
		case broken: // RFC 2045 section 6.8: lines of 76 characters, perhaps indented
		case value != noDigit:
			run.digit(value, r.at[i])
		case char == '=':
			run.pad(r.at[i])
		default:
			run.end()
		}
	}
	run.end()
	return run.reading
}

// unpacker collects the bytes of runs of digits.
type unpacker struct {
	reading
	// bits and phase are as for unpack, skip is how many digits to leave out yet.
	bits, phase, skip int
	// start is where in the reading the bytes of this run begin.
	start int
	// buffer holds the bits, and count says how many of them are in no byte yet. The
	// first of these is in the digit at last.
	buffer, count int
	last          span
	// padded tells that padding came, after which a digit begins another run.
	padded bool
}

func (u *unpacker) digit(value uint8, at span) {
	if u.padded {
		u.end()
	}
	if u.skip > 0 {
		u.skip--
		return
	}
	u.buffer = (u.buffer<<u.bits | int(value)) & 0xffff
	u.count += u.bits
	if u.count >= 8 {
		u.count -= 8
		u.add(byte(u.buffer>>u.count&0xff), span{u.last.from, at.to})
	}
	u.last = at
}

// pad counts padding as a part of the byte that it follows.
func (u *unpacker) pad(at span) {
	if len(u.at) > u.start {
		u.at[len(u.at)-1].to = at.to
	}
	u.padded = true
}

// end ends a run. Bits that are left make no byte.
func (u *unpacker) end() {
	if len(u.text)-u.start < minRedacted {
		u.text, u.at = u.text[:u.start], u.at[:u.start]
	}
	u.start, u.skip, u.count, u.padded = len(u.text), u.phase, 0, false
}
