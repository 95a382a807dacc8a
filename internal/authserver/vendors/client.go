// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors

import (
	"crypto/subtle"
	"net/url"
)

// isIn tells whether the parameters have the client's id and secret.
func (c Client) isIn(parameters url.Values) bool {
	return c.is(parameters.Get("client_id"), parameters.Get("client_secret"))
}

// is tells whether an id and a secret are the client's.
func (c Client) is(id, secret string) bool {
	return same(id, c.ID) && same(secret, c.Secret)
}

func same(got, want string) bool { return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 }

// jwt issues an access token that is a JWT, with a lifetime in seconds.
func (v *Vendor) jwt(subject string, lifetime int) string {
	ends := v.in(lifetime)
	token := jwtLike(map[string]any{"sub": subject, "exp": ends.Unix()})
	return v.issue(token, voucher{kind: accessToken, ends: ends})
}
