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

// Neucron's endpoints beside its token endpoint.
const (
	AuthorizeEndpoint        authserver.Endpoint = "authorize"
	PermissionsGrantEndpoint authserver.Endpoint = "permissions_grant"
)

// The documented responses, and a guess at errorhandler.ClientError, whose members
// are not documented.
const (
	neucronCode    = `{"data": {"code": %q, "user_id": "UserID"}, "status_code": 200}`
	neucronGranted = `{"data": {"message": "Permissions granted successfully."}, "status_code": 200}`
	neucronToken   = `{"data": {"access_token": %q}, "status_code": 200}`
	neucronError   = `{"message": %q, "status_code": %d}`
)

// Lifetimes in seconds. They are not documented.
const (
	neucronCodeLifetime  = 600
	neucronTokenLifetime = 3600
)

// App is a customer's app, and its user, as registered with Neucron.
type App struct {
	ID, Key          string
	KeyID, KeySecret string
	// UserToken is the bearer token of the user's requests.
	UserToken string
}

// Neucron exchanges a code from its authorization endpoint, which can be used once,
// for a JWT. All bodies are nested JSON objects.
func Neucron(app App) *Vendor {
	v := newVendor()
	v.handle(AuthorizeEndpoint, "POST /oauth/authorize", app.asUser(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Token *neucronRequest `json:"token"`
		}
		if app.accepts(w, readJSON(r, &body), body.Token) {
			code := v.issue(rand.Text(), authorizationCode, "", neucronCodeLifetime)
			respond(w, http.StatusOK, neucronCode, code)
		}
	}))
	v.handle(PermissionsGrantEndpoint, "PATCH /oauth/permissions/grant", app.asUser(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Permissions *neucronRequest `json:"permissions"`
		}
		if app.accepts(w, readJSON(r, &body), body.Permissions) {
			respond(w, http.StatusOK, neucronGranted)
		}
	}))
	v.handle(authserver.TokenEndpoint, "POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		v.neucronToken(app, w, r)
	})
	v.handle(authserver.API, undocumentedAPI, v.protect(serveOK))
	return v
}

// neucronRequest is the content of both of the user's requests.
type neucronRequest struct {
	AppID       string `json:"app_id"`
	AppKey      string `json:"app_key"`
	State       string `json:"state"`
	RedirectURI string `json:"redirect_uri"`
	Permissions string `json:"permissions"`
}

// complete reports whether all members are set. Permissions are separated by commas
// without spaces.
func (q *neucronRequest) complete() bool {
	return q != nil && q.State != "" && q.RedirectURI != "" &&
		!slices.Contains(strings.Split(q.Permissions, ","), "") && !strings.Contains(q.Permissions, " ")
}

// accepts reports whether a request of the user is valid. If not, it has responded.
func (app App) accepts(w http.ResponseWriter, err error, q *neucronRequest) bool {
	switch {
	case err != nil:
		neucronRefuse(w, http.StatusBadRequest, err.Error())
	case !q.complete():
		neucronRefuse(w, http.StatusBadRequest, "a member is missing")
	case !same(q.AppID, app.ID) || !same(q.AppKey, app.Key):
		neucronRefuse(w, http.StatusUnauthorized, "app_id and app_key are invalid")
	default:
		return true
	}
	return false
}

// asUser calls next for requests with the user's bearer token only.
func (app App) asUser(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !same(bearer(r), app.UserToken) {
			neucronRefuse(w, http.StatusUnauthorized, "unauthorized")
			return
		}
		next(w, r)
	}
}

// neucronToken exchanges a code. Only the body authenticates the request.
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
		err = undocumented("the body or the Authorization header")
	}
	if err != nil {
		neucronRefuse(w, http.StatusBadRequest, err.Error())
		return
	}
	known := same(body.Token.KeyID, app.KeyID) && same(body.Token.KeySecret, app.KeySecret)
	if known {
		_, known = v.use(body.Token.AuthCode, authorizationCode)
	}
	if !known {
		neucronRefuse(w, http.StatusUnauthorized, "auth_code, key_id or key_secret is invalid")
		return
	}
	respond(w, http.StatusOK, neucronToken, v.issueJWT(app.ID, neucronTokenLifetime))
}

func neucronRefuse(w http.ResponseWriter, status int, message string) {
	respond(w, status, neucronError, message, status)
}
