// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// redactorOf returns a redactor of texts.
func redactorOf(values ...string) *secret.Redactor {
	secrets := make([]secret.String, len(values))
	for i, value := range values {
		secrets[i] = secret.New(value)
	}
	return secret.NewRedactor(secrets...)
}

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
		"base64":                          `UXgvNyt6PUtwOSJ3XGUmbTxuPsOpIGQlaw==`,
		"base64, not padded":              `UXgvNyt6PUtwOSJ3XGUmbTxuPsOpIGQlaw`,
		"base64url":                       `UXgvNyt6PUtwOSJ3XGUmbTxuPsOpIGQlaw`,
		"base64, percent":                 `UXgvNyt6PUtwOSJ3XGUmbTxuPsOpIGQlaw%3D%3D`,
		"base64 of percent":               `UXgvNyUyQnolM0RLcDklMjJ3JTVDZSUyNm0lM0NuJTNFJUMzJUE5JTIwZCUyNWs=`,
		"base64, wrapped at 16, CRLF":     "UXgvNyt6PUtwOSJ3\r\nXGUmbTxuPsOpIGQl\r\naw==",
		"base64, wrapped and indented":    "UXgvNyt6PUtwOSJ3\n\tXGUmbTxuPsOpIGQl\n\taw==",
		"base64, wrapped, in JSON":        `UXgvNyt6PUtwOSJ3\nXGUmbTxuPsOpIGQl\naw==`,
		"plus signs read as spaces":       `Qx/7 z=Kp9"w\e&m<n>é d%k`,
		"Python's repr of bytes":          `Qx/7+z=Kp9"w\\e&m<n>\xc3\xa9 d%k`,
	}
	redactor := redactorOf(password)
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, around := range [][2]string{{"before ", " after"}, {"client_secret=", "&scope=a"}, {`{"x":"`, `"}`}, {"ab", "."}} {
				got, want := redactor.RedactKnown(around[0]+text+around[1]), around[0]+secret.Placeholder+around[1]
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
		"percent, between others": {"a%20b%2520g%37h8%2569%39j0%20c", "a%20b%2520[redacted]%20c"},
		"twice":                   {"g7h8i9j0, g7h8i9j%30", "[redacted], [redacted]"},
	}
	redactor := redactorOf("g7h8i9j0")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := redactor.RedactKnown(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestRedactorOfManyValues: a secret may be in another, or overlap it.
func TestRedactorOfManyValues(t *testing.T) {
	t.Parallel()
	redactor := redactorOf("abcd", "xxabcdyy", "yy-zz")
	if got := redactor.RedactKnown("1 abcd 2 xxabcdyy-zz 3 yy"); got != "1 [redacted] 2 [redacted] 3 yy" {
		t.Errorf("got %q", got)
	}
}

// TestRedactorLeavesOtherText: decoding is for finding alone.
func TestRedactorLeavesOtherText(t *testing.T) {
	t.Parallel()
	redactor := redactorOf(password, "g7h8i9j0")
	for _, text := range []string{
		"", "%", `\`, "&", "&;", "=", "%4", `\u00`, "\x00", "100% of a \\ b & c; d == e",
		`C:\new\table\u0041 a%20b %zz &amp; &unknown; &#43; c2VjcmV0 deadbeef`,
		"line\r\n  line\n\tZm9vYmFyYmF6\nZm9v", "caf\xe9 \xff\xfe", "Qx/7+z=Kp9", "g7h8i9j", `\ud83d\ude00 \ud83d\u0041`,
	} {
		if got := redactor.RedactKnown(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestRedactorTakesJWTsOfOthers(t *testing.T) {
	t.Parallel()
	var redactor secret.Redactor
	// RFC 7515 appendix A.1, shortened.
	const jws = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	if got := redactor.Excerpt("assertion "+jws+" has expired", 512); got != "assertion [redacted] has expired" {
		t.Errorf("got %q", got)
	}
}

func TestRedactorTakesPEMOfOthers(t *testing.T) {
	t.Parallel()
	var redactor secret.Redactor
	const begin, body, end = "-----BEGIN EC PRIVATE KEY-----\n", "MHcCAQEEIBYZgPcM\n", "-----END EC PRIVATE KEY-----"
	for text, want := range map[string]string{
		"the key " + begin + body + end + " is unknown": "the key [redacted] is unknown",
		"no key in " + begin + body:                     "no key in [redacted]",
		begin + body + end + "\n" + begin + body + end:  "[redacted] [redacted]",
	} {
		if got := redactor.Excerpt(text, 512); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestRedactorLeavesShortValues(t *testing.T) {
	t.Parallel()
	if got := redactorOf("1", "").RedactKnown("error 1001"); got != "error 1001" {
		t.Errorf("got %q", got)
	}
}

// TestRedactorPartsOfJWT: each part of a JWT that was sent counts as sent.
func TestRedactorPartsOfJWT(t *testing.T) {
	t.Parallel()
	const claims, signature = "eyJzdWIiOiJhIn0", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7515 appendix A.1
	redactor := redactorOf("eyJhbGciOiJIUzI1NiJ9." + claims + "." + signature)
	const want = "signature " + secret.Placeholder + " of " + secret.Placeholder
	if got := redactor.RedactKnown("signature " + signature + " of " + claims); got != want {
		t.Errorf("got %q", got)
	}
}

// TestRedactorParts: a server may repeat a part of what it was sent.
func TestRedactorParts(t *testing.T) {
	t.Parallel()
	const hidden = "DRbnfVdmIw7Fjfp0"
	inBase64 := base64.StdEncoding.EncodeToString([]byte("user:" + hidden))
	tests := map[string]struct{ value, echo string }{
		"Basic pair":              {"Basic " + inBase64, hidden},
		"Basic, credentials":      {"Basic " + inBase64, inBase64},
		"Basic, password short":   {"Basic dXNlcjpwLTRi", "p-4b"},
		"behind a scheme":         {"ApiKey " + hidden, hidden},
		"behind a scheme, short":  {"Key ab12", "ab12"},
		"form":                    {"user=abc&pw=" + hidden, hidden},
		"form, short and escaped": {"user=abc&pw=a%2Fb12", "a/b12"},
		"behind a colon, padded":  {"apikey:" + hidden + "==", hidden},
		"query of a URL":          {"https://api.example.com/x?key=" + hidden, hidden},
		"password in a URL":       {"redis://user:" + hidden + "@cache.example.com", hidden},
		"pairs":                   {"client_id:abc, client_secret:" + hidden, hidden},
		"user and secret":         {"user|" + hidden, hidden},
		"JSON":                    {`{"keys":[{"pw":"` + hidden + `"}]}`, hidden},
		"JSON, a number":          {`{"pin":481516}`, "481516"},
		"JSON in JSON":            {`{"body":"{\"pw\":\"` + hidden + `\"}"}`, hidden},
		"base64 in JSON":          {`{"auth":"` + inBase64 + `"}`, hidden},
		"JSON in base64":          {base64.StdEncoding.EncodeToString([]byte(`{"pw":"` + hidden + `"}`)), hidden},
		"XML text":                {`<login><pw>ab12cd</pw></login>`, "ab12cd"},
		"XML attribute":           {`<?xml version="1.0"?><login pw='ab12cd'/>`, "ab12cd"},
		"claims of a JWT":         {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.dBjftJeZ4CVP", "eyJzdWIiOiJhIn0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := redactorOf(test.value).Excerpt("no: "+test.echo+"!", 512); got != "no: [redacted]!" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestRedactorLeavesNames: what is not a secret in a value stays readable.
func TestRedactorLeavesNames(t *testing.T) {
	t.Parallel()
	redactor := redactorOf("Basic "+base64.StdEncoding.EncodeToString([]byte("client-of-example:secret-12")),
		"urn:ietf:params:oauth:token-type:access_token", `{"grant_name":"x-y-z"}`, "audience=https://api.example.com:8443/v1&x=y")
	const text = "client-of-example sent no access_token and no grant_name to api.example.com, audience missing"
	if got := redactor.Excerpt(text, 512); got != text {
		t.Errorf("got %q", got)
	}
}

// TestRedactorEchoOfEcho: an error page in JSON has the JSON that was sent as a
// string, or in base64.
func TestRedactorEchoOfEcho(t *testing.T) {
	t.Parallel()
	sent, err := json.Marshal(map[string]string{"pw": password})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"string":         string(sent),
		"base64":         base64.StdEncoding.EncodeToString(sent),
		"base64url":      base64.RawURLEncoding.EncodeToString(sent),
		"string, twice":  fmt.Sprintf("%q", sent),
		"base64, quoted": fmt.Sprintf("%q", base64.StdEncoding.EncodeToString(sent)),
	}
	for name, echo := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := json.Marshal(map[string]string{"message": "no", "request": echo})
			if err != nil {
				t.Fatal(err)
			}
			got := redactorOf(password).RedactKnown(string(page))
			if !strings.Contains(got, secret.Placeholder) || strings.Contains(got, "Kp9") || strings.Contains(got, "L0twOS") {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestShow: white space goes first, secrets next, and the text is shortened last.
func TestShow(t *testing.T) {
	t.Parallel()
	const hidden = "abc def-ghi"
	long := strings.Repeat("x", 95)
	tests := map[string]struct{ text, want string }{
		"nothing":                  {"", ""},
		"control characters":       {" a\x1b[31m\tb\u202e\u2028c\n", "a [31m b c"},
		"secret, split by a line":  {"no: abc\r\n  def-ghi!", "no: [redacted]!"},
		"secret, split invisibly":  {"no: abc\u200bdef-ghi!", "no: [redacted]!"},
		"as long as the limit":     {long + "yyyyy", long + "yyyyy"},
		"longer":                   {long + "yyyyyy", long + "y …"},
		"letters of several bytes": {long + "éééé", long + " …"},
		"secret at the cut":        {long[:88] + hidden, long[:88] + secret.Placeholder},
		"secret beyond the cut":    {long[:95] + hidden, long[:95] + "[ …"},
		"secret after white space": {strings.Repeat(" ", 10_000) + hidden, secret.Placeholder},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := redactorOf(hidden).Excerpt(test.text, 100); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestShowAtEveryOffset: wherever a secret is in a long text and however it is
// spelled, no part of it is shown.
func TestShowAtEveryOffset(t *testing.T) {
	t.Parallel()
	const hidden = "gX1fBat3bV7Fjfp0ZBr1Kt"
	escaped := ""
	for i := range len(hidden) {
		escaped += fmt.Sprintf(`\u%04x`, hidden[i])
	}
	redactor := redactorOf(hidden)
	for _, spelled := range []string{hidden, escaped, base64.StdEncoding.EncodeToString([]byte(hidden))} {
		for offset := range 1000 { // beyond what is kept, 500 bytes at most
			text := strings.Repeat("~", offset) + spelled + strings.Repeat("~", 2000)
			for _, got := range []string{redactor.Excerpt(text, 100), redactor.Prefix([]byte(text), 500)} {
				if strings.Trim(strings.NewReplacer(secret.Placeholder, "", " …", "", "[redacted", "").Replace(got), "~[redact") != "" {
					t.Fatalf("at %d: %q", offset, got)
				}
			}
		}
	}
}
