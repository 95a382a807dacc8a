// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"flag"
	"os"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// enabled is read before acctest.Main removes such variables from the environment.
var enabled = os.Getenv("OAUTH2CC_INTEROP") == "1"

func TestMain(m *testing.M) { acctest.Main(m.Run) }

// needServers skips a test unless OAUTH2CC_INTEROP is 1.
func needServers(t *testing.T) {
	t.Helper()
	if !enabled {
		t.Skip("OAUTH2CC_INTEROP is not 1; run make interop")
	}
}
