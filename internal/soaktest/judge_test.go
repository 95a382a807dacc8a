// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package soaktest

import (
	"strings"
	"testing"
)

// TestJudge holds that the soak can fail. Attempts are written by the first letters
// of their outcomes.
func TestJudge(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		attempts string
		calls    int
		want     string
	}{
		"token at once":               {"g", 1, ""},
		"token at the last attempt":   {"pppg", 1, ""},
		"no token after all attempts": {"pppp", 1, ""},
		"refused at once":             {"r", 1, ""},
		"refused later":               {"pr", 1, ""},
		"shared and replaced":         {"gg", 5, ""},
		"a new question after four":   {"ppppg", 2, ""},
		"not asked at all":            {"", 1, "no request"},
		"a fifth attempt":             {"ppppg", 1, "asked anew 2 times for 1 calls"},
		"asked after a refusal":       {"rg", 1, "asked anew 2 times"},
		"asked with a token in hand":  {"gg", 1, "asked anew 2 times"},
		"given up at once":            {"p", 1, "given up after 1"},
		"given up early":              {"ppp", 1, "given up after 3"},
	}
	letters := map[rune]fault{'g': {outcome: granted}, 'p': {outcome: passing}, 'r': {outcome: refused}}
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
