// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// TestAccValidate holds that terraform validate shows what is wrong, and the line.
func TestAccValidate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ config, line string }{
		"provider": {`
provider "oauth2cc" {
  token_endpoint = "http://login.example.com/token"
}

ephemeral "oauth2cc_token" "test" {
}
`, `in provider "oauth2cc": 8: token_endpoint = "http://login.example.com/token"`},
		"ephemeral": {`
ephemeral "oauth2cc_token" "test" {
  scopes = [
    "read",
    "read write",
  ]
}
`, `in ephemeral "oauth2cc_token" "test": 10: "read write",`},
		"data": {`
data "oauth2cc_token" "test" {
  min_validity = "soon"
}
`, `in data "oauth2cc_token" "test": 8: min_validity = "soon"`},
		"fraction": {`
provider "oauth2cc" {
  max_retries = 1.5
}

ephemeral "oauth2cc_token" "test" {
}
`, `The value must be a whole number between 0 and 10, but is 1.5.`},
		"fraction of a second": {`
data "oauth2cc_token" "test" {
  default_expires_in = 1.5
}
`, `The value must be a whole number between 1 and 31622400, but is 1.5.`},
		"placeholder": {`
ephemeral "oauth2cc_token" "test" {
  issuer = "https://login.microsoftonline.com/{tenant}/v2.0"
}
`, `The URL still has the placeholder {tenant}. Replace it with your own value.`},
		"credentials on a data source": {`
data "oauth2cc_token" "test" {
  client_secret = "x"
}
`, `An argument named "client_secret" is not expected here.`},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.New(t, row.config).Validate().MustExit(t, 1).MustSay(t, row.line)
		})
	}
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
