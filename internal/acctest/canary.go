// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strconv"
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
	// ends are the parts that give it away.
	ends [2]string
}

// endLength is long enough not to occur by chance, and short enough to survive the
// loss of a secret's first and last characters in base64.
const endLength = 12

// NewCanary returns a random secret with the given characters in its middle.
func NewCanary(name, special string) Canary {
	ends := [2]string{rand.Text()[:endLength], rand.Text()[:endLength]}
	return Canary{Name: name, Value: ends[0] + special + ends[1], ends: ends}
}

// Search fails the test for each canary in a text: raw, percent-encoded, escaped for
// JSON or HTML, in base64 of either alphabet and any alignment, in hexadecimal, or
// as a list of bytes. The place names the text in messages.
func Search(t testing.TB, place, text string, canaries ...Canary) {
	t.Helper()
	for _, reading := range readings(text) {
		for _, canary := range canaries {
			if at := canary.find(reading.text); at >= 0 {
				around := reading.text[max(0, at-200):min(len(reading.text), at+200)]
				t.Errorf("the %s is in %s, %s: %q", canary.Name, place, reading.name, around)
			}
		}
	}
}

// MustNotBeIn is [Search] for one canary.
func (c Canary) MustNotBeIn(t testing.TB, place, text string) {
	t.Helper()
	Search(t, place, text, c)
}

// find returns the position of the canary in a text, or -1.
func (c Canary) find(text string) int {
	return max(strings.Index(text, c.ends[0]), strings.Index(text, c.ends[1]))
}

// reading is a text decoded in one way.
type reading struct{ name, text string }

var (
	base64Run  = regexp.MustCompile(`[A-Za-z0-9+/_-]{12,}`)
	hexRun     = regexp.MustCompile(`[0-9A-Fa-f]{20,}`)
	decimalRun = regexp.MustCompile(`[0-9]{1,3}(?:[ ,]+[0-9]{1,3}){9,}`)
	decimal    = regexp.MustCompile(`[0-9]+`)
)

// readings decodes each part of a text that could be encoded.
func readings(text string) []reading {
	return []reading{
		{"raw", text},
		{"in base64", decoded(base64Run, text, fromBase64)},
		{"in hexadecimal", decoded(hexRun, text, fromHex)},
		{"as bytes", decoded(decimalRun, text, fromDecimals)},
	}
}

// decoded joins the decoded matches.
func decoded(run *regexp.Regexp, text string, decode func(string) string) string {
	var all strings.Builder
	for _, match := range run.FindAllString(text, -1) {
		all.WriteString(decode(match))
		all.WriteByte('\n')
	}
	return all.String()
}

// fromBase64 decodes a text in either alphabet. Other text may precede it without a
// break, so each of the first four characters may begin a quantum.
func fromBase64(run string) string {
	run = strings.NewReplacer("-", "+", "_", "/").Replace(run)
	var all strings.Builder
	for shift := range 4 {
		quanta := run[shift:]
		bytes, _ := base64.RawStdEncoding.DecodeString(quanta[:len(quanta)/4*4])
		all.Write(bytes)
		all.WriteByte('\n')
		// What follows the last whole quantum holds one or two bytes more.
		if rest := len(quanta) % 4; rest > 1 {
			bytes, _ := base64.RawStdEncoding.DecodeString(quanta)
			all.Write(bytes)
			all.WriteByte('\n')
		}
	}
	return all.String()
}

// fromHex decodes a text from its first digit and from its second.
func fromHex(run string) string {
	var all strings.Builder
	for shift := range 2 {
		digits := run[shift:]
		bytes, _ := hex.DecodeString(digits[:len(digits)/2*2])
		all.Write(bytes)
		all.WriteByte('\n')
	}
	return all.String()
}

// fromDecimals decodes a list of bytes as Go prints it.
func fromDecimals(run string) string {
	var all strings.Builder
	for _, digits := range decimal.FindAllString(run, -1) {
		if number, err := strconv.ParseUint(digits, 10, 8); err == nil {
			all.WriteByte(byte(number))
		}
	}
	return all.String()
}
