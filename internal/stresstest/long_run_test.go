// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"fmt"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// The server says that its tokens last two seconds and accepts them for three, as
// calls take time on a busy machine.
const (
	announcedSeconds = 2
	acceptedFor      = 3 * time.Second
)

// handedOver is a configuration whose second provider, in a process of its own, has a
// token.
const handedOver = `
terraform {
  required_providers {
    oauth2cc = { source = "oauth2cc/oauth2cc" }
    restapi  = { source = "mastercard/restapi" }
  }
}

provider "oauth2cc" {
  token_endpoint = %q
  client_id      = "deploy"
}

ephemeral "oauth2cc_token" "api" {}

provider "restapi" {
  uri     = %q
  headers = { Authorization = ephemeral.oauth2cc_token.api.authorization_header }
}

resource "restapi_object" "order" {
  path = "/orders"
  data = "{}"
}
`

// longRunServer is a server with short tokens for the client deploy.
func longRunServer(t *testing.T, secret string) *authservertest.Server {
	t.Helper()
	return authservertest.Start(t, authserver.Config{
		Clients: []authserver.Client{{
			ID: "deploy", Secret: secret, Lifetime: acceptedFor,
			TokenResponse: []authserver.Mutation{authserver.Set("expires_in", announcedSeconds)},
		}},
		Routes: map[string]string{},
	})
}

// longRunWorkspace has a configuration with the addresses of a server.
func longRunWorkspace(t *testing.T, srv *authservertest.Server, config, secret, duration string) *acctest.Workspace {
	t.Helper()
	workspace := acctest.New(t, "", "OAUTH2CC_CLIENT_SECRET="+secret, "CONSUMER_DURATION="+duration)
	workspace.StandIn("mastercard/restapi")
	workspace.Write("main.tf", fmt.Sprintf(config, srv.TokenURL(), srv.APIURL))
	return workspace
}

// TestAccHandedOver shows the problem: a token that was handed over expires.
func TestAccHandedOver(t *testing.T) {
	t.Parallel()
	srv := longRunServer(t, "gX1fBat3bV")
	longRunWorkspace(t, srv, handedOver, "gX1fBat3bV", "4s").Apply().MustExit(t, 1).MustSay(t, "401 Unauthorized")
}
