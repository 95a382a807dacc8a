// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// password has every kind of character that one encoding or another treats as
// special.
const password = `Qx/7+z=Kp9"w\e&m<n>é d%k`

// TestRedactor holds what other languages' standard libraries make of password.
func TestRedactor(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"raw":                             `Qx/7+z=Kp9"w\e&m<n>é d%k`,
		"Python's quote":                  `Qx/7%2Bz%3DKp9%22w%5Ce%26m%3Cn%3E%C3%A9%20d%25k`,
		"Python's quote, lower-case hex":  `Qx/7%2bz%3dKp9%22w%5ce%26m%3cn%3e%c3%a9%20d%25k`,
		"Python's urlencode":              `Qx%2F7%2Bz%3DKp9%22w%5Ce%26m%3Cn%3E%C3%A9+d%25k`,
		"JavaScript's encodeURI":          `Qx/7+z=Kp9%22w%5Ce&m%3Cn%3E%C3%A9%20d%25k`,
		"JavaScript's encodeURIComponent": `Qx%2F7%2Bz%3DKp9%22w%5Ce%26m%3Cn%3E%C3%A9%20d%25k`,
		"percent, every byte":             `%51%78%2F%37%2B%7A%3D%4B%70%39%22%77%5C%65%26%6D%3C%6E%3E%C3%A9%20%64%25%6B`,
		"percent, twice":                  `Qx/7%252Bz%253DKp9%2522w%255Ce%2526m%253Cn%253E%25C3%25A9%2520d%2525k`,
		"percent, twice, everything":      `Qx%252F7%252Bz%253DKp9%2522w%255Ce%2526m%253Cn%253E%25C3%25A9%2520d%2525k`,
		"form, twice":                     `Qx%252F7%252Bz%253DKp9%2522w%255Ce%2526m%253Cn%253E%25C3%25A9%2Bd%2525k`,
		"JSON, ASCII":                     `Qx/7+z=Kp9\"w\\e&m<n>\u00e9 d%k`,
		"JSON, UTF-8":                     `Qx/7+z=Kp9\"w\\e&m<n>é d%k`,
		"JSON, slashes escaped":           `Qx\/7+z=Kp9\"w\\e&m<n>é d%k`,
		"JSON, as for HTML":               `Qx/7\u002Bz=Kp9\"w\\e\u0026m\u003Cn\u003e\u00e9 d%k`,
		"JSON, every character":           `\u0051\u0078\u002f\u0037\u002b\u007a\u003d\u004b\u0070\u0039\u0022\u0077\u005c\u0065\u0026\u006d\u003c\u006e\u003e\u00e9\u0020\u0064\u0025\u006b`,
		"JSON in JSON":                    `Qx/7+z=Kp9\\\"w\\\\e&m<n>\\u00e9 d%k`,
		"JSON in JSON in JSON":            `Qx/7+z=Kp9\\\\\\\"w\\\\\\\\e&m<n>\\\\u00e9 d%k`,
		"JSON, percent":                   `Qx/7%2Bz%3DKp9%5C%22w%5C%5Ce%26m%3Cn%3E%5Cu00e9%20d%25k`,
		"HTML":                            `Qx/7+z=Kp9&quot;w\e&amp;m&lt;n&gt;é d%k`,
		"HTML, decimal":                   `Qx&#47;7&#43;&#122;&#61;Kp9&#34;w&#92;e&#38;m&#60;n&#62;&#233;&#32;d&#37;k`,
		"HTML, hexadecimal":               `Qx&#x2F;7&#x2B;&#x7A;&#x3D;Kp9&#x22;w&#x5C;e&#x26;m&#x3C;n&#x3E;&#xE9;&#x20;d&#x25;k`,
		"HTML, names":                     `Qx&sol;7&plus;z&equals;Kp9&quot;w&bsol;e&amp;m&lt;n&gt;&eacute; d&percnt;k`,
		"HTML of JSON":                    `Qx/7+z=Kp9\&quot;w\\e&amp;m&lt;n&gt;\u00e9 d%k`,
		"hexadecimal":                     `51782f372b7a3d4b703922775c65266d3c6e3ec3a92064256b`,
		"hexadecimal, upper case":         `51782F372B7A3D4B703922775C65266D3C6E3EC3A92064256B`,
		"base64":                          `UXgvNyt6PUtwOSJ3XGUmbTxuPsOpIGQlaw==`,
		"base64, not padded":              `UXgvNyt6PUtwOSJ3XGUmbTxuPsOpIGQlaw`,
		"base64url":                       `UXgvNyt6PUtwOSJ3XGUmbTxuPsOpIGQlaw`,
		"base64, percent":                 `UXgvNyt6PUtwOSJ3XGUmbTxuPsOpIGQlaw%3D%3D`,
		"base64 of percent":               `UXgvNyUyQnolM0RLcDklMjJ3JTVDZSUyNm0lM0NuJTNFJUMzJUE5JTIwZCUyNWs=`,
		"base64 of base64":                `VVhndk55dDZQVXR3T1NKM1hHVW1iVHh1UHNPcElHUWxhdz09`,
		"base64, wrapped at 16, CRLF":     "UXgvNyt6PUtwOSJ3\r\nXGUmbTxuPsOpIGQl\r\naw==",
		"base64, wrapped and indented":    "UXgvNyt6PUtwOSJ3\n\tXGUmbTxuPsOpIGQl\n\taw==",
		"base64, wrapped, in JSON":        `UXgvNyt6PUtwOSJ3\nXGUmbTxuPsOpIGQl\naw==`,
		"ISO 8859-1, percent":             `Qx/7%2Bz%3DKp9%22w%5Ce%26m%3Cn%3E%E9%20d%25k`,
		"plus signs read as spaces":       `Qx/7 z=Kp9"w\e&m<n>é d%k`,
		"Python's repr of bytes":          `Qx/7+z=Kp9"w\\e&m<n>\xc3\xa9 d%k`,
	}
	redactor := secret.NewRedactor(password)
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, around := range [][2]string{{"before ", " after"}, {"client_secret=", "&scope=a"}, {`{"x":"`, `"}`}, {"ab", "."}} {
				got, want := redactor.Redact(around[0]+text+around[1]), around[0]+secret.Placeholder+around[1]
				if got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		})
	}
}

// TestRedactorInsideEncodedText: what is encoded may hold more than the secret,
// and base64 has characters that belong to both.
func TestRedactorInsideEncodedText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"Basic, shift 0":          {"Basic aWQ6ZzdoOGk5ajA=", "Basic aWQ6[redacted]"},
		"Basic, shift 1":          {"Basic aWQxOmc3aDhpOWow", "Basic aWQxO[redacted]"},
		"Basic, shift 2":          {"Basic aWQxMjpnN2g4aTlqMA==", "Basic aWQxMj[redacted]"},
		"before other bytes":      {"aWQ6ZzdoOGk5ajA6eA", "aWQ6[redacted]6eA"},
		"text runs into it":       {"Basic/ZzdoOGk5ajA=", "Basic/[redacted]"},
		"wrapped at 76":           {"eyJ1c2VyIjoiYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXotMDEyMzQ1Njc4OSIsInBhc3N3b3Jk\r\nIjoiZzdoOGk5ajAifQ==", "eyJ1c2VyIjoiYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXotMDEyMzQ1Njc4OSIsInBhc3N3b3Jk\r\nIjoi[redacted]ifQ=="},
		"UTF-16":                  {"ZwA3AGgAOABpADkAagAwAA==", "[redacted]AA=="},
		"percent, between others": {"a%20b%2520g%37h8%2569%39j0%20c", "a%20b%2520[redacted]%20c"},
		"twice":                   {"g7h8i9j0, g7h8i9j%30", "[redacted], [redacted]"},
	}
	redactor := secret.NewRedactor("g7h8i9j0")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := redactor.RedactKnown(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestRedactorInUTF16: a whole answer may be in UTF-16 of either byte order, with
// a byte order mark or without.
func TestRedactorInUTF16(t *testing.T) {
	t.Parallel()
	redactor := secret.NewRedactor(password)
	for name, order := range map[string][2]int{"little-endian": {0, 8}, "big-endian": {8, 0}} {
		for _, mark := range []string{"", "\uFEFF"} {
			t.Run(name+mark, func(t *testing.T) {
				t.Parallel()
				var text strings.Builder
				for _, unit := range utf16.Encode([]rune(mark + "no: " + password + "!")) {
					text.Write([]byte{byte(unit >> order[0] & 0xff), byte(unit >> order[1] & 0xff)})
				}
				got := strings.ReplaceAll(redactor.Redact(text.String()), "\x00", "")
				if !strings.HasSuffix(got, "no: "+secret.Placeholder+"!") {
					t.Errorf("got %q", got)
				}
			})
		}
	}
}

// TestRedactorOfManyValues: a secret may be in another, or overlap it.
func TestRedactorOfManyValues(t *testing.T) {
	t.Parallel()
	redactor := secret.NewRedactor("abcd", "xxabcdyy", "yy-zz")
	if got := redactor.Redact("1 abcd 2 xxabcdyy-zz 3 yy"); got != "1 [redacted] 2 [redacted] 3 yy" {
		t.Errorf("got %q", got)
	}
}

// TestRedactorLeavesOtherText: decoding is for finding alone.
func TestRedactorLeavesOtherText(t *testing.T) {
	t.Parallel()
	redactor := secret.NewRedactor(password, "g7h8i9j0")
	for _, text := range []string{
		"", "%", `\`, "&", "&;", "=", "%4", `\u00`, "\x00", "100% of a \\ b & c; d == e",
		`C:\new\table\u0041 a%20b %zz &amp; &unknown; &#43; c2VjcmV0 deadbeef`,
		"line\r\n  line\n\tZm9vYmFyYmF6\nZm9v", "caf\xe9 \xff\xfe", "Qx/7+z=Kp9", "g7h8i9j", `\ud83d\ude00 \ud83d\u0041`,
	} {
		if got := redactor.Redact(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// TestRedactorBeyondItsBounds: what is too much to look for is not shown.
func TestRedactorBeyondItsBounds(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{"values": make([]string, 257), "bytes": {strings.Repeat("x", 64<<10+1)}} {
		if got := secret.NewRedactor(values...).Redact("anything"); got != secret.Placeholder {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestRedactorTakesJWTsOfOthers(t *testing.T) {
	t.Parallel()
	var redactor secret.Redactor
	// RFC 7515 appendix A.1, shortened.
	const jws = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	if got := redactor.Redact("assertion " + jws + " has expired"); got != "assertion [redacted] has expired" {
		t.Errorf("got %q", got)
	}
}

func TestRedactorLeavesShortValues(t *testing.T) {
	t.Parallel()
	if got := secret.NewRedactor("1", "").Redact("error 1001"); got != "error 1001" {
		t.Errorf("got %q", got)
	}
}

// TestRedactorPartsOfJWT: each part of a JWT that was sent counts as sent.
func TestRedactorPartsOfJWT(t *testing.T) {
	t.Parallel()
	const claims, signature = "eyJzdWIiOiJhIn0", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7515 appendix A.1
	redactor := secret.NewRedactor("eyJhbGciOiJIUzI1NiJ9." + claims + "." + signature)
	const want = "signature " + secret.Placeholder + " of " + secret.Placeholder
	if got := redactor.Redact("signature " + signature + " of " + claims); got != want {
		t.Errorf("got %q", got)
	}
}
