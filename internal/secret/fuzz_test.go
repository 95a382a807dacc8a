// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// escapers are how servers escape what they echo.
var escapers = []func(string) string{
	func(s string) string { return s },
	url.QueryEscape,
	url.PathEscape,
	percentEncoder("", "%%%02X"),
	percentEncoder("-_.~/", "%%%02x"),
	percentEncoder("-_.!~*'();/?:@&=+$,#", "%%%02X"),
	percentEncoder("\"<>\\^`{|}[]", "%%%02x"),
	jsonText,
	func(s string) string { return strings.ReplaceAll(jsonText(s), "/", `\/`) },
	func(s string) string { return asciiOnly.ReplaceAllStringFunc(jsonText(s), unicodeEscape) },
	html.EscapeString,
	func(s string) string { return punctuation.ReplaceAllStringFunc(s, decimalEntity) },
}

// packers are how they write it in base64, or not.
var packers = []func(string) string{
	func(s string) string { return s },
	func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	func(s string) string {
		lines := regexp.MustCompile(`.{1,76}`).FindAllString(base64.StdEncoding.EncodeToString([]byte(s)), -1)
		return strings.Join(lines, "\r\n")
	},
}

var (
	asciiOnly   = regexp.MustCompile(`[^\x00-\x7f]`)
	punctuation = regexp.MustCompile(`[!-/:-@\[-_{-~]`)
)

// percentEncoder leaves letters, digits and the characters in raw as they are.
func percentEncoder(raw, format string) func(string) string {
	return func(s string) string {
		var text strings.Builder
		for i := range len(s) {
			switch char := rune(s[i]); {
			case char < utf8.RuneSelf && (unicode.IsLetter(char) || unicode.IsDigit(char) || strings.ContainsRune(raw, char)):
				text.WriteByte(s[i])
			default:
				fmt.Fprintf(&text, format, s[i])
			}
		}
		return text.String()
	}
}

func jsonText(s string) string {
	written, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(written[1 : len(written)-1])
}

// unicodeEscape writes a character as JSON does that is limited to ASCII.
func unicodeEscape(s string) string {
	char, _ := utf8.DecodeRuneInString(s)
	if char < 0x10000 {
		return fmt.Sprintf(`\u%04x`, char)
	}
	return fmt.Sprintf(`\u%04X\u%04X`, 0xd800+(char-0x10000)>>10, 0xdc00+(char-0x10000)&0x3ff)
}

func decimalEntity(s string) string { return fmt.Sprintf("&#%d;", s[0]) }

// FuzzRedactor escapes a secret, possibly writes it in base64, and escapes it
// again. All of the result has to go, and nothing else of the text.
func FuzzRedactor(f *testing.F) {
	for i := range escapers {
		for j := range packers {
			f.Add(password, byte(i), byte(j), byte(0), "client_secret=", "&a=b")
			f.Add(password+password+password, byte(1), byte(j), byte(i), "ab", " after")
			f.Add("aB3/xY9+qR==ZZtop", byte(7), byte(j), byte(i), "", "")
		}
	}
	f.Fuzz(func(t *testing.T, value string, first, second, third byte, before, after string) {
		if !looksLikeSecret(value) || !plain(before) || !plain(after) || strings.Contains(before+after, value) {
			t.Skip()
		}
		text := escapers[int(first)%len(escapers)](value)
		text = packers[int(second)%len(packers)](text)
		text = escapers[int(third)%len(escapers)](text)
		got := redactorOf(value).RedactKnown(before + ":" + text + "," + after)
		if want := before + ":" + secret.Placeholder + "," + after; got != want {
			t.Errorf("%q in %q: got %q, want %q", value, text, got, want)
		}
	})
}

// FuzzExcerpt compares an excerpt of a long text with what is redacted of the whole text: it
// is the beginning of that, wherever in it a secret is and however it is escaped.
func FuzzExcerpt(f *testing.F) {
	for i := range escapers {
		for j := range packers {
			for _, offset := range []uint16{0, 95, 3000, 20_000} {
				f.Add(password, byte(i), byte(j), "", offset)
				f.Add(password, byte(i), byte(j), "eyJhbGciOiJIUzI1NiJ9.e30.x-----BEGIN ", offset)
			}
		}
	}
	f.Fuzz(func(t *testing.T, value string, first, second byte, before string, offset uint16) {
		if !looksLikeSecret(value) {
			t.Skip()
		}
		const limit = 100
		spelled := packers[int(second)%len(packers)](escapers[int(first)%len(escapers)](value))
		text := strings.Repeat("~ ", int(offset)/2) + before + ":" + spelled + ":" + strings.Repeat(" ~", 6000)
		redactor := redactorOf(value)
		whole := redactor.Prefix([]byte(secret.OneLine(text)), len(text))
		if got, cut := strings.CutSuffix(redactor.Excerpt(text, limit), " …"); !cut || !strings.HasPrefix(whole, got) {
			t.Errorf("%q in %q: got %q, want the beginning of %.150q", value, before+":"+spelled, got, whole)
		}
	})
}

// looksLikeSecret reports whether a value is long and varied enough not to be in
// the text around it by chance, and whether it begins and ends with a letter or a
// digit: white space there may be left, and a backslash belongs to what follows.
func looksLikeSecret(value string) bool {
	seen := map[rune]bool{}
	for _, char := range value {
		seen[char] = true
	}
	return len(seen) >= 6 && len(value) >= 8 && utf8.ValidString(value) && !strings.ContainsAny(value, "\x00\uFFFD") &&
		alphanumeric.MatchString(value[:1]+value[len(value)-1:])
}

var alphanumeric = regexp.MustCompile("^[0-9A-Za-z]+$")

// plain reports whether a text is one without escape sequences, which could run into the secret's.
func plain(text string) bool { return utf8.ValidString(text) && !strings.ContainsAny(text, "%\\&\x00") }

// FuzzRedactorLeavesText holds that without a secret in it a text stays as it is,
// whatever in it can be decoded.
func FuzzRedactorLeavesText(f *testing.F) {
	f.Add(`a%2f%2F%25b \u00e9\ud83d\ude00\ud83d &amp;&lt&#x2B; Zm9vYmFy\r\nZm9v 6162636465`)
	f.Add("\x00a\x00b=====\xff\xfe%")
	f.Fuzz(func(t *testing.T, text string) {
		const absent = "\u2603 not in any text \u2603"
		if got := redactorOf(absent).RedactKnown(text); got != text && !strings.Contains(text, absent) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
