// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata, and the table of what works")

// enabled is read before acctest.Main removes such variables from the environment.
var enabled = os.Getenv("OAUTH2CC_INTEROP") == "1"

func TestMain(m *testing.M) {
	acctest.Main(func() int {
		code := m.Run()
		if code != 0 {
			return code
		}
		if err := checkPage(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	})
}

// needServers skips a test unless OAUTH2CC_INTEROP is 1.
func needServers(t *testing.T) {
	t.Helper()
	if !enabled {
		t.Skip("OAUTH2CC_INTEROP is not 1; run make interop")
	}
}
