// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// blocksOfEach is more than core walks at once, which is 10.
const blocksOfEach = 12

// TestAccRequests counts the token requests of each command. Each walk of the
// graph has a provider process of its own, and a process asks once, however many
// blocks there are:
//
//   - validate reads no data source and opens nothing.
//   - plan is one walk. It opens ephemeral resources and reads data sources.
//   - apply of a saved plan is one walk. It opens ephemeral resources again; what
//     data sources read is in the plan.
//   - apply plans first, and is both.
//   - destroy plans first, in a walk that refreshes; where there is nothing in the
//     state, there is no walk to refresh. The walks that plan and carry out the
//     destruction use no token.
func TestAccRequests(t *testing.T) {
	t.Parallel()
	unneeded := acctest.UnneededAtApply()
	type counts struct{ validate, plan, saved, again, apply, destroy int }
	tests := map[string]struct {
		config string
		want   counts
		// alone is a configuration without resources, which leaves nothing to change.
		alone bool
	}{
		"ephemeral, used": {
			config: `ephemeral "oauth2cc_token" "test" { count = %d }` + consumer,
			want:   counts{validate: 0, plan: 1, saved: 1, again: 1, apply: 2, destroy: 1},
		},
		"ephemeral, unused": {
			config: `ephemeral "oauth2cc_token" "test" { count = %d }` + bystander,
			want:   counts{validate: 0, plan: 1, saved: unneeded, again: 1, apply: 1 + unneeded, destroy: 1},
		},
		"ephemeral, alone": {
			config: `ephemeral "oauth2cc_token" "test" { count = %d }`,
			want:   counts{validate: 0, plan: 1, saved: unneeded, again: 1, apply: 1 + unneeded, destroy: 0},
			alone:  true,
		},
		"data": {
			config: `data "oauth2cc_token" "test" { count = %d }` + bystander,
			want:   counts{validate: 0, plan: 1, saved: 0, again: 1, apply: 1, destroy: 1},
		},
		"both": {
			config: "locals {\n  n = %d\n}\n" + `data "oauth2cc_token" "test" { count = local.n }` + "\n" +
				`ephemeral "oauth2cc_token" "test" { count = local.n }` + consumer,
			want: counts{validate: 0, plan: 1, saved: 1, again: 1, apply: 2, destroy: 1},
		},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			w := acctest.New(t, hclProvider(srv)+fmt.Sprintf(row.config, blocksOfEach))
			counted := func(what string, want int, result acctest.Result) acctest.Result {
				if got := srv.Count(); got != want {
					t.Errorf("%s: %d requests, want %d", what, got, want)
				}
				srv.Reset()
				return result
			}
			changes := 2 // what plan exits with
			if row.alone {
				changes = 0
			}
			counted("validate", row.want.validate, w.Validate()).MustExit(t, 0)
			counted("plan", row.want.plan, w.Plan("-out=saved")).MustExit(t, changes)
			counted("apply of a saved plan", row.want.saved, w.Apply("saved")).MustExit(t, 0)
			counted("second plan", row.want.again, w.Plan()).MustExit(t, 0).MustSay(t, "No changes.")
			counted("destroy", row.want.destroy, w.Destroy()).MustExit(t, 0)
			counted("apply", row.want.apply, w.Apply()).MustExit(t, 0)
		})
	}
}

// TestAccRequestsRefused holds that many blocks with a wrong secret are one
// failed login: servers lock a client out after a few.
func TestAccRequestsRefused(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ephemeral", "data"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, func(client *authserver.Client) { client.Secret = "another" })
			w := acctest.New(t, hclProvider(srv)+fmt.Sprintf("%s \"oauth2cc_token\" \"test\" {\n  count = %d\n}\n", kind, blocksOfEach))
			w.Plan().MustExit(t, 1).MustSay(t, "invalid_client")
			if n := srv.Count(); n != 1 {
				t.Errorf("%d requests, want one", n)
			}
		})
	}
}

// TestAccRequestsDiffer holds that only those blocks share a token that ask for
// the same.
func TestAccRequestsDiffer(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	w := acctest.New(t, hclProvider(srv)+`
ephemeral "oauth2cc_token" "test" {
  count  = 30
  scopes = [element(["read", "write", "read"], count.index)]
}
`)
	w.Plan().MustExit(t, 0)
	if n := srv.Count(); n != 2 {
		t.Errorf("%d requests, want one for each of two scopes", n)
	}
}
