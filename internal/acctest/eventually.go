// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"testing"
	"time"
)

// patience is how long anything may take that happens by itself, on a busy machine.
const patience = 30 * time.Second

// Eventually waits until something is so, and ends the test if that takes more than
// half a minute.
func Eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(patience); !so(); <-again.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}
