// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"crypto/x509"
	"encoding/pem"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// rfc8705Certificate and its thumbprint are the example of RFC 8705 appendix A.
const (
	rfc8705Certificate = `-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----
`
	rfc8705Thumbprint = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"
)

func boundClient(format string) authserver.Client {
	c := rfcClient()
	c.TokenFormat, c.CertificateBound = format, true
	return c
}

func TestBoundTokenClaim(t *testing.T) {
	t.Parallel()
	block, _ := pem.Decode([]byte(rfc8705Certificate))
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	srv := newServer(t, authserver.Config{Clients: []authserver.Client{boundClient(authserver.JWT)}})
	token := send(t, srv, rfcRequest(""), certificate).text(t, "access_token")
	confirmation, _ := decodeObject(t, strings.Split(token, ".")[1])["cnf"].(map[string]any)
	if want := map[string]any{"x5t#S256": rfc8705Thumbprint}; !maps.Equal(confirmation, want) {
		t.Errorf("cnf is %v, want %v", confirmation, want)
	}
	send(t, srv, rfcRequest("")).wantReason(t, 400, "invalid_request", "certificate-bound")
}

func TestBoundTokenAtAPI(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	certificate, another := selfSigned(t, key), selfSigned(t, key)
	for _, format := range []string{authserver.Opaque, authserver.JWT} {
		for name, row := range map[string]struct {
			bound  bool
			shown  []*x509.Certificate
			status int
			code   string
		}{
			"certificate":         {true, []*x509.Certificate{certificate}, 200, ""},
			"another certificate": {true, []*x509.Certificate{another}, 401, "invalid_token"},
			"no certificate":      {true, nil, 401, "invalid_token"},
			"not bound":           {false, nil, 200, ""},
			"not bound, shown":    {false, []*x509.Certificate{another}, 200, ""},
		} {
			t.Run(format+", "+name, func(t *testing.T) {
				t.Parallel()
				c := boundClient(format)
				c.CertificateBound = row.bound
				srv := newServer(t, authserver.Config{Clients: []authserver.Client{c}})
				token := send(t, srv, rfcRequest(""), certificate).text(t, "access_token")
				got := send(t, srv.API(), "GET /orders HTTP/1.1\nHost: api.example\nAuthorization: Bearer "+token+"\n\n", row.shown...)
				got.want(t, row.status, row.code)
			})
		}
	}
}

// RFC 8705 §4: a client that authenticates may use its refresh token with a new
// certificate, and the new access token is bound to that.
func TestRefreshOfBoundToken(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	before, after := selfSigned(t, key), selfSigned(t, key)
	confidential := boundClient(authserver.Opaque)
	confidential.RefreshLifetime = time.Hour
	public := authserver.Client{
		ID: "public", AuthMethod: authserver.None, CertificateBound: true, RefreshLifetime: time.Hour,
		Grants: []string{authserver.ClientCredentials, authserver.RefreshToken}, Scopes: []string{"api:read"},
	}
	srv := newServer(t, authserver.Config{Clients: []authserver.Client{confidential, public}})

	first := send(t, srv, rfcRequest(""), before)
	second := send(t, srv, refreshRequest(first.text(t, "refresh_token"), ""), after)
	orders := "GET /orders HTTP/1.1\nHost: api.example\nAuthorization: Bearer " + second.text(t, "access_token") + "\n\n"
	send(t, srv.API(), orders, after).want(t, 200, "")
	send(t, srv.API(), orders, before).want(t, 401, "invalid_token")

	renew := func(token string) string {
		return postForm(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {"public"}})
	}
	for name, row := range map[string]struct {
		certificate *x509.Certificate
		status      int
		code        string
	}{
		"same certificate":    {before, 200, ""},
		"another certificate": {after, 400, "invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issued := send(t, srv, certificateForm("public"), before)
			send(t, srv, renew(issued.text(t, "refresh_token")), row.certificate).want(t, row.status, row.code)
			if row.status != 200 { // the refresh token is still valid
				send(t, srv, renew(issued.text(t, "refresh_token")), before).want(t, 200, "")
			}
		})
	}
}
