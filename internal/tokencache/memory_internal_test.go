// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestNothingGrows holds that neither what has expired nor calls that returned stay: of one
// entry each second that is valid for a minute, twice as many are kept as are valid.
func TestNothingGrows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := New(Config[int]{})
		for i := range 1000 {
			fetch := func(context.Context) (Entry[int], error) {
				return Entry[int]{Value: i, ExpiresAt: time.Now().Add(time.Minute)}, nil
			}
			if _, err := cache.Get(t.Context(), NewEntryKey(fmt.Sprint(i)), func(Entry[int]) bool { return true }, fetch); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if len(cache.memory) > 120 || len(cache.flights.waiters) != 0 {
			t.Errorf("%d entries and %d calls are kept, want at most 120 and 0", len(cache.memory), len(cache.flights.waiters))
		}
	})
}
