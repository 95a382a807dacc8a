// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"sync"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver/vendors"
)

// The requests in neuroflash's document.
const (
	neuroflashTokenRequest = `POST /oauth/v2/token
Content-Type: application/x-www-form-urlencoded

grant_type=client_credentials&client_id=YOUR_CLIENT_ID&client_secret=YOUR_CLIENT_SECRET&scope=openid`

	neuroflashAPIRequest = `GET /api/digital-twin-service/v1/static-groups
Authorization: Bearer YOUR_ACCESS_TOKEN

`
)

func neuroflashValues(url, secret string) values {
	return values{
		"client_id":      "f81f7fb9",
		"client_secret":  secret,
		"token_endpoint": url + "/oauth/v2/token",
		"api_url":        url,
	}
}

func TestAccNeuroflash(t *testing.T) {
	t.Parallel()
	secret := acctest.NewCanary("client secret", "")
	vendor := vendors.Neuroflash(vendors.Client{ID: "f81f7fb9", Secret: secret.Value})
	run := lookInto(newWorkspace(t, "neuroflash", neuroflashValues(listen(t, vendor), secret.Value)))
	run.run(t)

	// Both plans read the data source, each in its own process with its own token.
	tokens, calls := vendor.Requests(authserver.TokenEndpoint), vendor.Requests(authserver.API)
	mustMatch(t, tokens, 2, neuroflashTokenRequest, "YOUR_CLIENT_ID", "f81f7fb9", "YOUR_CLIENT_SECRET", secret.Value)
	for i, call := range calls {
		mustMatch(t, calls[i:i+1], 1, neuroflashAPIRequest, "YOUR_ACCESS_TOKEN", vendor.Issued()[i])
		mustBeStatuses(t, "calls", []authserver.Request{call}, 200)
	}
	if len(calls) != 2 {
		t.Errorf("%d calls, want 2", len(calls))
	}
	run.mustHold(t, vendor.Issued(), secret)
}

// TestAccNeuroflashRefusedToken makes the API reject the token at its first use: the
// provider requests one more token and repeats the call once.
func TestAccNeuroflashRefusedToken(t *testing.T) {
	t.Parallel()
	secret := acctest.NewCanary("client secret", "")
	vendor := vendors.Neuroflash(vendors.Client{ID: "f81f7fb9", Secret: secret.Value})
	front := &front{vendor: vendor, atAPI: sync.OnceFunc(vendor.Forget)}
	run := lookInto(newWorkspace(t, "neuroflash", neuroflashValues(listen(t, front), secret.Value)))
	run.ran(t, 2, run.Plan())
	mustBeStatuses(t, "token requests", vendor.Requests(authserver.TokenEndpoint), 200, 200)
	mustBeStatuses(t, "calls", vendor.Requests(authserver.API), 401, 200)
	run.mustHold(t, vendor.Issued(), secret)
}
