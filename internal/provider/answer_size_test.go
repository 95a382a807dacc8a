// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// TestCostlyAnswers holds that an answer of bounded size is of bounded cost: its
// type goes over the wire beside its value, and numbers are decimal.
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
		"19,997 numbers":   {`[` + strings.Repeat(`1e-300,`, 19_996) + `1]`, true}, // with the token, the list and the whole 20,000
		"19,998 numbers":   {`[` + strings.Repeat(`1e-300,`, 19_997) + `1]`, false},
		"300 nested lists": {`[` + strings.Repeat(nested+`,`, 300) + `1]`, true},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.Answer(200, nil, `{"access_token":"abc","x":`+row.value+`}`))
			start := time.Now()
			result := newSession(t).mustConfigure(providerBlock(srv)).mustOpen(tokenType, nil)
			if took := time.Since(start); took > 2*time.Minute { // it is seconds, and without bounds hours
				t.Errorf("took %s", took)
			}
			if result["access_token"] != "abc" || (result["response"] != nil) != row.given {
				t.Errorf("access_token is %v; the response is given: %t", result["access_token"], result["response"] != nil)
			}
		})
	}
}
