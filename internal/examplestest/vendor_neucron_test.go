// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver/vendors"
)

// The requests in Neucron's document, with bodies as jsonencode writes them: members
// sorted by name, without white space.
const (
	neucronAuthorizeRequest = `POST /oauth/authorize
Authorization: Bearer YourAccessToken
Content-Type: application/json

{"token":{"app_id":"YourAppID","app_key":"YourAppKey","permissions":"read_profile,write_data","redirect_uri":"https://yourapp.com/oauth/callback","state":"RandomString"}}`

	neucronGrantRequest = `PATCH /oauth/permissions/grant
Authorization: Bearer YourAccessToken
Content-Type: application/json

{"permissions":{"app_id":"YourAppID","app_key":"YourAppKey","permissions":"write_data,manage_notifications","redirect_uri":"https://yourapp.com/oauth/permissions/callback","state":"RandomString"}}`

	neucronTokenRequest = `POST /oauth/token
Content-Type: application/json

{"token":{"auth_code":"AuthorizationCode","key_id":"YourKeyID","key_secret":"YourKeySecret"}}`
)

// neucronDocument maps the requests to their bodies as the document prints them.
var neucronDocument = map[string]string{
	neucronAuthorizeRequest: `{
"token": {
"app_id": "YourAppID",
"app_key": "YourAppKey",
"state": "RandomString",
"redirect_uri": "https://yourapp.com/oauth/callback",
"permissions": "read_profile,write_data"
}
}`,
	neucronGrantRequest: `{
"permissions": {
"app_id": "YourAppID",
"app_key": "YourAppKey",
"state": "RandomString",
"redirect_uri": "https://yourapp.com/oauth/permissions/callback",
"permissions": "write_data,manage_notifications"
}
}`,
	neucronTokenRequest: `{
"token": {
"auth_code": "AuthorizationCode",
"key_id": "YourKeyID",
"key_secret": "YourKeySecret"
}
}`,
}

// TestNeucronDocument compares the bodies above with the document's.
func TestNeucronDocument(t *testing.T) {
	t.Parallel()
	for request, document := range neucronDocument {
		_, body, _ := bytes.Cut([]byte(request), []byte("\n\n"))
		var members map[string]map[string]string // encoded in order of name, as jsonencode does
		if err := json.Unmarshal([]byte(document), &members); err != nil {
			t.Fatal(err)
		}
		if same, err := json.Marshal(members); err != nil || !bytes.Equal(body, same) {
			t.Errorf("the body is\n%s\nand the document has\n%s", body, same)
		}
	}
}

// neucronSecrets are the secrets of the app and its user.
type neucronSecrets struct{ user, app, key acctest.Canary }

func newNeucronSecrets() neucronSecrets {
	return neucronSecrets{
		user: acctest.NewCanary("user's token", ""),
		app:  acctest.NewCanary("app key", ""),
		key:  acctest.NewCanary("key secret", ""),
	}
}

// vendor returns a Neucron at which the app is registered.
func (s neucronSecrets) vendor() *vendors.Vendor {
	return vendors.Neucron(vendors.App{
		ID: "YourAppID", Key: s.app.Value, KeyID: "YourKeyID", KeySecret: s.key.Value, UserToken: s.user.Value,
	})
}

// placeholders are those of the document, each followed by its value.
func (s neucronSecrets) placeholders(code string) []string {
	return []string{
		"YourAccessToken", s.user.Value, "YourAppKey", s.app.Value, "YourKeySecret", s.key.Value, "AuthorizationCode", code,
	}
}

func (s neucronSecrets) values(url string) values {
	return values{
		"user_access_token":  s.user.Value,
		"app_id":             "YourAppID",
		"app_key":            s.app.Value,
		"key_id":             "YourKeyID",
		"key_secret":         s.key.Value,
		"state":              "RandomString",
		"redirect_uri":       "https://yourapp.com/oauth/callback",
		"permissions":        `["read_profile","write_data"]`,
		"grant":              "true",
		"grant_redirect_uri": "https://yourapp.com/oauth/permissions/callback",
		"grant_permissions":  `["write_data","manage_notifications"]`,
		"url":                url,
		"api_url":            url + "/api/orders",
	}
}

// TestAccNeucron runs grant, authorization, token request and API call in one apply.
func TestAccNeucron(t *testing.T) {
	t.Parallel()
	secrets := newNeucronSecrets()
	vendor := secrets.vendor()
	run := lookInto(newWorkspace(t, "neucron", secrets.values(listen(t, vendor))))
	run.Write("change.tf", change)
	run.run(t)

	// Two plans and one apply, each with its own code and token.
	walks := 2 + acctest.UnneededAtApply()
	mustMatch(t, vendor.Requests(vendors.PermissionsGrantEndpoint), walks, neucronGrantRequest, secrets.placeholders("")...)
	mustMatch(t, vendor.Requests(vendors.AuthorizeEndpoint), walks, neucronAuthorizeRequest, secrets.placeholders("")...)
	tokens, calls, issued := vendor.Requests(authserver.TokenEndpoint), vendor.Requests(authserver.API), vendor.Issued()
	if len(tokens) != walks || len(calls) != walks || len(issued) != 2*walks {
		t.Fatalf("%d token requests, %d calls and %d codes and tokens in %d walks", len(tokens), len(calls), len(issued), walks)
	}
	for i := range tokens {
		mustMatch(t, tokens[i:i+1], 1, neucronTokenRequest, secrets.placeholders(issued[2*i])...)
		mustMatch(t, calls[i:i+1], 1, apiRequest, "<ACCESS_TOKEN>", issued[2*i+1])
	}
	mustBeStatuses(t, "calls", calls, slices.Repeat([]int{200}, walks)...)
	mustComeInOrder(t, vendor.Requests()[:4], vendors.PermissionsGrantEndpoint, vendors.AuthorizeEndpoint, authserver.TokenEndpoint, authserver.API)
	run.mustHold(t, issued, secrets.user, secrets.app, secrets.key)
}

// mustComeInOrder compares the endpoints of requests.
func mustComeInOrder(t *testing.T, requests []authserver.Request, endpoints ...authserver.Endpoint) {
	t.Helper()
	for i, request := range requests {
		if request.Endpoint != endpoints[i] {
			t.Errorf("request %d is to %s, want %s", i, request.Endpoint, endpoints[i])
		}
	}
}

// TestAccNeucronRefused covers the errors that the document names.
func TestAccNeucronRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		variable, value, says string
		tokenRequests         int
	}{
		"the user's token": {"user_access_token", "expired", "401 Unauthorized", 0},
		"app_key":          {"app_key", "another", "app_id and app_key are invalid", 0},
		"state":            {"state", "", "400 Bad Request", 0},
		"key_secret":       {"key_secret", "another", "401 Unauthorized", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secrets := newNeucronSecrets()
			vendor := secrets.vendor()
			variables := secrets.values(listen(t, vendor))
			variables["grant"] = "false"
			variables[row.variable] = row.value
			run := lookInto(newWorkspace(t, "neucron", variables))
			run.ran(t, 1, run.Plan().MustSay(t, row.says))
			if got := vendor.Count(authserver.TokenEndpoint); got != row.tokenRequests {
				t.Errorf("%d token requests, want %d: a code that can be used once must not be sent twice", got, row.tokenRequests)
			}
			if got := vendor.Count(vendors.PermissionsGrantEndpoint); got != 0 {
				t.Errorf("%d grants, want none", got)
			}
			run.mustHold(t, append(vendor.Issued(), "nothing was issued else"), secrets.user, secrets.app, secrets.key)
		})
	}
}

// TestNeucronToken checks that a response without token_type and expires_in is accepted,
// with the lifetime in the exp claim of the token.
func TestNeucronToken(t *testing.T) {
	t.Parallel()
	secrets := newNeucronSecrets()
	vendor := secrets.vendor()
	vendor.SetNow(now)
	example := parse(t, "neucron", secrets.values(listen(t, vendor)))
	provider := serve(t).configure(nil)
	authorize := provider.open("oauth2cc_request", example.block("ephemeral", "oauth2cc_request", "authorize"))
	example.know("ephemeral", "oauth2cc_request", "authorize", authorize.result)
	token := provider.open("oauth2cc_token", example.block("ephemeral", "oauth2cc_token", "app"))
	token.mustBe(t, "token_type", "null")
	token.mustBe(t, "authorization_header", "Bearer "+vendor.Issued()[1])
	token.mustBe(t, "expires_in", "3600")
	token.mustBe(t, "expires_at", "2026-01-02T04:04:05Z")
}

// TestNeucronGrantAction plans and invokes the action of the example, for which the CLI
// would have to be Terraform 1.14 or later.
func TestNeucronGrantAction(t *testing.T) {
	t.Parallel()
	secrets := newNeucronSecrets()
	vendor := secrets.vendor()
	variables := secrets.values(listen(t, vendor))
	example := parse(t, "neucron-grant-action", values{
		"user_access_token": secrets.user.Value,
		"app_id":            "YourAppID",
		"app_key":           secrets.app.Value,
		"state":             "RandomString",
		"redirect_uri":      variables["grant_redirect_uri"],
		"permissions":       variables["grant_permissions"],
		"url":               variables["url"],
	})
	provider := serve(t).configure(nil)
	config := example.block("action", "oauth2cc_request", "grant")

	provider.planAction("oauth2cc_request", config)
	mustMatch(t, vendor.Requests(), 0, "")
	provider.invokeAction("oauth2cc_request", config)
	mustMatch(t, vendor.Requests(), 1, neucronGrantRequest, secrets.placeholders("")...)
	mustBeStatuses(t, "grants", vendor.Requests(), 200)
}
