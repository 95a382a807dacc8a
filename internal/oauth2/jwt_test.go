// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

func TestDecodeJWTOfTheRFC(t *testing.T) {
	t.Parallel()
	got, err := oauth2.DecodeJWT(rfcJWT)
	if err != nil {
		t.Fatal(err)
	}
	// RFC 7519 section 3.1.
	want := &oauth2.JWT{
		Header: map[string]any{"typ": "JWT", "alg": "HS256"},
		Claims: map[string]any{"iss": "joe", "exp": json.Number("1300819380"), "http://example.com/is_root": true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestDecodeJWTUnsecured(t *testing.T) {
	t.Parallel()
	// RFC 7519 section 6.1: no signature.
	const token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
	got, err := oauth2.DecodeJWT(token)
	if err != nil || got.Header["alg"] != "none" || got.Claims["iss"] != "joe" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDecodeJWTKeepsDigits(t *testing.T) {
	t.Parallel()
	got, err := oauth2.DecodeJWT(encoded(`{}`, `{"n":123456789012345678901234567890.123,"x":1e999}`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"n": json.Number("123456789012345678901234567890.123"), "x": json.Number("1e999")}
	if !reflect.DeepEqual(got.Claims, want) {
		t.Errorf("got %v", got.Claims)
	}
}

// encoded writes header and payload as a JWS of no worth.
func encoded(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(payload)) + ".c2ln"
}

func TestDecodeJWTRefuses(t *testing.T) {
	t.Parallel()
	const canary = "c4n4ry"
	tests := map[string]struct{ token, want string }{
		"nothing":       {"", "not a JWT"},
		"opaque":        {canary, "not a JWT"},
		"two parts":     {"e30.e30", "2"},
		"four parts":    {"e30.e30.x." + canary, "4"},
		"dots alone":    {"..", "header"},
		"empty payload": {"e30..", "payload"},
		// RFC 7516 section 3.3, shortened.
		"JWE":                  {"eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOawDo13gRp2o.48V1_ALb6US04U3b.5eym8TW_c8SuK0lt." + canary, "encrypted"},
		"nested in a JWE of 5": {"....", "encrypted"},
		"header is garbage":    {"!" + canary + ".e30.x", "header"},
		"payload is garbage":   {"e30.!" + canary + ".x", "payload"},
		"header is padded":     {"eyJhIjoxMn0=.e30.x", "header"},
		"standard alphabet":    {"e30.eyJhIjoiPz8/Pz8/In0.x", "payload"},
		"stray bits":           {"e31.e30.x", "header"}, // 0xf in the last character's unused bits, RFC 4648 section 3.5
		"line break inside":    {"e3\n0.e30.x", "header"},
		"carriage return":      {"e30.e3\r0.x", "payload"},
		"blank before":         {" e30.e30.x", "header"},
		"header is a list":     {encoded(`[]`, `{}`), "header"},
		"header is null":       {encoded(`null`, `{}`), "header"},
		"payload is a string":  {encoded(`{}`, `"`+canary+`"`), "payload"},
		"payload is null":      {encoded(`{}`, `null`), "payload"},
		"payload is truncated": {encoded(`{}`, `{"a":"`+canary), "payload"},
		"two payloads":         {encoded(`{}`, `{}{}`), "payload"},
		"payload is not JSON":  {encoded(`{}`, canary), "payload"},
		"too deep":             {encoded(`{}`, strings.Repeat(`{"a":`, 20_000)), "payload"},
		"too long":             {encoded(`{}`, `{"a":"`+strings.Repeat("a", 1<<20)+`"}`), "bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := oauth2.DecodeJWT(test.token)
			if err == nil {
				t.Fatalf("got %+v", got)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q does not say %q", err, test.want)
			}
			if strings.Contains(err.Error(), canary) {
				t.Errorf("%q quotes the token", err)
			}
		})
	}
}
