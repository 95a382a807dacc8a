// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// Token types of RFC 8693 §3.
const (
	accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
	jwtType         = "urn:ietf:params:oauth:token-type:jwt"
	idTokenType     = "urn:ietf:params:oauth:token-type:id_token"
	samlType        = "urn:ietf:params:oauth:token-type:saml2"
)

// exchanging returns a server with one client for exchanges, and the key of the
// trusted identity provider.
func exchanging(t *testing.T, change func(*authserver.Client)) (*authserver.Server, any) {
	t.Helper()
	key := authservertest.NewKey(t, authservertest.P256)
	c := authserver.Client{
		ID: "rs08", AuthMethod: authserver.ClientSecretPost, Secret: "long-secure-random-secret",
		Grants: []string{authserver.ClientCredentials, authserver.TokenExchange}, TokenFormat: authserver.JWT,
		Assertions: []authserver.Trust{{Issuer: "https://jwt-idp.example.com"}},
	}
	change(&c)
	return clockedServer(t, authserver.Config{
		Clients: []authserver.Client{c},
		TrustedIssuers: []authserver.TrustedIssuer{
			{Issuer: "https://jwt-idp.example.com", Keys: []authserver.Key{{Public: key.Public()}}},
		},
	}), key
}

func exchangeForm(token, kind string) url.Values {
	return url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"},
		"client_id":  {"rs08"}, "client_secret": {"long-secure-random-secret"},
		"subject_token": {token}, "subject_token_type": {kind},
	}
}

func TestTokenExchange(t *testing.T) {
	t.Parallel()
	set := func(name string, values ...string) func(url.Values) {
		return func(form url.Values) { form[name] = values }
	}
	for name, row := range map[string]struct {
		change func(url.Values)
		issued string // issued_token_type; empty: refused
		reason string
	}{
		"JWT":                    {func(url.Values) {}, accessTokenType, ""},
		"ID token":               {set("subject_token_type", idTokenType), accessTokenType, ""},
		"access token requested": {set("requested_token_type", accessTokenType), accessTokenType, ""},
		"JWT requested":          {set("requested_token_type", jwtType), jwtType, ""},
		"SAML requested":         {set("requested_token_type", samlType), "", "requested_token_type"},
		"two audiences":          {set("audience", "a", "b"), accessTokenType, ""},
		"no subject token":       {set("subject_token"), "", "are required"},
		"no type":                {set("subject_token_type"), "", "are required"},
		"SAML":                   {set("subject_token_type", samlType), "", "not supported"},
		"short type":             {set("subject_token_type", "jwt"), "", "not supported"},
		"JWT as access token":    {set("subject_token_type", accessTokenType), "", "unknown, expired"},
		"not a JWT":              {set("subject_token", "accVkjcJyb4BWCxGsndESCJQbdFMogUC5PbRDqceLTC"), "", "not trusted"},
		"actor":                  {set("actor_token", "x"), "", "delegation"},
		"actor type":             {set("actor_token_type", jwtType), "", "delegation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, key := exchanging(t, func(*authserver.Client) {})
			form := exchangeForm(grantAssertion(key).compact(t), jwtType)
			row.change(form)
			got := send(t, srv, postForm(form))
			if row.issued == "" {
				got.wantReason(t, 400, "invalid_request", row.reason) // RFC 8693 §2.2.2
				return
			}
			if issued := got.text(t, "issued_token_type"); issued != row.issued {
				t.Errorf("issued_token_type is %q, want %q", issued, row.issued)
			}
			if sub := decodeObject(t, strings.Split(got.text(t, "access_token"), ".")[1])["sub"]; sub != "mailto:mike@example.com" {
				t.Errorf("sub is %v", sub)
			}
		})
	}
}

func TestTokenExchangeVerifiesSubjectToken(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		claim  string
		value  any
		reason string
	}{
		"expired":  {"exp", 1772366400, "expired"},
		"audience": {"aud", "https://else.example.com", "aud"},
		"issuer":   {"iss", "https://else.example.com", "not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, key := exchanging(t, func(*authserver.Client) {})
			j := grantAssertion(key)
			j.claims[row.claim] = row.value
			form := exchangeForm(j.compact(t), jwtType)
			send(t, srv, postForm(form)).wantReason(t, 400, "invalid_request", row.reason)
		})
	}
}

// As in the example of RFC 8693 §2.3.
func TestTokenExchangeOfAccessToken(t *testing.T) {
	t.Parallel()
	for _, format := range []string{authserver.Opaque, authserver.JWT} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			srv, _ := exchanging(t, func(c *authserver.Client) { c.TokenFormat = format })
			credentials := exchangeForm("", "")
			credentials.Set("grant_type", "client_credentials")
			token := send(t, srv, postForm(credentials)).text(t, "access_token")
			form := exchangeForm(token, accessTokenType)
			form.Set("resource", "https://backend.example.com/api")
			send(t, srv, postForm(form)).want(t, 200, "")
			credentials.Set("token", token)
			send(t, srv, strings.Replace(postForm(credentials), "/token", "/revoke", 1)).want(t, 200, "")
			send(t, srv, postForm(form)).wantReason(t, 400, "invalid_request", "revoked")
		})
	}
}

// RFC 8693 §2.2.1: token_type is N_A for other tokens than access tokens.
func TestTokenExchangeForNoAccessToken(t *testing.T) {
	t.Parallel()
	srv, key := exchanging(t, func(c *authserver.Client) {
		c.TokenResponse = []authserver.Mutation{authserver.Set("token_type", "N_A"), authserver.Set("issued_token_type", samlType)}
	})
	got := send(t, srv, postForm(exchangeForm(grantAssertion(key).compact(t), jwtType)))
	if got.text(t, "token_type") != "N_A" || got.text(t, "issued_token_type") != samlType {
		t.Errorf("response is %s", got.Body)
	}
}

func TestTokenExchangeAudiences(t *testing.T) {
	t.Parallel()
	srv, key := exchanging(t, func(*authserver.Client) {})
	form := exchangeForm(grantAssertion(key).compact(t), jwtType)
	form["audience"] = []string{"a", "b"}
	form["resource"] = []string{"https://c.example"}
	got := send(t, srv, postForm(form))
	audience, _ := decodeObject(t, strings.Split(got.text(t, "access_token"), ".")[1])["aud"].([]any)
	if want := []any{"https://c.example", "a", "b"}; !slices.Equal(audience, want) {
		t.Errorf("aud is %v, want %v", audience, want)
	}
}

// Only clients whose access tokens are JWTs can request one.
func TestTokenExchangeForJWTOfOpaqueClient(t *testing.T) {
	t.Parallel()
	srv, key := exchanging(t, func(c *authserver.Client) { c.TokenFormat = authserver.Opaque })
	form := exchangeForm(grantAssertion(key).compact(t), jwtType)
	form.Set("requested_token_type", jwtType)
	send(t, srv, postForm(form)).wantReason(t, 400, "invalid_request", "requested_token_type")
}
