// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// restapiOrder is an object of the API, at an address and with a credential.
const restapiOrder = `
terraform {
  required_providers {
    oauth2cc = { source = "oauth2cc/oauth2cc" }
    restapi  = { source = "Mastercard/restapi" }
  }
}

ephemeral "oauth2cc_token" "api" {}

ephemeral "oauth2cc_proxy" "api" {
  url = "https://api.example.com"
}

provider "restapi" {
  CONNECTION
}

resource "restapi_object" "order" {
  path = "/orders"
  data = jsonencode({ id = "1", item = "chair" })
}
`

// restapiConnections are ways to hand over the credential, by method and feature of the
// page What works with what.
var restapiConnections = map[string]string{
	"oauth2cc_token, in `headers`": `
  uri     = "https://api.example.com"
  headers = { Authorization = ephemeral.oauth2cc_token.api.authorization_header }`,
	"oauth2cc_proxy, in `headers`": `
  uri     = ephemeral.oauth2cc_proxy.api.local_url
  headers = { Authorization = ephemeral.oauth2cc_proxy.api.authorization_header }`,
	"oauth2cc_proxy, in `username` and `password`": `
  uri      = ephemeral.oauth2cc_proxy.api.local_url
  username = "anyone"
  password = ephemeral.oauth2cc_proxy.api.access_token`,
	"oauth2cc_proxy, `capability_url` as `uri`": `
  uri = ephemeral.oauth2cc_proxy.api.capability_url`,
}

// TestRestapi creates, reads, changes and deletes an object.
func TestRestapi(t *testing.T) {
	t.Parallel()
	for name, connection := range restapiConnections {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := startOrders(t, time.Hour)
			worksByName(t, "provider restapi", name)
			config := strings.Replace(restapiOrder, "CONNECTION", connection, 1)
			w := api.workspace(t, config)
			trace := w.Trace()
			w.Plan("-out=plan").MustExit(t, 2)
			kept := w.Show("plan").MustExit(t, 0).Stdout
			w.Apply("plan").MustExit(t, 0)
			w.Plan().MustExit(t, 0)
			w.Write("main.tf", strings.ReplaceAll(w.Read("main.tf"), "chair", "table"))
			w.Apply().MustExit(t, 0)
			if got := string(api.object("/orders/1")); got != `{"id":"1","item":"table"}` {
				t.Errorf("the order is %q", got)
			}
			kept += w.Read("terraform.tfstate")
			w.Destroy().MustExit(t, 0)
			if left := api.object("/orders/1"); left != nil {
				t.Errorf("the order is still %q", left)
			}
			mustNotKeep(t, kept+read(t, trace), api)
		})
	}
}

// mustNotKeep searches the plan, the state and the log for the tokens that the API has seen.
func mustNotKeep(t *testing.T, kept string, api *orders) {
	t.Helper()
	tokens := api.tokens(t)
	if len(tokens) == 0 || !strings.Contains(kept, "restapi_object") {
		t.Error("there is nothing to find")
	}
	for token := range tokens {
		if strings.Contains(kept, token) {
			t.Error("a token is in plan, state or log")
		}
	}
}

// TestRestapiLongRun has the first call of the API last as long as its token, in the middle of a run.
func TestRestapiLongRun(t *testing.T) {
	t.Parallel()
	const lifetime = 5 * time.Second
	for name, connection := range restapiConnections {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := startOrders(t, lifetime)
			api.delay = lifetime
			w := api.workspace(t, strings.Replace(restapiOrder, "CONNECTION", connection, 1))
			if strings.HasPrefix(name, "oauth2cc_token") {
				mustEndWith401(t, w, api)
				return
			}
			worksByName(t, "provider restapi", name+"; a run that outlives its token")
			mustOutlive(t, w, api)
		})
	}
	t.Run("example", func(t *testing.T) {
		t.Parallel()
		api := startOrders(t, lifetime)
		api.delay = lifetime
		mustOutlive(t, api.workspace(t, read(t, "../../examples/long-runs/restapi.tf")), api)
	})
}

// mustOutlive applies and destroys with more than one token.
func mustOutlive(t *testing.T, w *acctest.Workspace, api *orders) {
	t.Helper()
	w.Apply().MustExit(t, 0)
	w.Destroy().MustExit(t, 0)
	if seen := len(api.tokens(t)); seen < 2 {
		t.Errorf("the API has seen %d tokens, want at least 2", seen)
	}
}

// mustEndWith401 shows the problem that the guide to long runs describes: the order exists,
// and Terraform does not know it.
func mustEndWith401(t *testing.T, w *acctest.Workspace, api *orders) {
	t.Helper()
	w.Apply().MustExit(t, 1).MustSay(t, "unexpected response code '401'")
	if api.object("/orders/1") == nil {
		t.Error("the order was not created")
	}
	if list := w.Run("state", "list").Stdout; list != "" {
		t.Errorf("the state has %s", list)
	}
}

// TestRestapiMocked tests a module with a mock of the provider, as the guide to testing does.
func TestRestapiMocked(t *testing.T) {
	t.Parallel()
	api := startOrders(t, time.Hour)
	w := api.workspace(t, read(t, "../../examples/testing/orders/main.tf"))
	w.Write("orders.tftest.hcl", read(t, "../../examples/testing/orders/orders.tftest.hcl"))
	w.Run("test", "-no-color").MustExit(t, 0).MustSay(t, "1 passed")
}
