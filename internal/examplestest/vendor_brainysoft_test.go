// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver/vendors"
)

// The requests in Brainysoft's document. With --request POST and no data, curl sends
// neither a body nor a Content-Type.
const (
	brainysoftQueryRequest = `POST /oauth/token?grant_type=client_credentials&client_id=f81f7fb9&client_secret=6jsHY5

`
	brainysoftBodyRequest = `POST /oauth/token
Content-Type: application/x-www-form-urlencoded

grant_type=client_credentials&client_id=f81f7fb9&client_secret=6jsHY5`
)

func brainysoftValues(url, secret, in string) values {
	return values{
		"customer_key":  "acme",
		"client_id":     "f81f7fb9",
		"client_secret": secret,
		"parameters_in": in,
		// At Brainysoft the key is part of the host name.
		"auth_url": url,
		"api_url":  url + "/api/orders",
	}
}

func TestAccBrainysoft(t *testing.T) {
	t.Parallel()
	for in, document := range map[string]string{"query": brainysoftQueryRequest, "form": brainysoftBodyRequest} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			secret := acctest.NewCanary("client secret", "")
			vendor := vendors.Brainysoft(vendors.Client{ID: "f81f7fb9", Secret: secret.Value})
			run := lookInto(newWorkspace(t, "brainysoft", brainysoftValues(listen(t, vendor), secret.Value, in)))
			run.run(t)

			// Two plans and one apply. In each process the data source and the ephemeral
			// resource share a token.
			mustMatch(t, vendor.Requests(authserver.TokenEndpoint), 2+acctest.UnneededAtApply(), document, "6jsHY5", secret.Value)
			calls := vendor.Requests(authserver.API)
			mustBeStatuses(t, "calls", calls, 200, 200)
			mustMatch(t, calls[:1], 1, apiRequest, "<ACCESS_TOKEN>", vendor.Issued()[0])
			run.mustHold(t, vendor.Issued(), secret)
		})
	}
}

// TestAccBrainysoftFailure fails while the credentials are in the query, as the error
// shows the address.
func TestAccBrainysoftFailure(t *testing.T) {
	t.Parallel()
	secret := acctest.NewCanary("client secret", "")
	vendor := vendors.Brainysoft(vendors.Client{ID: "f81f7fb9", Secret: "another"})
	url := listen(t, vendor)
	run := lookInto(newWorkspace(t, "brainysoft", brainysoftValues(url, secret.Value, "query")))
	result := run.Plan().MustSay(t, "invalid_client", "Bad client credentials")
	run.ran(t, 1, result)
	run.mustHold(t, []string{"grant_type=client_credentials&client_id"}, secret)
}

func TestBrainysoftResponse(t *testing.T) {
	t.Parallel()
	vendor := vendors.Brainysoft(vendors.Client{ID: "f81f7fb9", Secret: "6jsHY5"})
	example := parse(t, "brainysoft", brainysoftValues(listen(t, vendor), "6jsHY5", "form"))
	provider := serve(t).configure(example.block("provider", "oauth2cc"))
	token := provider.open("oauth2cc_token", example.block("ephemeral", "oauth2cc_token", "api"))
	token.mustBe(t, "expires_in", "299")
	token.mustBe(t, "expires_at", "2026-01-02T03:09:04Z")
	token.mustBe(t, "scopes", `["core_basic","admin:read","admin:write","account:read","account:write","account:pswrd",`+
		`"account:totp","admin_1:read","admin_1:write"]`)
	if session, _ := token.result["response"].(map[string]any); session["sessid"] == nil {
		t.Error("the response's sessid is missing")
	}
}
