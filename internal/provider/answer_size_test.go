// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// TestCostlyAnswers holds that an answer of bounded size is of bounded cost, as its
// type goes over the wire beside its value, and numbers are decimal: what would cost
// more than a moment is not given decoded.
func TestCostlyAnswers(t *testing.T) {
	t.Parallel()
	const size = 1<<20 - 100
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	nested := strings.Repeat(`[`, 60) + strings.Repeat(`]`, 60)
	tests := map[string]struct {
		value string
		given bool // decoded, too
	}{
		"numbers":          {`[` + fill(`1,`) + `1]`, false},
		"exponents":        {`[` + fill(`1e308,`) + `1e999999999]`, false},
		"one number":       {fill(`9`), true},
		"empty objects":    {`[` + fill(`{},`) + `{}]`, false},
		"nested lists":     {`[` + fill(nested+`,`) + `1]`, false},
		"19,997 values":    {`[` + strings.Repeat(`1,`, 19_996) + `1]`, true}, // with the token, the list and the whole 20,000
		"19,998 values":    {`[` + strings.Repeat(`1,`, 19_997) + `1]`, false},
		"300 nested lists": {`[` + strings.Repeat(nested+`,`, 300) + `1]`, true},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.Answer(200, nil, `{"access_token":"abc","x":`+row.value+`}`))
			result := newSession(t).mustConfigure(providerBlock(srv)).mustOpen(tokenType, nil)
			if result["access_token"] != "abc" || (result["response"] != nil) != row.given {
				t.Errorf("access_token is %v; the response is given: %t", result["access_token"], result["response"] != nil)
			}
		})
	}
}
