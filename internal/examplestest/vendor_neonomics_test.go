// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver/vendors"
)

// The requests in Neonomics' document.
const (
	neonomicsTokenRequest = `POST /auth/realms/sandbox/protocol/openid-connect/token
Content-Type: application/x-www-form-urlencoded

grant_type=client_credentials&client_id=<CLIENT_ID>&client_secret=<SECRET_ID>`

	neonomicsRefreshRequest = `POST /auth/realms/sandbox/protocol/openid-connect/token
Content-Type: application/x-www-form-urlencoded

grant_type=refresh_token&refresh_token=<REFRESH_TOKEN>&client_id=<CLIENT_ID>&client_secret=<SECRET_ID>`
)

// Requests that the document does not show: RFC 7009 section 2.1, with the credentials
// where the document has them, and RFC 6750 section 2.1.
const (
	neonomicsRevocationRequest = `POST /auth/realms/sandbox/protocol/openid-connect/revoke
Content-Type: application/x-www-form-urlencoded

token=<TOKEN>&token_type_hint=<KIND>&client_id=<CLIENT_ID>&client_secret=<SECRET_ID>`

	apiRequest = `GET /api/orders
Authorization: Bearer <ACCESS_TOKEN>

`
)

func neonomicsValues(url, secret string) values {
	return values{
		"client_id":     "7fe5c0de",
		"client_secret": secret,
		"realm_url":     url + "/auth/realms/sandbox/protocol/openid-connect",
		"api_url":       url + "/api/orders",
	}
}

func TestAccNeonomics(t *testing.T) {
	t.Parallel()
	secret := acctest.NewCanary("client secret", "")
	vendor := vendors.Neonomics(vendors.Client{ID: "7fe5c0de", Secret: secret.Value})
	run := lookInto(newWorkspace(t, "neonomics", neonomicsValues(listen(t, vendor), secret.Value)))
	run.Write("change.tf", change)
	run.run(t)

	// Two plans and one apply, each with a session of its own.
	walks := 2 + acctest.UnneededAtApply()
	mustMatch(t, vendor.Requests(authserver.TokenEndpoint), walks, neonomicsTokenRequest,
		"<CLIENT_ID>", "7fe5c0de", "<SECRET_ID>", secret.Value)
	calls, revocations, issued := vendor.Requests(authserver.API), vendor.Requests(authserver.RevocationEndpoint), vendor.Issued()
	if len(calls) != walks || len(revocations) != 2*walks || len(issued) != 2*walks {
		t.Fatalf("%d calls, %d revocations and %d tokens in %d walks", len(calls), len(revocations), len(issued), walks)
	}
	for i := range calls {
		mustEndSession(t, revocations[2*i:2*i+2], issued[2*i], issued[2*i+1], secret.Value)
		mustMatch(t, calls[i:i+1], 1, apiRequest, "<ACCESS_TOKEN>", issued[2*i])
		mustBeStatuses(t, "calls", calls[i:i+1], 200)
	}
	if got := vendor.Valid(); got != 0 {
		t.Errorf("%d tokens are valid after the run", got)
	}
	run.mustHold(t, issued, secret)
}

// mustEndSession checks that two revocations, in either order, are those of a
// session's tokens.
func mustEndSession(t *testing.T, revocations []authserver.Request, access, refresh, secret string) {
	t.Helper()
	for _, revocation := range revocations {
		kind := revocation.Form().Get("token_type_hint")
		token := map[string]string{"access_token": access, "refresh_token": refresh}[kind]
		mustMatch(t, []authserver.Request{revocation}, 1, neonomicsRevocationRequest,
			"<TOKEN>", token, "<KIND>", kind, "<CLIENT_ID>", "7fe5c0de", "<SECRET_ID>", secret)
	}
	if len(revocations) != 2 || string(revocations[0].Body) == string(revocations[1].Body) {
		t.Errorf("%d revocations, or one of them twice; want the access token and the refresh token", len(revocations))
	}
}

// TestNeonomicsSession opens the example's session, renews it twice and closes it.
func TestNeonomicsSession(t *testing.T) {
	t.Parallel()
	vendor := vendors.Neonomics(vendors.Client{ID: "7fe5c0de", Secret: "5ecret"})
	example := parse(t, "neonomics", neonomicsValues(listen(t, vendor), "5ecret"))
	provider := serve(t).configure(example.block("provider", "oauth2cc"))

	session := provider.open("oauth2cc_token", example.block("ephemeral", "oauth2cc_token", "session"))
	session.mustBe(t, "token_type", "bearer")
	session.mustBe(t, "refresh_expires_in", "7200")
	session.mustBe(t, "authorization_header", "Bearer "+vendor.Issued()[0])
	if until := session.renewAt.Sub(clock); until.Minutes() != 59 {
		t.Errorf("the session is renewed after %s, want 59m", until)
	}
	session.renew(t)
	session.renew(t)

	issued := vendor.Issued() // access and refresh tokens in turn
	for i, request := range vendor.Requests(authserver.TokenEndpoint)[1:] {
		mustMatch(t, []authserver.Request{request}, 1, neonomicsRefreshRequest,
			"<REFRESH_TOKEN>", issued[2*i+1], "<CLIENT_ID>", "7fe5c0de", "<SECRET_ID>", "5ecret")
	}
	mustBeStatuses(t, "token requests", vendor.Requests(authserver.TokenEndpoint), 200, 200, 200)

	session.close(t)
	if got := vendor.Valid(); got != 0 {
		t.Errorf("%d tokens are valid after Close", got)
	}
}
