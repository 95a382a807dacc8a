// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// FuzzJWTDecode holds that the function returns a value that Terraform can take, or
// an error that does not quote the token.
func FuzzJWTDecode(f *testing.F) {
	for _, token := range []string{
		"", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.eyJleHAiOjFlOTk5fQ.", "eyJhbGciOiJub25lIn0.eyJhIjpbMSwiYiIsbnVsbCx7fV19.x", "a.b.c.d.e",
	} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		resp := function.RunResponse{Result: function.NewResultData(types.DynamicUnknown())}
		arguments := function.NewArgumentsData([]attr.Value{types.StringValue(token)})
		jwtDecodeFunction{}.Run(t.Context(), function.RunRequest{Arguments: arguments}, &resp)
		if resp.Error != nil {
			if strings.Contains(resp.Error.Text, "bug") || (len(token) > 20 && strings.Contains(resp.Error.Text, token)) {
				t.Errorf("%q: %s", token, resp.Error.Text)
			}
			return
		}
		decoded, _ := resp.Result.Value().(types.Dynamic)
		checkCrossesTheProtocol(t, decoded)
	})
}

// FuzzTexts holds that every rule for texts, whatever it is given, does not panic
// and does not repeat what may be a secret.
func FuzzTexts(f *testing.F) {
	for _, text := range []string{"", "90s", "https://as.example/", "/data/0", "{}", "urn:x:y", "a b", "\xff", "http://u:p@h/", "-----BEGIN CERTIFICATE-----", "1h1h-1ns"} {
		f.Add(text)
	}
	rules := map[string]validator.String{
		"credential": credential(), "plainText": plainText(), "scopeToken": scopeToken(), "endpointURL": endpointURL(), "requestURL": requestURL(),
		"issuerURL": issuerURL(), "baseURL": baseURL(), "absoluteURI": absoluteURI(), "jsonPointer": jsonPointer(), "jsonObject": jsonObject(),
		"durationFrom": durationFrom(0), "certificates": certificates(), "proxyURL": proxyURL(), "hostName": hostName(), "variableName": variableName(),
		"anyText": anyText(), "nonEmpty": nonEmpty(), "headerField": headerField("X"),
	}
	f.Fuzz(func(t *testing.T, text string) {
		const canary = "c4n4ry"
		for name, rule := range rules {
			var resp validator.StringResponse
			rule.ValidateString(t.Context(), validator.StringRequest{Path: path.Root("x"), ConfigValue: types.StringValue(text + canary)}, &resp)
			for _, found := range resp.Diagnostics {
				if strings.Contains(found.Detail(), canary) || strings.Contains(found.Summary(), "bug") {
					t.Errorf("%s says %q", name, found.Detail())
				}
			}
		}
	})
}

// FuzzHarmless holds that what the user is shown cannot steer a terminal.
func FuzzHarmless(f *testing.F) {
	for _, text := range []string{"", "plain\n\ntext", "\x1b[2J\u202e", "\xff\xfe", strings.Repeat("€", 5000), "👩‍🔬"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shown := finding{summary: "x", facts: []string{text}}.diagnostic()
		if shown.Severity() != diag.SeverityError || len(shown.Detail()) > maxDetail+20 || !utf8.ValidString(shown.Detail()) {
			t.Errorf("%d bytes: %q", len(shown.Detail()), shown.Detail())
		}
		if bad := strings.IndexFunc(shown.Detail(), func(char rune) bool { return char != '\n' && !unicode.IsPrint(char) }); bad >= 0 {
			t.Errorf("%q shows %q", text, shown.Detail()[bad:])
		}
	})
}
