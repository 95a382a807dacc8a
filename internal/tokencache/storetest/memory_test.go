// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package storetest_test

import (
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) storetest.Storage {
		clock := storetest.NewClock()
		memory := storetest.NewMemory(clock.Now)
		return storetest.Storage{
			Open:    func() tokencache.Store { return memory },
			Advance: clock.Advance,
		}
	})
}
