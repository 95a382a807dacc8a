// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"net/http"
	"slices"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// neuroflashToken is the documented response.
const neuroflashToken = `{
"access_token": %q,
"token_type": "Bearer",
"expires_in": 14399
}`

const neuroflashLifetime = 14399 // seconds

// Neuroflash is neuroflash, whose authorization server is Zitadel: it requires id
// and secret in the form, and the scope openid.
func Neuroflash(client Client) *Vendor {
	v := newVendor()
	v.handle(authserver.TokenEndpoint, "POST /oauth/v2/token", func(w http.ResponseWriter, r *http.Request) {
		form, err := readForm(r, "grant_type", "client_id", "client_secret", "scope")
		switch {
		case err != nil:
			refuse(w, http.StatusBadRequest, invalidRequest, err.Error())
		case form.Get("grant_type") != "client_credentials":
			refuse(w, http.StatusBadRequest, unsupportedGrantType, "the grant type is not supported")
		case !client.matches(form):
			refuse(w, http.StatusUnauthorized, invalidClient, "the client could not be authenticated")
		case !slices.Contains(strings.Split(form.Get("scope"), " "), "openid"):
			refuse(w, http.StatusBadRequest, invalidScope, "the scope openid is required")
		default:
			respond(w, http.StatusOK, neuroflashToken, v.issueJWT(client.ID, neuroflashLifetime))
		}
	})
	v.handle(authserver.API, "GET /api/digital-twin-service/v1/static-groups", v.protect(
		func(w http.ResponseWriter, _ *http.Request) {
			respond(w, http.StatusOK, `[{"id": "g-1", "name": "Early adopters"}]`)
		}))
	return v
}
