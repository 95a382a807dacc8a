// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// TestAccJWTDecode checks what the function returns, and what Terraform shows of a text
// that is not a JWT.
func TestAccJWTDecode(t *testing.T) {
	t.Parallel()
	output := func(token string) string {
		return fmt.Sprintf("output \"test\" {\n  value = provider::oauth2cc::jwt_decode(%q)\n}\n", token)
	}
	testSteps(t,
		refused(output("2YotnFZFEjr1zCsicMWpAA"), `Invalid value for "token" parameter`, "3 parts separated by dots"),
		resource.TestStep{
			Config: output(jwtOf(`{"sub":"orders","aud":["a","b"],"exp":1893456000,"admin":false,"tenant":null}`)),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValueAtPath("test", tfjsonpath.New("header"), knownvalue.MapPartial(map[string]knownvalue.Check{"alg": knownvalue.NotNull()})),
				statecheck.ExpectKnownOutputValueAtPath("test", tfjsonpath.New("claims"), knownvalue.ObjectExact(map[string]knownvalue.Check{
					"sub": knownvalue.StringExact("orders"), "exp": knownvalue.Int64Exact(1893456000), "admin": knownvalue.Bool(false), "tenant": knownvalue.Null(),
					"aud": knownvalue.TupleExact([]knownvalue.Check{knownvalue.StringExact("a"), knownvalue.StringExact("b")}),
				})),
			},
		},
	)
}

// TestJWTDecodeOfOtherTexts checks the diagnostics about texts that are no JWT,
// or not one alone.
func TestJWTDecodeOfOtherTexts(t *testing.T) {
	t.Parallel()
	token := jwtOf(`{"sub":"very-secret"}`)
	tests := map[string]struct{ text, says string }{
		"line break before":    {"\n" + token, "wrap it in trimspace()"},
		"authorization_header": {"Bearer " + token, "give the token alone"},
		"scheme by case":       {"bearer " + token, "give the token alone"},
		"no JWT":               {"2YotnFZFEjr1zCsicMWpAA", "3 parts separated by dots, and this has 1"},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := newSession(t).call("jwt_decode", row.text).Text
			if !strings.Contains(text, row.says) || strings.Contains(text, token[:20]) {
				t.Errorf("says %q", text)
			}
		})
	}
	if failure := newSession(t).call("jwt_decode", token); failure != nil {
		t.Errorf("refuses a JWT: %s", failure.Text)
	}
}

// call calls a provider function with a text and returns its error, nil where there
// is none.
func (s *session) call(name, argument string) *tfprotov6.FunctionError {
	s.t.Helper()
	encoded, err := tfprotov6.NewDynamicValue(tftypes.String, tftypes.NewValue(tftypes.String, argument))
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := s.server.CallFunction(s.t.Context(), &tfprotov6.CallFunctionRequest{
		Name: name, Arguments: []*tfprotov6.DynamicValue{&encoded},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return response.Error
}
