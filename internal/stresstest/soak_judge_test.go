// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"strings"
	"testing"
)

// TestJudge checks that the soak can fail. Attempts are the first letters of their
// outcomes.
func TestJudge(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		attempts string
		calls    int
		want     string
	}{
		"token at once":                        {"g", 1, ""},
		"token at the last attempt":            {"tttg", 1, ""},
		"no token after all attempts":          {"tttt", 1, ""},
		"refused at once":                      {"r", 1, ""},
		"refused later":                        {"tr", 1, ""},
		"shared and replaced":                  {"gg", 5, ""},
		"a second request after four attempts": {"ttttg", 2, ""},
		"no request":                           {"", 1, "no request"},
		"a fifth attempt":                      {"ttttg", 1, "2 requests for 1 calls"},
		"a request after a refusal":            {"rg", 1, "2 requests"},
		"a request with a token in hand":       {"gg", 1, "2 requests"},
		"given up at once":                     {"t", 1, "gave up after 1"},
		"given up early":                       {"ttt", 1, "gave up after 3"},
	}
	letters := map[rune]fault{'g': {outcome: granted}, 't': {outcome: transient}, 'r': {outcome: refused}}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var attempts []fault
			for _, letter := range test.attempts {
				attempts = append(attempts, letters[letter])
			}
			err := judge(attempts, test.calls)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
