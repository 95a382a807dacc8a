// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// grantAssertion returns a valid grant (RFC 7523 §3) of an identity provider for a
// user.
func grantAssertion(key any) jws {
	j := clientAssertion("ES256", key)
	j.claims["iss"], j.claims["sub"] = "https://jwt-idp.example.com", "mailto:mike@example.com"
	return j
}

func TestJWTBearer(t *testing.T) {
	t.Parallel()
	const now = 1772366400
	key, other := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.P256)
	claim := func(name string, value any) func(jws) { return func(j jws) { j.claims[name] = value } }
	unchanged := func(jws) {}
	for name, row := range map[string]struct {
		key    any
		change func(jws)
		reason string // empty: accepted
	}{
		"valid":                    {key, unchanged, ""},
		"an hour":                  {key, claim("exp", now+3600), ""},
		"aud is the issuer":        {key, claim("aud", "https://server.example.com"), ""},
		"another user":             {key, claim("sub", "else"), "not trusted"},
		"another issuer":           {key, claim("iss", "https://else.example.com"), "not trusted"},
		"issuer not of the client": {key, claim("iss", "https://third.example.com"), "not trusted"},
		"issuer without keys":      {key, claim("iss", "https://keyless.example.com"), "no keys"},
		"another key":              {other, unchanged, "signature"},
		"another audience":         {key, claim("aud", "https://else.example.com"), "aud"},
		"no exp":                   {key, claim("exp", nil), "required claim"},
		"expired":                  {key, claim("exp", now), "expired"},
		"too long":                 {key, claim("exp", now+3601), "too far"},
		"no jti":                   {key, claim("jti", nil), "jti is missing"},
		"crit":                     {key, func(j jws) { j.header["crit"] = []string{"b64"} }, "crit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := clockedServer(t, authserver.Config{
				TrustedIssuers: []authserver.TrustedIssuer{
					{Issuer: "https://jwt-idp.example.com", Keys: []authserver.Key{{Public: key.Public()}}},
					{Issuer: "https://third.example.com", Keys: []authserver.Key{{Public: key.Public()}}},
				},
				Clients: []authserver.Client{{
					ID: "s6BhdRkqt3", Secret: "gX1fBat3bV", Grants: []string{authserver.JWTBearer}, TokenFormat: authserver.JWT,
					Assertions: []authserver.Trust{
						{Issuer: "https://jwt-idp.example.com", Subject: "mailto:mike@example.com"},
						{Issuer: "https://keyless.example.com"},
					},
				}},
			})
			j := grantAssertion(row.key)
			row.change(j)
			request := strings.Replace(rfcRequest(""), "grant_type=client_credentials",
				"grant_type="+url.QueryEscape(jwtBearer)+"&assertion="+j.compact(t), 1)
			got := send(t, srv, request)
			if row.reason != "" {
				got.wantReason(t, 400, "invalid_grant", row.reason)
				return
			}
			claims := decodeObject(t, strings.Split(got.text(t, "access_token"), ".")[1])
			if claims["sub"] != "mailto:mike@example.com" || claims["client_id"] != "s6BhdRkqt3" {
				t.Errorf("claims are %v, want the assertion's subject for the client", claims)
			}
			send(t, srv, request).wantReason(t, 400, "invalid_grant", "jti has been used")
		})
	}
}

// RFC 7523 §3.1: client authentication is optional, but must be valid if present.
func TestJWTBearerAuthentication(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	idp := authserver.Trust{Issuer: "https://jwt-idp.example.com"}
	grants := []string{authserver.JWTBearer}
	service := authserver.Trust{Issuer: "s6BhdRkqt3", Subject: "s6BhdRkqt3"}
	clients := []authserver.Client{
		{ID: "open", AuthMethod: authserver.None, Grants: grants, Assertions: []authserver.Trust{idp}},
		{ID: "secret", AuthMethod: authserver.ClientSecretPost, Secret: "s", Grants: grants, Assertions: []authserver.Trust{idp}},
		{ID: "another", Secret: "s", Assertions: []authserver.Trust{idp}},
		{
			ID: "s6BhdRkqt3", AuthMethod: authserver.PrivateKeyJWT, Keys: []authserver.Key{{Public: key.Public()}},
			Grants: grants, Assertions: []authserver.Trust{service},
		},
	}
	for name, row := range map[string]struct {
		parameters url.Values
		status     int
		code       string
		reason     string
	}{
		"none":                           {url.Values{}, 200, "", ""},
		"client_id":                      {url.Values{"client_id": {"open"}}, 200, "", ""},
		"secret":                         {url.Values{"client_id": {"secret"}, "client_secret": {"s"}}, 200, "", ""},
		"wrong secret":                   {url.Values{"client_id": {"secret"}, "client_secret": {"x"}}, 401, "invalid_client", "secret is wrong"},
		"id without secret":              {url.Values{"client_id": {"secret"}}, 401, "invalid_client", "another authentication method"},
		"assertion missing":              {url.Values{"client_id": {"open"}, "assertion": {""}}, 400, "invalid_request", "assertion is missing"},
		"neither":                        {url.Values{"assertion": {""}}, 401, "invalid_client", "no client authentication"},
		"assertion not a JWT":            {url.Values{"assertion": {"x"}}, 400, "invalid_grant", "no known client"},
		"assertion of an unknown client": {url.Values{"assertion": {clientAssertion("ES256", key).compact(t)}}, 400, "invalid_grant", "no known client"},
		"both assertions": {url.Values{
			"assertion":             {clientAssertion("ES256", key).compact(t)},
			"client_assertion":      {clientAssertion("ES256", key).compact(t)},
			"client_assertion_type": {jwtBearerType},
		}, 200, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := clockedServer(t, authserver.Config{Clients: clients, TrustedIssuers: []authserver.TrustedIssuer{
				{Issuer: "https://jwt-idp.example.com", Keys: []authserver.Key{{Public: key.Public()}}},
				{Issuer: "s6BhdRkqt3", Keys: []authserver.Key{{Public: key.Public()}}},
			}})
			form := url.Values{"grant_type": {jwtBearer}, "assertion": {grantAssertion(key).compact(t)}}
			maps.Copy(form, row.parameters)
			send(t, srv, postForm(form)).wantReason(t, row.status, row.code, row.reason)
		})
	}
}

// One JWT cannot be both: its jti can be used once.
func TestAssertionForBoth(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	keys := []authserver.Key{{Public: key.Public()}}
	c := keyedClient(keys...)
	c.Grants = []string{authserver.JWTBearer}
	c.Assertions = []authserver.Trust{{Issuer: "s6BhdRkqt3", Subject: "s6BhdRkqt3"}}
	srv := clockedServer(t, authserver.Config{
		Clients: []authserver.Client{c}, TrustedIssuers: []authserver.TrustedIssuer{{Issuer: "s6BhdRkqt3", Keys: keys}},
	})
	form := assertionForm(clientAssertion("ES256", key).compact(t))
	form.Set("grant_type", jwtBearer)
	form.Set("assertion", form.Get("client_assertion"))
	send(t, srv, postForm(form)).wantReason(t, 400, "invalid_grant", "jti has been used")
}

// Even if any subject is accepted, there must be one (RFC 7523 §3).
func TestJWTBearerNeedsSubject(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	for name, subject := range map[string]any{"missing": nil, "empty": "", "not a string": 7} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := clockedServer(t, authserver.Config{
				TrustedIssuers: []authserver.TrustedIssuer{{Issuer: "https://jwt-idp.example.com", Keys: []authserver.Key{{Public: key.Public()}}}},
				Clients: []authserver.Client{{
					ID: "open", AuthMethod: authserver.None, Grants: []string{authserver.JWTBearer},
					Assertions: []authserver.Trust{{Issuer: "https://jwt-idp.example.com"}},
				}},
			})
			j := grantAssertion(key)
			j.claims["sub"] = subject
			request := postForm(url.Values{"grant_type": {jwtBearer}, "assertion": {j.compact(t)}})
			send(t, srv, request).wantReason(t, 400, "invalid_grant", "sub is missing")
		})
	}
}

func TestReusableAssertion(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	at := newClock()
	srv := newServer(t, authserver.Config{
		Now: func() time.Time { return at.now },
		TrustedIssuers: []authserver.TrustedIssuer{{
			Issuer: "https://jwt-idp.example.com", Keys: []authserver.Key{{Public: key.Public()}}, Reusable: true,
		}},
		Clients: []authserver.Client{{
			ID: "open", AuthMethod: authserver.None, Grants: []string{authserver.JWTBearer},
			Assertions: []authserver.Trust{{Issuer: "https://jwt-idp.example.com"}},
		}},
	})
	request := postForm(url.Values{"grant_type": {jwtBearer}, "assertion": {grantAssertion(key).compact(t)}})
	send(t, srv, request).want(t, 200, "")
	send(t, srv, request).want(t, 200, "")
	at.now = at.now.Add(time.Minute)
	send(t, srv, request).wantReason(t, 400, "invalid_grant", "expired")
}
