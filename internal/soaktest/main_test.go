// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package soaktest

import (
	"flag"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// The tests of every day are short. make soak is long.
var (
	requests = flag.Int("requests", 100, "how many tokens to ask for")
	seed     = flag.Uint64("seed", 1, "what decides about the faults")
)

func TestMain(m *testing.M) { acctest.Main(m) }
