// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret_test

import (
	"encoding/base64"
	"encoding/hex"
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

// encoders are how servers spell what they echo.
var encoders = []func(string) string{
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
	func(s string) string { return hex.EncodeToString([]byte(s)) },
	func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
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

// FuzzRedactor encodes a secret by three encoders on top of one another. All of
// the result has to go, and nothing else of the text.
func FuzzRedactor(f *testing.F) {
	for i := range encoders {
		f.Add(password, byte(i), byte(1), byte(14), "client_secret=", "&a=b")
		f.Add(password+password+password, byte(14), byte(i), byte(7), "ab", " after")
		f.Add("aB3/xY9+qR==ZZtop", byte(3), byte(16), byte(i), "", "")
	}
	f.Fuzz(func(t *testing.T, value string, first, second, third byte, before, after string) {
		if !looksLikeSecret(value) || !plain(before) || !plain(after) || len(before+after) > 500 || strings.Contains(before+after, value) {
			t.Skip()
		}
		text := value
		for _, chosen := range []byte{first, second, third} {
			text = encoders[int(chosen)%len(encoders)](text)
		}
		got := secret.NewRedactor(value).RedactKnown(before + ":" + text + "," + after)
		if want := before + ":" + secret.Placeholder + "," + after; got != want {
			t.Errorf("%q in %q: got %q, want %q", value, text, got, want)
		}
	})
}

// looksLikeSecret tells values that are redacted, that do not consist of so little
// that the text around them may be them by chance, and that do not make a text so
// long that fewer encodings are undone.
func looksLikeSecret(value string) bool {
	seen := map[rune]bool{}
	for _, char := range value {
		seen[char] = true
	}
	return len(value) >= 8 && len(value) <= 500 && len(seen) >= 6 && utf8.ValidString(value) && !strings.ContainsAny(value, "\x00\uFFFD")
}

// plain tells a text without escape sequences, which could run into the secret's.
func plain(text string) bool { return utf8.ValidString(text) && !strings.ContainsAny(text, "%\\&\x00") }

// FuzzRedactorLeavesText holds that without a secret in it a text stays as it is,
// whatever in it can be decoded.
func FuzzRedactorLeavesText(f *testing.F) {
	f.Add(`a%2f%2F%25b \u00e9\ud83d\ude00\ud83d &amp;&lt&#x2B; Zm9vYmFy\r\nZm9v 6162636465`)
	f.Add("\x00a\x00b=====\xff\xfe%")
	f.Fuzz(func(t *testing.T, text string) {
		const absent = "\u2603 not in any text \u2603"
		if got := secret.NewRedactor(absent).RedactKnown(text); got != text && !strings.Contains(text, absent) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
