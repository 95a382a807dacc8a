// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// TestAccRequestTokenHeader holds that an API which refuses the first token is sent
// the next one, in the header field that it reads, and that a token which comes
// back is in neither state nor plan, and the response's header fields not in the
// terminal.
func TestAccRequestTokenHeader(t *testing.T) {
	t.Parallel()
	const name = "X-Shopify-Access-Token"
	token, cookie := acctest.NewCanary("token", "-._~+/"), acctest.NewCanary("cookie", "")
	srv := startServer(t, answering(authserver.Set("access_token", token.Value)))
	var refused atomic.Bool
	srv.Override(authserver.API, func(w http.ResponseWriter, r *http.Request) bool {
		if refused.CompareAndSwap(false, true) {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		w.Header().Set("X-Subject-Token", r.Header.Get(name))
		w.Header().Set("Set-Cookie", cookie.Value)
		_, _ = w.Write([]byte("\x89PNG" + r.Header.Get(name) + "\xff")) //nolint:gosec // no browser reads it
		return true
	})
	w := acctest.New(t, hclProvider(srv)+fmt.Sprintf(`
data "oauth2cc_request" "test" {
  url          = "%[1]s/orders"
  token_header = { name = %[2]q, scheme = "" }
}

ephemeral "oauth2cc_request" "test" {
  url          = "%[1]s/orders"
  token_header = { name = %[2]q, scheme = "" }
}

# Plans show the arguments and outputs of a data source that is read at apply.
data "oauth2cc_request" "later" {
  url          = "%[1]s/orders"
  token_header = { name = %[2]q, scheme = "" }
  depends_on   = [terraform_data.test]
}

resource "terraform_data" "test" {
  input = data.oauth2cc_request.test.response_headers
}
`, srv.APIURL, name))
	plan := w.Plan("-out=plan.bin").MustExit(t, 2).MustSay(t, "+ input = (sensitive value)", "+ response_headers = (sensitive value)")
	shown := w.Show("plan.bin").MustExit(t, 0)
	applied := w.Apply("plan.bin").MustExit(t, 0)

	mustCount(t, srv, 3) // the plan's, its successor after the 401, and the apply's
	calls := srv.Requests(authserver.API)
	for _, call := range calls {
		if !slices.Equal(call.Header[name], []string{token.Value}) || call.Header.Get("Authorization") != "" {
			t.Errorf("the API was sent %v", call.Header)
		}
	}
	if first := calls[0].Status; first != http.StatusUnauthorized {
		t.Errorf("the first call got %d", first)
	}
	state := w.Read("terraform.tfstate")
	body := base64.StdEncoding.EncodeToString([]byte("\x89PNG[redacted]\xff"))
	if !strings.Contains(state, body) || !strings.Contains(state, cookie.Value) {
		t.Errorf("the state has not the response:\n%s", state)
	}
	for place, text := range map[string]string{
		"the plan": plan.Output(), "terraform show": shown.Output(), "the apply": applied.Output(), "the state": state, "the plan file": w.Read("plan.bin"),
	} {
		token.MustNotBeIn(t, place, text)
	}
	cookie.MustNotBeIn(t, "the plan", plan.Output())
	cookie.MustNotBeIn(t, "the apply", applied.Output())
}
