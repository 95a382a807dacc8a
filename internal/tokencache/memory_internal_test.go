// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestMemoryDoesNotGrow holds that neither what has expired nor the locks that were
// taken or waited for stay.
func TestMemoryDoesNotGrow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory := NewMemory(time.Now)
		for _, key := range []string{"a", "b", "c"} {
			if err := memory.Save(t.Context(), key, nil, time.Minute); err != nil {
				t.Fatal(err)
			}
			unlock, err := memory.Lock(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if _, err := memory.Lock(ctx, key); err == nil {
				t.Error("two hold one lock")
			}
			cancel()
			unlock()
		}
		if err := memory.Save(t.Context(), "d", nil, time.Minute); err != nil {
			t.Fatal(err)
		}
		if len(memory.entries) != 1 || len(memory.locks) != 0 {
			t.Errorf("%d entries and %d locks are kept, want 1 and 0", len(memory.entries), len(memory.locks))
		}
	})
}
