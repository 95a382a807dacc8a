// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"crypto/rand"
	"net/http"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// brainysoftToken is the documented response without its comments. The line break
// in the scope is theirs, escaped as JSON requires.
const brainysoftToken = `{
"access_token": %q,
"token_type": "Bearer",
"expires_in": 299,
"scope": "core_basic admin:read admin:write account:read account:write account:pswrd account:totp\n  admin_1:read admin_1:write",
"sessid": %q
}`

const brainysoftLifetime = 299 // seconds

// Brainysoft is the authorization service of a Brainysoft customer. It accepts the
// parameters in the query or in the body, but not in both.
func Brainysoft(client Client) *Vendor {
	v := newVendor()
	v.handle(authserver.TokenEndpoint, "POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		read := readForm
		if r.URL.RawQuery != "" {
			read = readQuery
		}
		parameters, err := read(r, "grant_type", "client_id", "client_secret")
		switch {
		case err != nil:
			refuse(w, http.StatusBadRequest, invalidRequest, err.Error())
		case parameters.Get("grant_type") != "client_credentials":
			refuse(w, http.StatusBadRequest, unsupportedGrantType, "grant_type must be client_credentials")
		case !client.matches(parameters):
			refuse(w, http.StatusUnauthorized, invalidClient, "Bad client credentials")
		default:
			respond(w, http.StatusOK, brainysoftToken, v.issue(rand.Text(), accessToken, "", brainysoftLifetime), uuid())
		}
	})
	v.handle(authserver.API, undocumentedAPI, v.protect(serveOK))
	return v
}
