// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// signer is a client that signs with its secret, without an address of its server.
func signer(change ...func(*tokensource.ClientConfig)) tokensource.ClientConfig {
	config := tokensource.ClientConfig{Credentials: tokensource.Credentials{
		ClientID: "s6BhdRkqt3", ClientSecret: secret.New("cf136dc3c1fc93f31185e5885805d" + "gX1fBat3bV"),
		SignedAssertion: &clientauth.SignedAssertion{},
	}}
	for _, f := range change {
		f(&config)
	}
	return config
}

func audience(text string) func(*tokensource.ClientConfig) {
	return func(c *tokensource.ClientConfig) { c.SignedAssertion.Audience = text }
}

func withClaims(text string) func(*tokensource.ClientConfig) {
	return func(c *tokensource.ClientConfig) { c.SignedAssertion.Claims = text }
}

func withIssuer(c *tokensource.ClientConfig) { c.Issuer = issuer }

// TestAssertion: no token is requested, and the server is asked only for what the
// assertion says of it.
func TestAssertion(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config                tokensource.ClientConfig
		aud, alg              string
		discovered, noExpiry  bool
		lifetime, sinceIssued time.Duration
	}{
		"audience":                 {config: signer(audience(issuer)), aud: issuer, alg: "HS256", lifetime: time.Minute},
		"audience among claims":    {config: signer(withClaims(`{"aud":"b"}`)), aud: "b", alg: "HS256", lifetime: time.Minute},
		"token endpoint":           {config: signer(func(c *tokensource.ClientConfig) { c.TokenEndpoint = tokenURL }), aud: tokenURL, alg: "HS256", lifetime: time.Minute},
		"issuer":                   {config: signer(withIssuer), aud: issuer + "/discovered", alg: "HS256", discovered: true, lifetime: time.Minute},
		"issuer, audience":         {config: signer(withIssuer, audience("a")), aud: "a", alg: "HS256", discovered: true, lifetime: time.Minute},
		"issuer, nothing open":     {config: signer(withIssuer, audience("a"), func(c *tokensource.ClientConfig) { c.SignedAssertion.Algorithm = "HS256" }), aud: "a", alg: "HS256", lifetime: time.Minute},
		"lifetime":                 {config: signer(audience("a"), func(c *tokensource.ClientConfig) { c.SignedAssertion.Lifetime = time.Hour }), aud: "a", alg: "HS256", lifetime: time.Hour},
		"no exp":                   {config: signer(audience("a"), withClaims(`{"exp":null}`)), aud: "a", alg: "HS256", noExpiry: true},
		"no iat":                   {config: signer(audience("a"), withClaims(`{"iat":null}`)), aud: "a", alg: "HS256", lifetime: time.Minute},
		"claims without client id": {config: signer(audience("a"), withClaims(`{"sub":"x"}`), func(c *tokensource.ClientConfig) { c.ClientID = "" }), aud: "a", alg: "HS256", lifetime: time.Minute},
		"issued earlier":           {config: signer(audience("a"), withClaims(`{"iat":1300815720}`)), aud: "a", alg: "HS256", lifetime: 2 * time.Minute, sinceIssued: time.Minute},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.metadata = map[string]string{"token_endpoint": `"` + issuer + `/discovered"`}
			got, err := network.source().Assertion(t.Context(), row.config)
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := oauth2.DecodeJWT(got.Value.Reveal())
			if err != nil || decoded.Claims["aud"] != row.aud || decoded.Header["alg"] != row.alg {
				t.Errorf("got %v, %v", decoded, err)
			}
			if row.noExpiry != got.ExpiresAt.IsZero() || !row.noExpiry && got.ExpiresAt.Sub(got.IssuedAt) != row.lifetime {
				t.Errorf("from %v to %v", got.IssuedAt, got.ExpiresAt)
			}
			if since := network.now().Sub(got.IssuedAt); since != row.sinceIssued {
				t.Errorf("issued %v ago", since)
			}
			if got := len(network.received); network.count("/token") > 0 || (got > 0) != row.discovered {
				t.Errorf("%d requests", got)
			}
		})
	}
}

func TestFederatedAssertionComesFirst(t *testing.T) {
	t.Parallel()
	network := newServer()
	encode := base64.RawURLEncoding.EncodeToString
	jwt := encode([]byte(`{"alg":"RS256"}`)) + "." + encode(fmt.Appendf(nil, `{"iat":%d,"exp":%d}`, network.now().Add(-time.Hour).Unix(), network.now().Add(time.Hour).Unix())) + ".c2ln"
	config := signer()
	config.FederatedAssertion = &clientauth.FederatedAssertion{Variable: "ID_TOKEN", Getenv: func(string) string { return jwt }}
	got, err := network.source().Assertion(t.Context(), config)
	if err != nil || got.Value.Reveal() != jwt || got.ExpiresAt.Sub(got.IssuedAt) != 2*time.Hour {
		t.Errorf("got %v, %v", got, err)
	}
	config.FederatedAssertion.Getenv = func(string) string { return "" }
	_, err = network.source().Assertion(t.Context(), config)
	if failure, ok := errors.AsType[*clientauth.AssertionError](err); !ok || failure.Attribute != "federated_assertion.env" {
		t.Errorf("got %v", err)
	}
}

func TestMissingForAssertion(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config tokensource.ClientConfig
		want   []string
	}{
		"assertion": {client(), []string{"signed_assertion"}},
		"all of it": {tokensource.ClientConfig{Credentials: tokensource.Credentials{SignedAssertion: &clientauth.SignedAssertion{}}}, []string{"signed_assertion.private_key", "signed_assertion.audience", "client_id"}},
		"audience":  {signer(), []string{"signed_assertion.audience"}},
		"endpoint":  {signer(withIssuer), []string{"signed_assertion.audience"}},
		"claims":    {signer(withClaims("{")), []string{"signed_assertion.audience"}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := newServer()
			network.metadata = map[string]string{}
			_, err := network.source().Assertion(t.Context(), row.config)
			failure, ok := errors.AsType[*tokensource.ConfigError](err)
			if !ok || !errors.Is(err, tokensource.ErrMissing) {
				t.Fatalf("got %v", err)
			}
			if got := append([]string{failure.Attribute}, failure.Also...); !slices.Equal(got, row.want) {
				t.Errorf("got %s, want %s", strings.Join(got, ", "), strings.Join(row.want, ", "))
			}
		})
	}
}
