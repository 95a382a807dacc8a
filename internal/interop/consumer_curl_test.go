// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"testing"
	"time"
)

// curlExamples are those of provisioners with curl, by the kind that they hand to it.
var curlExamples = map[string]struct {
	file, feature string
	// lifetime is that of a token. The first call takes delay, and the API sees tokens.
	lifetime, delay time.Duration
	tokens          int
}{
	"oauth2cc_token":      {"provisioner.tf", "in the environment of `local-exec`", time.Hour, 0, 1},
	"oauth2cc_token_file": {"ephemeral-resource.tf", "in `local-exec`; a run that outlives its token", 5 * time.Second, 5 * time.Second, 2},
	"oauth2cc_proxy":      {"capability.tf", "`capability_url` in the environment of `local-exec`", time.Hour, 0, 1},
}

const requiresOAuth2CC = `
terraform {
  required_providers {
    oauth2cc = { source = "oauth2cc/oauth2cc" }
  }
}

`

// TestCurl runs the examples of provisioners.
func TestCurl(t *testing.T) {
	t.Parallel()
	for kind, example := range curlExamples {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			api := startOrders(t, example.lifetime)
			api.delay = example.delay
			works(t, "curl", "`"+kind+"`", example.feature)
			w := api.workspace(t, requiresOAuth2CC+read(t, "../../examples/ephemeral-resources/"+kind+"/"+example.file))
			w.Apply().MustExit(t, 0)
			if seen := len(api.tokens(t)); seen != example.tokens {
				t.Errorf("the API has seen %d tokens, want %d", seen, example.tokens)
			}
		})
	}
}
