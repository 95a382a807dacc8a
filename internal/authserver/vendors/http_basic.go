// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"encoding/base64"
	"net/http"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// httpBasicToken is the documented response.
const httpBasicToken = `{
"token_type": "Bearer",
"expires_in": 3600,
"access_token": %q
}`

const (
	httpBasicLifetime = 3600 // seconds
	// httpBasicTokenSize is the size of a token before base64, in bytes. With it,
	// tokens end with one "=", like the documented one.
	httpBasicTokenSize = 32
)

// ForbiddenPath is the part of the API that the customer of [HTTPBasic] may not use.
const ForbiddenPath = undocumentedAPI + "forbidden"

// HTTPBasic is a vendor that requires base64 of client_id:client_secret without
// prior encoding, and nothing but the grant type in the body. It responds to
// invalid credentials with 401 and no body. Its API distinguishes 401 and 403.
func HTTPBasic(client Client) *Vendor {
	v := newVendor()
	credentials := "Basic " + base64.StdEncoding.EncodeToString([]byte(client.ID+":"+client.Secret))
	v.handle(authserver.TokenEndpoint, "POST /oauth/v2/token", func(w http.ResponseWriter, r *http.Request) {
		form, err := readForm(r, "grant_type")
		switch {
		case len(r.Header.Values("Authorization")) != 1 || !same(r.Header.Get("Authorization"), credentials):
			w.WriteHeader(http.StatusUnauthorized)
		case err != nil || form.Get("grant_type") != "client_credentials":
			w.WriteHeader(http.StatusBadRequest)
		default:
			token := base64.StdEncoding.EncodeToString(randomBytes(httpBasicTokenSize))
			respond(w, http.StatusOK, httpBasicToken, v.issue(token, accessToken, "", httpBasicLifetime))
		}
	})
	v.handle(authserver.API, undocumentedAPI, v.protect(serveOK))
	v.handle(authserver.API, ForbiddenPath, v.protect(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
	}))
	return v
}
