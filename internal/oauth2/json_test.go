// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

func TestIsSmall(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want bool
	}{
		"nothing":                {``, true},
		"1 MiB":                  {`"` + strings.Repeat("a", 1<<20-2) + `"`, true},
		"1 MiB and 1 byte":       {`"` + strings.Repeat("a", 1<<20-1) + `"`, false},
		"20,000 values":          {`[` + strings.Repeat("0,", 19_998) + `0]`, true},
		"20,001 values":          {`[` + strings.Repeat("0,", 19_999) + `0]`, false},
		"20,000, objects":        {`[` + strings.Repeat(`{ }, `, 19_998) + `[ ]]`, true},
		"20,001, objects":        {`[` + strings.Repeat(`{"a":0},`, 9_999) + `{"a":0}]`, false},
		"commas within a string": {`"` + strings.Repeat(`[{,\"`, 20_000) + `"`, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := oauth2.IsSmall([]byte(test.text)); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
