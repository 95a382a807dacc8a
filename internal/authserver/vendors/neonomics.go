// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"crypto/rand"
	"net/http"
	"net/url"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// The answers that Neonomics documents: a refresh adds the scope.
const (
	neonomicsToken = `{
"access_token": %q,
"expires_in": 3600,
"refresh_expires_in": 7200,
"refresh_token": %q,
"token_type": "bearer",
"session_state": %q
}`
	neonomicsRefreshed = `{
"access_token": %q,
"expires_in": 3600,
"refresh_expires_in": 7200,
"refresh_token": %q,
"token_type": "bearer",
"session_state": %q,
"scope": "banqbridge_client"
}`
)

// Their lifetimes, in seconds.
const (
	neonomicsLifetime        = 3600
	neonomicsRefreshLifetime = 7200
)

// neonomicsRealm is where the endpoints are: those of a Keycloak.
const neonomicsRealm = "/auth/realms/sandbox/protocol/openid-connect"

// Neonomics is the sandbox of Neonomics, whose authorization server is Keycloak.
// It issues refresh tokens that are good for one use. The document speaks of
// ending the session and shows no request for it; at Keycloak's revocation
// endpoint (RFC 7009) the end of a refresh token is that of its session.
func Neonomics(client Client) *Vendor {
	v := newVendor()
	v.handle(authserver.TokenEndpoint, "POST "+neonomicsRealm+"/token", keycloak(client, v.neonomicsGrant))
	v.handle(authserver.RevocationEndpoint, "POST "+neonomicsRealm+"/revoke", keycloak(client, v.neonomicsRevocation))
	v.handle(authserver.API, undocumentedAPI, v.protected(anything))
	return v
}

// keycloak has next answer requests of the client, and refuses others in
// Keycloak's words.
func keycloak(client Client, next func(http.ResponseWriter, url.Values)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, err := readForm(r)
		switch {
		case err != nil:
			refuse(w, http.StatusBadRequest, invalidRequest, err.Error())
		case !client.isIn(form):
			refuse(w, http.StatusUnauthorized, unauthorizedClient, "Invalid client or Invalid client credentials")
		default:
			next(w, form)
		}
	}
}

func (v *Vendor) neonomicsGrant(w http.ResponseWriter, form url.Values) {
	switch form.Get("grant_type") {
	case "client_credentials":
		v.neonomicsAuthenticate(w, form)
	case "refresh_token":
		v.neonomicsRefresh(w, form)
	default:
		refuse(w, http.StatusBadRequest, unsupportedGrantType, "Unsupported grant_type")
	}
}

func (v *Vendor) neonomicsAuthenticate(w http.ResponseWriter, form url.Values) {
	if err := only(form, "grant_type", "client_id", "client_secret"); err != nil {
		refuse(w, http.StatusBadRequest, invalidRequest, err.Error())
		return
	}
	v.neonomicsIssue(w, neonomicsToken, uuid())
}

func (v *Vendor) neonomicsRefresh(w http.ResponseWriter, form url.Values) {
	if err := only(form, "grant_type", "refresh_token", "client_id", "client_secret"); err != nil {
		refuse(w, http.StatusBadRequest, invalidRequest, err.Error())
		return
	}
	held, ok := v.spend(form.Get("refresh_token"), refreshToken)
	if !ok {
		refuse(w, http.StatusBadRequest, invalidGrant, "Token is not active")
		return
	}
	v.neonomicsIssue(w, neonomicsRefreshed, held.session)
}

func (v *Vendor) neonomicsIssue(w http.ResponseWriter, document, session string) {
	access := v.issue(rand.Text(), voucher{accessToken, session, v.in(neonomicsLifetime)})
	refresh := v.issue(rand.Text(), voucher{refreshToken, session, v.in(neonomicsRefreshLifetime)})
	answer(w, http.StatusOK, document, access, refresh, session)
}

func (v *Vendor) neonomicsRevocation(w http.ResponseWriter, form url.Values) {
	if err := only(form, "token", "token_type_hint", "client_id", "client_secret"); err != nil || form.Get("token") == "" {
		refuse(w, http.StatusBadRequest, invalidRequest, "Token not provided")
		return
	}
	v.revoke(form.Get("token"))
}
