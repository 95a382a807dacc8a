// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestJWTDecodeOfOtherTexts holds what a user is told about texts that are no JWT,
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
