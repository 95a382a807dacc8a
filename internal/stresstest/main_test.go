// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"flag"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// The defaults keep the tests short. make soak sets more.
var (
	requests = flag.Int("requests", 100, "number of token requests of the soak")
	seed     = flag.Uint64("seed", 1, "seed of the soak's faults")
	rounds   = flag.Int("rounds", 1, "number of fleets, one after the other")
)

func TestMain(m *testing.M) { acctest.Main(m.Run) }
