// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"strings"
	"testing"
	"time"
)

// httpOrder reads an order. Version 3 of the provider names the body response_body.
const httpOrder = `
terraform {
  required_providers {
    oauth2cc = { source = "oauth2cc/oauth2cc" }
    http     = { source = "hashicorp/http" }
  }
}

data "oauth2cc_token" "api" {}

data "http" "order" {
  url             = "https://api.example.com/orders/1"
  request_headers = { Authorization = data.oauth2cc_token.api.authorization_header }
}

output "item" {
  value = jsondecode(data.http.order.body).item
}
`

// TestHTTP has the data source http send a token, which the data source keeps in the state.
func TestHTTP(t *testing.T) {
	t.Parallel()
	api := startOrders(t, time.Hour)
	works(t, "provider http", "`oauth2cc_token`", "the data source, in `request_headers`")
	api.store("/orders/1", []byte(`{"id":"1","item":"chair"}`))
	w := api.workspace(t, httpOrder)
	w.Apply().MustExit(t, 0).MustSay(t, `item = "chair"`)
	for token := range api.tokens(t) {
		if !strings.Contains(w.Read("terraform.tfstate"), token) {
			t.Error("the token is not in the state: the documentation of the data source is wrong")
		}
	}
}

// TestHTTPRefusesEphemeral has a data source be given an ephemeral token.
func TestHTTPRefusesEphemeral(t *testing.T) {
	t.Parallel()
	api := startOrders(t, time.Hour)
	config := strings.NewReplacer(`data "oauth2cc_token"`, `ephemeral "oauth2cc_token"`, "data.oauth2cc_token", "ephemeral.oauth2cc_token").Replace(httpOrder)
	api.workspace(t, config).Plan().MustExit(t, 1).MustSay(t, "ephemeral value")
}
