// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"crypto/rand"
	"net/http"
	"net/url"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// The documented responses: a refresh adds the scope.
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

// Lifetimes in seconds.
const (
	neonomicsLifetime        = 3600
	neonomicsRefreshLifetime = 7200
)

// neonomicsRealm is the path of the endpoints, as Keycloak has them.
const neonomicsRealm = "/auth/realms/sandbox/protocol/openid-connect"

// Neonomics is the sandbox of Neonomics, whose authorization server is Keycloak.
// Its refresh tokens can be used once. The documentation mentions ending a session
// without showing a request for it; Keycloak ends it when its refresh token is
// revoked (RFC 7009).
func Neonomics(client Client) *Vendor {
	v := newVendor()
	v.handle(authserver.TokenEndpoint, "POST "+neonomicsRealm+"/token",
		keycloak(client, v.neonomicsGrant, "grant_type", "refresh_token"))
	v.handle(authserver.RevocationEndpoint, "POST "+neonomicsRealm+"/revoke",
		keycloak(client, v.neonomicsRevocation, "token", "token_type_hint"))
	v.handle(authserver.API, undocumentedAPI, v.protect(serveOK))
	return v
}

// keycloak calls next for authenticated requests with these parameters, and
// otherwise responds as Keycloak does.
func keycloak(client Client, next func(http.ResponseWriter, url.Values), names ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, err := readForm(r, append(names, "client_id", "client_secret")...)
		switch {
		case err != nil:
			refuse(w, http.StatusBadRequest, invalidRequest, err.Error())
		case !client.matches(form):
			refuse(w, http.StatusUnauthorized, unauthorizedClient, "Invalid client or Invalid client credentials")
		default:
			next(w, form)
		}
	}
}

func (v *Vendor) neonomicsGrant(w http.ResponseWriter, form url.Values) {
	switch form.Get("grant_type") {
	case "client_credentials":
		if form.Has("refresh_token") {
			refuse(w, http.StatusBadRequest, invalidRequest, undocumented("an additional parameter").Error())
			return
		}
		v.neonomicsIssue(w, neonomicsToken, uuid())
	case "refresh_token":
		session, ok := v.use(form.Get("refresh_token"), refreshToken)
		if !ok {
			refuse(w, http.StatusBadRequest, invalidGrant, "Token is not active")
			return
		}
		v.neonomicsIssue(w, neonomicsRefreshed, session)
	default:
		refuse(w, http.StatusBadRequest, unsupportedGrantType, "Unsupported grant_type")
	}
}

func (v *Vendor) neonomicsIssue(w http.ResponseWriter, document, session string) {
	access := v.issue(rand.Text(), accessToken, session, neonomicsLifetime)
	refresh := v.issue(rand.Text(), refreshToken, session, neonomicsRefreshLifetime)
	respond(w, http.StatusOK, document, access, refresh, session)
}

func (v *Vendor) neonomicsRevocation(w http.ResponseWriter, form url.Values) {
	if form.Get("token") == "" {
		refuse(w, http.StatusBadRequest, invalidRequest, "Token not provided")
		return
	}
	v.revoke(form.Get("token"))
}
