// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

const canary = `c4n/ry+<&"é`

func TestStringIsNeverPrinted(t *testing.T) {
	t.Parallel()
	type holder struct{ Secret secret.String }
	held := holder{secret.New(canary)}

	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "bare", held.Secret, "inside", held)
	encoded, err := json.Marshal(map[string]any{"bare": held.Secret, "inside": held})
	if err != nil {
		t.Fatal(err)
	}
	printed := map[string]string{
		"slog": logged.String(),
		"json": string(encoded),
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10.3s"} {
		printed["bare "+verb] = fmt.Sprintf(verb, held.Secret)
		printed["inside "+verb] = fmt.Sprintf(verb, held)
		printed["pointer "+verb] = fmt.Sprintf(verb, &held)
	}
	for road, text := range printed {
		if strings.Contains(text, "c4n") || strings.Contains(text, "63346e") || !strings.Contains(text, "redacted") {
			t.Errorf("%s printed %q", road, text)
		}
	}
	if held.Secret.Reveal() != canary {
		t.Error("Reveal does not return what New was given")
	}
}

func TestRedactor(t *testing.T) {
	t.Parallel()
	const password = `pa/ss+w<ord>&"é`
	b64 := base64.StdEncoding.EncodeToString
	tests := map[string]string{
		"raw":                  password,
		"form":                 "pa%2Fss%2Bw%3Cord%3E%26%22%C3%A9",
		"form, lower-case hex": "pa%2fss%2bw%3cord%3e%26%22%c3%a9",
		"JSON":                 `pa/ss+w\u003cord\u003e\u0026\"é`,
		"JSON, plain":          `pa/ss+w<ord>&\"é`,
		"JSON, escaped slash":  `pa\/ss+w<ord>&\"é`,
		"HTML":                 "pa/ss+w&lt;ord&gt;&amp;&#34;é",
		"hexadecimal":          "70612f73732b773c6f72643e2622c3a9",
		"base64":               b64([]byte(password)),
		"base64url":            base64.RawURLEncoding.EncodeToString([]byte(password)),
		"in Basic, shift 0":    b64([]byte("id1234:i" + "d:" + password)),
		"in Basic, shift 1":    b64([]byte("id1:" + password)),
		"in Basic, shift 2":    b64([]byte("id12:" + password)),
	}
	redactor := secret.NewRedactor(password, "pa/s")
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := redactor.Redact("before " + text + " after")
			if !strings.Contains(got, secret.Placeholder) {
				t.Errorf("%q went through as %q", text, got)
			}
			if !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") {
				t.Errorf("took away too much: %q", got)
			}
		})
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

func FuzzRedactor(f *testing.F) {
	f.Add("hunter2-secret", "wrong password hunter2-secret for client")
	f.Add("%2F%", "a%2f%2F%25b")
	f.Fuzz(func(t *testing.T, value, text string) {
		if len(value) < 4 || strings.Contains(secret.Placeholder, value) { //nolint:gocritic // it is the value that may be a part
			t.Skip()
		}
		got := secret.NewRedactor(value).Redact(text + value + text)
		if !strings.Contains(got, secret.Placeholder) {
			t.Errorf("%q is not redacted in %q", value, got)
		}
	})
}
