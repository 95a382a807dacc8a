// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import "iter"

// base64Runs yields the parts of a text that are digits of base64, those that are
// long enough for a secret.
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

// decodeBase64 appends the bytes that digits stand for. Bits that are left make no
// byte.
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

// base64Values has the value of each digit of RFC 4648 sections 4 and 5, and
// noDigit for other characters.
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
