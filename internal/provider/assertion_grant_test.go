// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// granting registers a client that may use a grant with the assertions of trust.
func granting(grant, method string, trust authserver.Trust) func(*authserver.Client) {
	return func(client *authserver.Client) {
		client.AuthMethod, client.Grants, client.Assertions = method, []string{grant}, []authserver.Trust{trust}
		if method == authserver.None {
			client.Secret = ""
		}
	}
}

// TestJWTBearerSigned holds that with the JWT bearer grant the signed assertion is
// the grant (RFC 7523 section 2.1), anew for each request, with or without the
// client's own authentication beside it.
func TestJWTBearerSigned(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.RSA)
	trusted := authserver.TrustedIssuer{Issuer: clientID, Keys: []authserver.Key{{Public: key.Public()}}}
	block := attributes{"grant_type": authserver.JWTBearer, "signed_assertion": attributes{
		"private_key": authservertest.PKCS1(t, key), "claims": `{"sub":"user@example.com"}`,
	}}
	tests := map[string]struct {
		method string
		block  attributes
		basic  bool
	}{
		"for a public client":    {authserver.None, attributes{"client_secret": nil}, false},
		"beside a secret":        {authserver.ClientSecretBasic, nil, true},
		"beside a posted secret": {authserver.ClientSecretPost, attributes{"token_endpoint_auth_method": "client_secret_post"}, false},
		"of a client not named": {authserver.None, attributes{"client_secret": nil, "client_id": nil, "signed_assertion": merged(
			attributes{"private_key": authservertest.PKCS8(t, key)}, attributes{"claims": `{"iss":"` + clientID + `","sub":"user@example.com"}`})}, false},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trust := authserver.Trust{Issuer: clientID, Subject: "user@example.com"}
			srv := authservertest.Start(t, authserver.Config{
				Clients:        []authserver.Client{exampleClient(granting(authserver.JWTBearer, row.method, trust))},
				TrustedIssuers: []authserver.TrustedIssuer{trusted},
			})
			requests := mustAuthenticate(t, srv, providerBlock(srv, block, row.block))
			first := readAssertion(t, parameter(t, requests[0], "assertion"))
			second := readAssertion(t, parameter(t, requests[1], "assertion"))
			if first.claims["jti"] == second.claims["jti"] || first.claims["aud"] != srv.TokenURL() {
				t.Errorf("the assertions say %v and %v", first.claims, second.claims)
			}
			if got := requests[0].Header.Get("Authorization") != ""; got != row.basic {
				t.Errorf("an Authorization header is there: %t", got)
			}
			if parameter(t, requests[0], "client_assertion") != "" {
				t.Error("the assertion is sent as the client's, too")
			}
		})
	}
}

// TestJWTBearerFederated holds that the platform's assertion can be the grant, and
// that the client needs no secret then.
func TestJWTBearerFederated(t *testing.T) {
	t.Parallel()
	platform := authservertest.StartPlatform(t, authserver.PlatformConfig{Issuer: "https://ci.example"})
	srv := authservertest.Start(t, authserver.Config{
		Clients: []authserver.Client{exampleClient(granting(authserver.JWTBearer, authserver.None, authserver.Trust{
			Issuer: "https://ci.example", Audience: "api://as",
		}))},
		TrustedIssuers: []authserver.TrustedIssuer{platform.TrustedIssuer()},
	})
	s := newSession(t, environment(map[string]string{"IDENTITY": token(t, platform, "api://as")})).mustConfigure(attributes{
		"token_endpoint":      srv.TokenURL(),
		"grant_type":          authserver.JWTBearer,
		"federated_assertion": attributes{"env": "IDENTITY"},
	})
	s.mustOpen(tokenType, nil)
	mustCount(t, srv, 1)
}

// TestTokenExchange holds that a token is exchanged by parameters alone (RFC 8693
// section 2.1), while the client authenticates with an assertion of its own.
func TestTokenExchange(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.Ed25519)
	platform := authservertest.StartPlatform(t, authserver.PlatformConfig{Issuer: "https://ci.example"})
	client := exampleClient(granting(authserver.TokenExchange, authserver.PrivateKeyJWT, authserver.Trust{
		Issuer: "https://ci.example", Audience: "api://as",
	}), withKey(key, ""))
	srv := authservertest.Start(t, authserver.Config{
		Clients:        []authserver.Client{client},
		TrustedIssuers: []authserver.TrustedIssuer{platform.TrustedIssuer()},
	})
	s := newSession(t).mustConfigure(merged(signing(srv, authservertest.PKCS8(t, key)), attributes{
		"grant_type": authserver.TokenExchange,
	}))
	s.mustOpen(tokenType, attributes{"parameters": attributes{
		"subject_token":      token(t, platform, "api://as"),
		"subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
	}})
	mustCount(t, srv, 1)
}
