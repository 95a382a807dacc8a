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

// enabled is read here because acctest takes such variables out of the environment.
var enabled = os.Getenv("OAUTH2CC_INTEROP") == "1"

func TestMain(m *testing.M) { acctest.Main(m) }

// needServers skips a test unless the servers are there.
func needServers(t *testing.T) {
	t.Helper()
	if !enabled {
		t.Skip("tests with other servers are skipped unless OAUTH2CC_INTEROP is 1; make interop runs them")
	}
}
