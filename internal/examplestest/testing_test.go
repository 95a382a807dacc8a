// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// testedModules are the examples of the guide to testing, which TestAccTesting runs.
var testedModules = []string{"testing/main.tf", "testing/orders/main.tf", "testing/data_source/main.tf"}

// TestAccTesting runs the tests of the guide to testing. Those with mocks call nobody.
func TestAccTesting(t *testing.T) {
	t.Parallel()
	t.Run("orders", func(t *testing.T) {
		t.Parallel()
		w := acctest.New(t, "")
		w.StandIn("mastercard/restapi")
		w.Write("main.tf", source(t, "testing/orders/main.tf"))
		w.Write("orders.tftest.hcl", source(t, "testing/orders/orders.tftest.hcl"))
		w.Run("test", "-no-color").MustExit(t, 0).MustSay(t, "1 passed")
	})
	t.Run("data_source", func(t *testing.T) {
		t.Parallel()
		w := acctest.New(t, source(t, "testing/data_source/main.tf"))
		w.Write("order.tftest.hcl", source(t, "testing/data_source/order.tftest.hcl"))
		w.Run("test", "-no-color").MustExit(t, 0).MustSay(t, "1 passed")
	})
	t.Run("server", func(t *testing.T) {
		t.Parallel()
		acctest.Needs(t, source(t, "testing/main.tf"))
		srv := authservertest.Start(t, authserver.Config{
			Clients: []authserver.Client{{ID: environmentID, Secret: environmentSecret, Scopes: []string{"orders:write"}}},
			Routes:  map[string]string{"/": "orders:write"},
		})
		w := acctest.New(t, "", "OAUTH2CC_CLIENT_ID="+environmentID, "OAUTH2CC_CLIENT_SECRET="+environmentSecret)
		w.StandIn("mastercard/restapi")
		w.Write("main.tf", source(t, "testing/main.tf"))
		w.Write("server.tftest.hcl", strings.NewReplacer(
			"https://auth.test.example.com", srv.URL, "https://api.test.example.com", srv.APIURL,
		).Replace(source(t, "testing/server.tftest.hcl")))
		if err := os.Mkdir(w.Path("orders"), 0o700); err != nil {
			t.Fatal(err)
		}
		w.Write("orders/main.tf", source(t, "testing/orders/main.tf"))
		w.Run("get").MustExit(t, 0)
		w.Run("test", "-no-color").MustExit(t, 0).MustSay(t, "1 passed")
		for _, call := range []string{"POST /orders/1 200", "DELETE /orders/1 200"} {
			if !slices.Contains(calls(srv), call) {
				t.Errorf("no call is %s", call)
			}
		}
	})
}

// mocked are configurations of which the guide to testing says what a mock of this
// provider makes.
var mocked = map[string]string{
	"ephemeral resource": `
ephemeral "oauth2cc_token" "api" {}

resource "terraform_data" "call" {
  provisioner "local-exec" {
    environment = { AUTHORIZATION = ephemeral.oauth2cc_token.api.authorization_header }
    command     = "test -n \"$AUTHORIZATION\""
  }
}
`,
	"action": `
action "oauth2cc_request" "announce" {
  config {
    url    = "https://api.example.com/announcements"
    method = "POST"
  }
}

resource "terraform_data" "release" {
  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.oauth2cc_request.announce]
    }
  }
}
`,
	"function": `
locals {
  claims = provider::oauth2cc::jwt_decode("eyJhbGciOiJub25lIn0.eyJzdWIiOiJkZXBsb3kifQ.c2ln").claims
}

check "function" {
  assert {
    condition     = local.claims.sub == "deploy"
    error_message = "The function is mocked."
  }
}
`,
	"data source": `
data "oauth2cc_token" "api" {}

check "data_source" {
  assert {
    condition     = data.oauth2cc_token.api.expires_in == 0 && data.oauth2cc_token.api.claims == null
    error_message = "The values are others."
  }
}
`,
}

// TestAccMockProvider tests what the guide says of mocks. The provider is not configured.
func TestAccMockProvider(t *testing.T) {
	t.Parallel()
	for name, config := range mocked {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, config)
			w.Write("mock.tftest.hcl", "mock_provider \"oauth2cc\" {}\n\nrun \"all\" {}\n")
			result := w.Run("test", "-no-color")
			if name == "ephemeral resource" && !acctest.MocksEphemeral() {
				result.MustExit(t, 1).MustSay(t, "No ephemeral resource types in mock providers")
				return
			}
			result.MustExit(t, 0).MustSay(t, "1 passed, 0 failed")
		})
	}
}
