// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// revokeRequest returns the example of RFC 7009 §2.1 with another token.
func revokeRequest(token string) string {
	return `POST /revoke HTTP/1.1
Host: server.example.com
Content-Type: application/x-www-form-urlencoded
Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW

token=` + token + `&token_type_hint=refresh_token`
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	for _, format := range []string{authserver.Opaque, authserver.JWT} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			srv, _ := session(t, func(c *authserver.Client) { c.TokenFormat = format })
			kept, dropped := send(t, srv, rfcRequest("")), send(t, srv, rfcRequest(""))
			callOrders(t, srv, dropped.text(t, "access_token")).want(t, 200, "")

			got := send(t, srv, revokeRequest(dropped.text(t, "access_token")))
			if got.Code != 200 || got.Body.Len() != 0 {
				t.Errorf("response is %d %q, want 200 and nothing", got.Code, got.Body)
			}
			callOrders(t, srv, dropped.text(t, "access_token")).want(t, 401, "invalid_token")
			callOrders(t, srv, kept.text(t, "access_token")).want(t, 200, "")
			send(t, srv, refreshRequest(dropped.text(t, "refresh_token"), "")).want(t, 200, "")
		})
	}
}

func TestRevocationOfRefreshTokenEndsGrant(t *testing.T) {
	t.Parallel()
	srv, _ := session(t, unchanged)
	first := send(t, srv, rfcRequest(""))
	second := send(t, srv, refreshRequest(first.text(t, "refresh_token"), ""))
	send(t, srv, revokeRequest(second.text(t, "refresh_token"))).want(t, 200, "")
	send(t, srv, refreshRequest(second.text(t, "refresh_token"), "")).want(t, 400, "invalid_grant")
	for _, a := range []response{first, second} {
		callOrders(t, srv, a.text(t, "access_token")).want(t, 401, "invalid_token")
	}
}

func TestRevocationResponses(t *testing.T) {
	t.Parallel()
	srv, _ := session(t, unchanged)
	theirs := send(t, srv, strings.Replace(rfcRequest(""), "czZCaGRSa3F0MzpnWDFmQmF0M2JW", "b3RoZXI6b3RoZXI=", 1))
	for name, row := range map[string]struct {
		request string
		status  int
		code    string
	}{
		"RFC 7009 §2.1, unknown token": {revokeRequest("45ghiukldjahdnhzdauz"), 200, ""},
		"another client's":             {revokeRequest(theirs.text(t, "access_token")), 400, "invalid_grant"},
		"no token":                     {revokeRequest(""), 400, "invalid_request"},
		"two tokens":                   {revokeRequest("a&token=b"), 400, "invalid_request"},
		"wrong secret":                 {strings.Replace(revokeRequest("a"), "czZC", "czZD", 1), 401, "invalid_client"},
		"GET":                          {strings.Replace(revokeRequest("a"), "POST", "GET", 1), 405, "invalid_request"},
		"token in the query":           {strings.Replace(revokeRequest("a"), "/revoke", "/revoke?token=a", 1), 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			send(t, srv, row.request).want(t, row.status, row.code)
		})
	}
}
