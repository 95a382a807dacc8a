// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"encoding/base64"
	"net/http"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// httpBasicToken is the answer that the vendor documents.
const httpBasicToken = `{
"token_type": "Bearer",
"expires_in": 3600,
"access_token": %q
}`

const (
	// httpBasicLifetime is in seconds.
	httpBasicLifetime = 3600
	// httpBasicTokenSize is that of a token before base64, in bytes. It makes the
	// token end with "=", as the one in the document does.
	httpBasicTokenSize = 32
)

// ForbiddenPath is what the customer of [HTTPBasic] may not have.
const ForbiddenPath = undocumentedAPI + "forbidden"

// HTTPBasic is a vendor that wants base64 of client_id:client_secret, neither of
// them encoded before, and nothing but the grant type in the body. It answers 401
// to invalid credentials, without a body. Its API tells 401 and 403 apart.
func HTTPBasic(client Client) *Vendor {
	v := newVendor()
	credentials := "Basic " + base64.StdEncoding.EncodeToString([]byte(client.ID+":"+client.Secret))
	v.handle(authserver.TokenEndpoint, "POST /oauth/v2/token", func(w http.ResponseWriter, r *http.Request) {
		form, err := readForm(r)
		if err == nil {
			err = only(form, "grant_type")
		}
		switch {
		case len(r.Header.Values("Authorization")) != 1 || !same(r.Header.Get("Authorization"), credentials):
			w.WriteHeader(http.StatusUnauthorized)
		case err != nil || form.Get("grant_type") != "client_credentials":
			w.WriteHeader(http.StatusBadRequest)
		default:
			token := base64.StdEncoding.EncodeToString(randomBytes(httpBasicTokenSize))
			answer(w, http.StatusOK, httpBasicToken, v.issue(token, voucher{kind: accessToken, ends: v.in(httpBasicLifetime)}))
		}
	})
	v.handle(authserver.API, undocumentedAPI, v.protected(anything))
	v.handle(authserver.API, ForbiddenPath, v.protected(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
	}))
	return v
}
