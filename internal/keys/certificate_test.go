// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
)

func TestCheckValidity(t *testing.T) {
	t.Parallel()
	begin, end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		now  time.Time
		says string // "" for a valid certificate
	}{
		"first second":       {begin, ""},
		"last second":        {end, ""},
		"clock behind":       {begin.Add(-time.Minute), ""},
		"clock ahead":        {end.Add(time.Minute), ""},
		"not yet valid":      {begin.Add(-time.Hour), "not valid before 2026-01-01T00:00:00Z"},
		"expired":            {end.Add(time.Hour), "expired at 2027-01-01T00:00:00Z"},
		"expired, elsewhere": {end.Add(time.Hour).In(time.FixedZone("", 3600)), "expired at 2027-01-01T00:00:00Z"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := keys.CheckValidity(&x509.Certificate{NotBefore: begin, NotAfter: end}, test.now)
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}
