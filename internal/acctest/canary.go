// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// Canary is a secret that a test plants and then looks for wherever it must not be.
//
// It begins and ends with letters that no escaping changes, and either end gives it
// away: a part of the secret counts as the secret, however the special characters
// in the middle are escaped.
type Canary struct {
	// Name is the kind of secret, for messages.
	Name string
	// Value is the secret.
	Value string
	// spellings are those of its ends, either of which gives it away.
	spellings []spelling
}

// endLength is long enough not to occur by chance, and short enough to survive the
// loss of a secret's first and last characters in base64.
const endLength = 12

// NewCanary returns a random secret with the given characters in its middle.
func NewCanary(name, special string) Canary {
	ends := [2]string{rand.Text()[:endLength], rand.Text()[:endLength]}
	return Canary{
		Name:      name,
		Value:     ends[0] + special + ends[1],
		spellings: append(spellingsOf(ends[0]), spellingsOf(ends[1])...),
	}
}

// Search fails the test for each canary in a text: raw, percent-encoded, escaped for
// JSON or HTML, in base64 of either alphabet and any alignment, in hexadecimal, or
// as a list of bytes. The place names the text in messages.
func Search(t testing.TB, place, text string, canaries ...Canary) {
	t.Helper()
	for _, canary := range canaries {
		for _, spelling := range canary.spellings {
			if at := strings.Index(text, spelling.text); at >= 0 {
				around := text[max(0, at-200):min(len(text), at+200)]
				t.Errorf("the %s is in %s, %s: %q", canary.Name, place, spelling.name, around)
			}
		}
	}
}

// MustNotBeIn is [Search] for one canary.
func (c Canary) MustNotBeIn(t testing.TB, place, text string) {
	t.Helper()
	Search(t, place, text, c)
}

// spelling is how an encoding writes a text, whatever surrounds it.
type spelling struct{ name, text string }

// spellingsOf encodes one end of a canary. Searching for what an encoding makes of it
// is much faster than decoding all that is searched.
func spellingsOf(end string) []spelling {
	numbers := strings.Trim(fmt.Sprintf("%d", []byte(end)), "[]")
	all := []spelling{
		{"raw", end},
		{"in hexadecimal", hex.EncodeToString([]byte(end))},
		{"in hexadecimal", strings.ToUpper(hex.EncodeToString([]byte(end)))},
		{"as bytes", numbers},
		{"as bytes", strings.ReplaceAll(numbers, " ", ",")},
		{"as bytes", strings.ReplaceAll(numbers, " ", ", ")},
	}
	// In base64 a character is 6 bits. Those that hold bits of other text are left out.
	// The alphabets agree, as no 6 bits of letters and digits are 62 or 63.
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + end))
		whole := encoded[(before*8+5)/6 : (before+len(end))*8/6]
		all = append(all, spelling{"in base64", whole})
	}
	return all
}
