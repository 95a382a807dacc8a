// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"encoding/base64"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver/vendors"
)

// httpBasicTokenRequest is the request in the document.
const httpBasicTokenRequest = `POST /oauth/v2/token
Authorization: Basic <base64 encoded client_id:client_secret>
Content-Type: application/x-www-form-urlencoded

grant_type=client_credentials`

func httpBasicValues(url, id, secret string) values {
	return values{"client_id": id, "client_secret": secret, "url": url, "api_url": url + "/api/orders"}
}

func TestAccHTTPBasic(t *testing.T) {
	t.Parallel()
	const id = `my own id/+%&=?#"'\<é漢>;,`
	secret := acctest.NewCanary("client secret", `:/+%&= "é`)
	vendor := vendors.HTTPBasic(vendors.Client{ID: id, Secret: secret.Value})
	run := lookInto(newWorkspace(t, "http-basic", httpBasicValues(listen(t, vendor), id, secret.Value)))
	run.run(t)

	mustMatch(t, vendor.Requests(authserver.TokenEndpoint), 2, httpBasicTokenRequest,
		"<base64 encoded client_id:client_secret>", base64.StdEncoding.EncodeToString([]byte(id+":"+secret.Value)))
	calls := vendor.Requests(authserver.API)
	mustBeStatuses(t, "calls", calls, 200, 200)
	for i := range calls {
		mustMatch(t, calls[i:i+1], 1, apiRequest, "<ACCESS_TOKEN>", vendor.Issued()[i])
	}
	run.mustHold(t, vendor.Issued(), secret)
}

// TestAccHTTPBasicRefused distinguishes 401 from 403.
func TestAccHTTPBasicRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change        func(values)
		says          string
		tokens, calls []int
	}{
		"wrong secret": {
			change: func(v values) { v["client_secret"] = "another" },
			says:   "The server does not accept the client (401 Unauthorized)",
			tokens: []int{401},
		},
		"no permission": {
			change: func(v values) { v["api_url"] = v["url"] + vendors.ForbiddenPath },
			says:   "The API returned 403 Forbidden",
			tokens: []int{200},
			calls:  []int{403},
		},
		"a colon in the id": {
			change: func(v values) { v["client_id"] = "a:b" },
			says:   "client_id",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vendor := vendors.HTTPBasic(vendors.Client{ID: "my own", Secret: "s3cret"})
			variables := httpBasicValues(listen(t, vendor), "my own", "s3cret")
			row.change(variables)
			newWorkspace(t, "http-basic", variables).Plan().MustExit(t, 1).MustSay(t, row.says)
			mustBeStatuses(t, "token requests", vendor.Requests(authserver.TokenEndpoint), row.tokens...)
			mustBeStatuses(t, "calls", vendor.Requests(authserver.API), row.calls...)
		})
	}
}

// TestHTTPBasicAnyID checks that ids with any characters arrive unchanged.
func TestHTTPBasicAnyID(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"plain", "with space", " space at both ends ", "me@example.com", "100%", "%41", "a+b", "a&b=c", `quote"d`, `back\slash`, "sla/sh",
		"q?#", "tilde~", "semi;colon,", "é", "漢字", "🔑", "<tag>", "{json}", "'", "|!$^*()[]`",
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			vendor := vendors.HTTPBasic(vendors.Client{ID: id, Secret: "s3cret"})
			example := parse(t, "http-basic", httpBasicValues(listen(t, vendor), id, "s3cret"))
			provider := serve(t).configure(example.block("provider", "oauth2cc"))
			provider.read("oauth2cc_request", example.block("data", "oauth2cc_request", "api")).mustBe(t, "status_code", "200")
		})
	}
}
