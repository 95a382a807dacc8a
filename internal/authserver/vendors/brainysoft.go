// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"crypto/rand"
	"net/http"
	"net/url"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// brainysoftToken is the answer that Brainysoft documents, without the remarks in
// it. Its scope goes over two lines there; JSON needs the escape for that.
const brainysoftToken = `{
"access_token": %q,
"token_type": "Bearer",
"expires_in": 299,
"scope": "core_basic admin:read admin:write account:read account:write account:pswrd account:totp\n  admin_1:read admin_1:write",
"sessid": %q
}`

// brainysoftLifetime is in seconds.
const brainysoftLifetime = 299

// Brainysoft is the authorization service of one of Brainysoft's customers. It
// takes the parameters in the query or in the body, and not in both.
func Brainysoft(client Client) *Vendor {
	v := newVendor()
	v.handle(authserver.TokenEndpoint, "POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		parameters, err := brainysoftParameters(r)
		switch {
		case err != nil:
			refuse(w, http.StatusBadRequest, invalidRequest, err.Error())
		case parameters.Get("grant_type") != "client_credentials":
			refuse(w, http.StatusBadRequest, unsupportedGrantType, "grant_type must be client_credentials")
		case !client.isIn(parameters):
			refuse(w, http.StatusUnauthorized, invalidClient, "Bad client credentials")
		default:
			token := v.issue(rand.Text(), voucher{kind: accessToken, ends: v.in(brainysoftLifetime)})
			answer(w, http.StatusOK, brainysoftToken, token, uuid())
		}
	})
	v.handle(authserver.API, undocumentedAPI, v.protected(anything))
	return v
}

func brainysoftParameters(r *http.Request) (url.Values, error) {
	read := readForm
	if r.URL.RawQuery != "" {
		read = readQuery
	}
	parameters, err := read(r)
	if err != nil {
		return nil, err
	}
	return parameters, only(parameters, "grant_type", "client_id", "client_secret")
}
