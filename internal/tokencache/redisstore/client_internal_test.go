// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"context"
	"errors"
	"testing"
)

// TestPanicIsAnError, and does not end the process.
func TestPanicIsAnError(t *testing.T) {
	t.Parallel()
	store := &Store{clean: newCleaner()}
	_, err := run(t.Context(), store, func(context.Context) (int, error) { panic("boom") }, forget)
	if !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}
