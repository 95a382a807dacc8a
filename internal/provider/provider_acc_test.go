// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// registered is a resource whose output is known after apply, as the id of a
// client is that the same run registers.
const registered = `
resource "terraform_data" "client" {
  input = "` + clientID + `"
}
`

// hclUnknown is a provider block with a client_id that is known after apply.
func hclUnknown(srv *authservertest.Server) string {
	return fmt.Sprintf(`
provider "oauth2cc" {
  token_endpoint = %q
  client_id      = terraform_data.client.output
  client_secret  = %q
}
`, srv.TokenURL(), clientSecret) + registered
}

func mustCount(t *testing.T, srv *authservertest.Server, want int) {
	t.Helper()
	if got := srv.Count(authserver.TokenEndpoint); got != want {
		t.Fatalf("%d token requests so far, want %d", got, want)
	}
}

// TestAccUnknownProvider holds that what the error about an unknown attribute advises
// works.
func TestAccUnknownProvider(t *testing.T) {
	t.Parallel()
	t.Run("set on the ephemeral resource", func(t *testing.T) {
		t.Parallel()
		srv := startServer(t)
		w := acctest.New(t, hclUnknown(srv)+`
ephemeral "oauth2cc_token" "test" {
  count     = 1
  client_id = terraform_data.client.output
}
`+consumer)
		w.Plan("-out=saved").MustExit(t, 2)
		mustCount(t, srv, 0)
		w.Apply("saved").MustExit(t, 0)
		mustCount(t, srv, 1)
		w.Plan().MustExit(t, 0).MustSay(t, "No changes.")
	})
	t.Run("created first with -target", func(t *testing.T) {
		t.Parallel()
		srv := startServer(t)
		w := acctest.New(t, hclUnknown(srv)+`ephemeral "oauth2cc_token" "test" {}`)
		w.Apply("-target=terraform_data.client").MustExit(t, 0)
		w.Plan().MustExit(t, 0)
		mustCount(t, srv, 1)
	})
	t.Run("data source with depends_on", func(t *testing.T) {
		t.Parallel()
		srv := startServer(t)
		w := acctest.New(t, hclUnknown(srv)+`
data "oauth2cc_token" "test" {
  depends_on = [terraform_data.client]
}
`)
		w.Plan("-out=saved").MustExit(t, 2)
		mustCount(t, srv, 0)
		w.Apply("saved").MustExit(t, 0)
		mustCount(t, srv, 1)
		w.Plan().MustExit(t, 0).MustSay(t, "No changes.")
	})
	t.Run("token block has all it needs", func(t *testing.T) {
		t.Parallel()
		srv := startServer(t)
		w := acctest.New(t, hclUnknown(srv)+fmt.Sprintf(`
ephemeral "oauth2cc_token" "test" {
  client_id = %q
}
`, clientID))
		w.Plan().MustExit(t, 2)
		mustCount(t, srv, 1)
	})
}

// TestAccTriggers holds that a trigger which is not known has Terraform wait until
// apply.
func TestAccTriggers(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	w := acctest.New(t, hclProvider(srv)+registered+`
ephemeral "oauth2cc_token" "test" {
  count    = 1
  triggers = { client = terraform_data.client.id }
}
`+consumer)
	w.Plan("-out=saved").MustExit(t, 2)
	mustCount(t, srv, 0)
	w.Apply("saved").MustExit(t, 0)
	mustCount(t, srv, 1)
	w.Plan().MustExit(t, 0)
	mustCount(t, srv, 2)
}

// TestAccEnvironment holds that a provider block can be left out for the
// environment, and that it wins where it says something.
func TestAccEnvironment(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	w := acctest.New(t, `ephemeral "oauth2cc_token" "test" {}`,
		"OAUTH2CC_ISSUER="+srv.Issuer(), "OAUTH2CC_CLIENT_ID="+clientID, "OAUTH2CC_CLIENT_SECRET="+clientSecret, "OAUTH2CC_TIMEOUT=20s")
	w.Plan().MustExit(t, 0)
	mustCount(t, srv, 1)

	w.Configure(`
provider "oauth2cc" {
  client_secret = "wrong"
}

ephemeral "oauth2cc_token" "test" {
}
`)
	w.Plan().MustExit(t, 1).MustSay(t, "invalid_client")

	w = acctest.New(t, `ephemeral "oauth2cc_token" "test" {}`, "OAUTH2CC_TIMEOUT=soon")
	w.Validate().MustExit(t, 0)
	w.Plan().MustExit(t, 1).MustSay(t, "The environment variable OAUTH2CC_TIMEOUT is not usable.")
}

// TestAccAuthority holds that the real executable trusts an authority by
// tls.ca_certificate, beside the proxy variables of its environment.
func TestAccAuthority(t *testing.T) {
	t.Parallel()
	srv, proxy := startTLS(t, authservertest.Valid), authservertest.StartProxy(t, "", "")
	proxy.Route(authservertest.TestHost+":443", srv.URL[len("https://"):])
	w := acctest.New(t, fmt.Sprintf(`
provider "oauth2cc" {
  token_endpoint = "https://%s/token"
  client_id      = %q
  client_secret  = %q
  tls            = { ca_certificate = %q }
}

ephemeral "oauth2cc_token" "test" {
}
`, authservertest.TestHost, clientID, clientSecret, srv.CAPEM), "HTTPS_PROXY="+proxy.URL)
	w.Plan().MustExit(t, 0)
	mustCount(t, srv, 1)
	if proxy.Count() != 1 {
		t.Errorf("the proxy saw %q", proxy.Requests())
	}

	w.Edit("tls            = {", "tls            = true ? null : {")
	w.Plan().MustExit(t, 1).MustSay(t, "The server's certificate is from an unknown authority")
}

// TestAccValidateVariables holds that variables, which validate knows no values
// of, are no finding.
func TestAccValidateVariables(t *testing.T) {
	t.Parallel()
	acctest.New(t, `
variable "any" {
  type = string
}

variable "texts" {
  type = map(string)
}

provider "oauth2cc" {
  issuer                       = var.any
  token_endpoint               = var.any
  client_id                    = var.any
  client_secret                = var.any
  token_endpoint_auth_method   = var.any
  client_secret_basic_encoding = var.any
  grant_type                   = var.any
  scopes                       = [var.any]
  audience                     = var.any
  resources                    = [var.any]
  parameters                   = var.texts
  headers                      = var.texts
  default_expires_in           = var.any
  tls                          = { ca_certificate = var.any }
  proxy_url                    = var.any
  allow_plaintext_http         = var.any
  timeout                      = var.any
}

ephemeral "oauth2cc_token" "test" {
  min_validity = var.any
  scopes       = values(var.texts)
  headers      = { Authorization = var.any }
}

data "oauth2cc_token" "test" {
  min_validity = var.any
  parameters   = { (var.any) = var.any }
}
`).Validate().MustExit(t, 0)
}
