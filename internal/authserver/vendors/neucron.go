// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// The endpoints that Neucron has beside its token endpoint.
const (
	AuthorizeEndpoint        authserver.Endpoint = "authorize"
	PermissionsGrantEndpoint authserver.Endpoint = "permissions_grant"
)

// The answers that Neucron documents, and one in the likeness of its
// errorhandler.ClientError, whose members the document leaves out.
const (
	neucronCode    = `{"data": {"code": %q, "user_id": "UserID"}, "status_code": 200}`
	neucronGranted = `{"data": {"message": "Permissions granted successfully."}, "status_code": 200}`
	neucronToken   = `{"data": {"access_token": %q}, "status_code": 200}`
	neucronError   = `{"message": %q, "status_code": %d}`
)

// What Neucron's document does not say, in seconds.
const (
	neucronCodeLifetime  = 600
	neucronTokenLifetime = 3600
)

// App is what Neucron knows of a customer's app and of its user.
type App struct {
	ID, Key          string
	KeyID, KeySecret string
	// UserToken is the bearer token with which the user's requests are made.
	UserToken string
}

// Neucron is Neucron: a code from the authorization endpoint, which is good for
// one use, is exchanged for a JWT. All bodies are JSON, one object inside another.
func Neucron(app App) *Vendor {
	v := newVendor()
	v.handle(AuthorizeEndpoint, "POST /oauth/authorize", app.asUser(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Token *neucronRequest `json:"token"`
		}
		if app.accepts(w, readJSON(r, &body), body.Token) {
			code := v.issue(rand.Text(), voucher{kind: authorizationCode, ends: v.in(neucronCodeLifetime)})
			answer(w, http.StatusOK, neucronCode, code)
		}
	}))
	v.handle(PermissionsGrantEndpoint, "PATCH /oauth/permissions/grant", app.asUser(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Permissions *neucronRequest `json:"permissions"`
		}
		if app.accepts(w, readJSON(r, &body), body.Permissions) {
			answer(w, http.StatusOK, neucronGranted)
		}
	}))
	v.handle(authserver.TokenEndpoint, "POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		v.neucronToken(app, w, r)
	})
	v.handle(authserver.API, undocumentedAPI, v.protected(anything))
	return v
}

// neucronRequest is what both of the user's requests say.
type neucronRequest struct {
	AppID       string `json:"app_id"`
	AppKey      string `json:"app_key"`
	State       string `json:"state"`
	RedirectURI string `json:"redirect_uri"`
	Permissions string `json:"permissions"`
}

// complete tells whether nothing is missing. The permissions are separated by
// commas alone.
func (q *neucronRequest) complete() bool {
	return q != nil && q.State != "" && q.RedirectURI != "" &&
		!slices.Contains(strings.Split(q.Permissions, ","), "") && !strings.Contains(q.Permissions, " ")
}

// accepts tells whether a request of the user is good, and answers it if not.
func (app App) accepts(w http.ResponseWriter, err error, q *neucronRequest) bool {
	switch {
	case err != nil:
		neucronRefuse(w, http.StatusBadRequest, err.Error())
	case !q.complete():
		neucronRefuse(w, http.StatusBadRequest, "a member is missing")
	case !same(q.AppID, app.ID) || !same(q.AppKey, app.Key):
		neucronRefuse(w, http.StatusUnauthorized, "app_id and app_key are not valid")
	default:
		return true
	}
	return false
}

// asUser lets next answer requests with the user's bearer token.
func (app App) asUser(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !same(bearer(r), app.UserToken) {
			neucronRefuse(w, http.StatusUnauthorized, "unauthorized")
			return
		}
		next(w, r)
	}
}

// neucronToken exchanges a code. The request is authenticated by its body alone.
func (v *Vendor) neucronToken(app App, w http.ResponseWriter, r *http.Request) {
	var body struct {
		Token *struct {
			AuthCode  string `json:"auth_code"`
			KeyID     string `json:"key_id"`
			KeySecret string `json:"key_secret"`
		} `json:"token"`
	}
	err := readJSON(r, &body)
	if err == nil && (body.Token == nil || r.Header.Get("Authorization") != "") {
		err = undocumented("the body or a header field")
	}
	if err != nil {
		neucronRefuse(w, http.StatusBadRequest, err.Error())
		return
	}
	known := same(body.Token.KeyID, app.KeyID) && same(body.Token.KeySecret, app.KeySecret)
	if known {
		_, known = v.spend(body.Token.AuthCode, authorizationCode)
	}
	if !known {
		neucronRefuse(w, http.StatusUnauthorized, "auth_code, key_id or key_secret is not valid")
		return
	}
	answer(w, http.StatusOK, neucronToken, v.jwt(app.ID, neucronTokenLifetime))
}

func neucronRefuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, neucronError, message, status)
}
