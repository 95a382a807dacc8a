// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// job is the subject of the platform's JWTs.
const job = "repo:octo-org/octo-repo:ref:refs/heads/main"

// token is a JWT of the platform, as it puts one into a variable or a file.
func token(t *testing.T, platform *authservertest.Platform, audience string) string {
	t.Helper()
	issued, err := platform.Token(audience)
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

// startFederated starts a platform, and a server that lets its JWTs for audience
// authenticate the client. Neither knows a secret of that client.
func startFederated(t *testing.T, audience string) (*authservertest.Platform, *authservertest.Server) {
	t.Helper()
	platform := authservertest.StartPlatform(t, authserver.PlatformConfig{Subject: job, ServiceConnectionID: "c1"})
	trusted := platform.TrustedIssuer()
	client := exampleClient(func(client *authserver.Client) {
		client.Secret, client.AuthMethod = "", authserver.PrivateKeyJWT
		client.Federated = []authserver.Trust{{Issuer: trusted.Issuer, Subject: job, Audience: audience}}
	})
	return platform, authservertest.Start(t, authserver.Config{
		Clients: []authserver.Client{client}, TrustedIssuers: []authserver.TrustedIssuer{trusted},
	})
}

// federated is a provider block for that client.
func federated(srv *authservertest.Server, from attributes) attributes {
	return attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID, "federated_assertion": from}
}

// The requests that the platforms document.
var (
	gitHubRequest = attributes{"request": attributes{
		"url_env":   "ACTIONS_ID_TOKEN_REQUEST_URL",
		"token_env": "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
		"query":     attributes{"audience": "https://as.example/?a=b&c"},
	}}
	azureDevOpsRequest = attributes{"request": attributes{
		"method":    "POST",
		"url_env":   "SYSTEM_OIDCREQUESTURI",
		"token_env": "SYSTEM_ACCESSTOKEN",
		"query":     attributes{"api-version": "7.1", "serviceConnectionId": "c1"},
		"pointer":   "/oidcToken",
	}}
)

// jobEnvironment is what the platforms put into the environment of a job.
func jobEnvironment(platform *authservertest.Platform) map[string]string {
	return map[string]string{
		"ACTIONS_ID_TOKEN_REQUEST_URL":   platform.GitHubActionsURL,
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token",
		"SYSTEM_OIDCREQUESTURI":          platform.AzureDevOpsURL,
		"SYSTEM_ACCESSTOKEN":             "request-token",
	}
}

// TestFederatedRequest holds that the platform is asked as it documents, once for
// each token request, and that its answer is what the server gets. No secret of
// the client exists anywhere.
func TestFederatedRequest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		request  attributes
		audience string
		endpoint authserver.Endpoint
	}{
		"GitHub Actions": {gitHubRequest, "https://as.example/?a=b&c", authserver.GitHubActions},
		"Azure DevOps":   {azureDevOpsRequest, "api://AzureADTokenExchange", authserver.AzureDevOps},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			platform, srv := startFederated(t, row.audience)
			s := newSession(t, environment(jobEnvironment(platform))).mustConfigure(federated(srv, row.request))
			s.mustOpen(tokenType, attributes{"scopes": []string{"read"}})
			s.mustOpen(tokenType, attributes{"scopes": []string{"write"}})
			mustCount(t, srv, 2)
			if got := platform.Count(row.endpoint); got != 2 {
				t.Errorf("the platform was asked %d times, want 2", got)
			}
		})
	}
}

// TestFederatedRequestByAddress holds that the address can be given itself, and
// that an answer which is not JSON is the JWT.
func TestFederatedRequestByAddress(t *testing.T) {
	t.Parallel()
	platform, srv := startFederated(t, "api://as")
	platform.Fail(authserver.GitHubActions, 1, authserver.Respond(200, nil, token(t, platform, "api://as")+"\n"))
	newSession(t).mustConfigure(federated(srv, attributes{"request": attributes{"url": platform.GitHubActionsURL}})).mustOpen(tokenType, nil)
	mustCount(t, srv, 1)
}

// TestFederatedVariable holds that a variable is read for each request, with the
// white space around the JWT that shells leave there.
func TestFederatedVariable(t *testing.T) {
	t.Parallel()
	platform, srv := startFederated(t, "api://as")
	variables := map[string]string{"TFC_WORKLOAD_IDENTITY_TOKEN_AS": token(t, platform, "api://as") + "\n"}
	s := newSession(t, environment(variables)).mustConfigure(federated(srv, attributes{"env": "TFC_WORKLOAD_IDENTITY_TOKEN_AS"}))
	s.mustOpen(tokenType, attributes{"scopes": []string{"read"}})
	variables["TFC_WORKLOAD_IDENTITY_TOKEN_AS"] = token(t, platform, "api://as")
	s.mustOpen(tokenType, attributes{"scopes": []string{"write"}})
	mustCount(t, srv, 2)
}

// TestFederatedFile holds that a file is read for each request, as it rotates: the
// server takes no JWT twice.
func TestFederatedFile(t *testing.T) {
	t.Parallel()
	platform, srv := startFederated(t, "api://as")
	path := filepath.Join(t.TempDir(), "token")
	rotate := func() {
		if err := os.WriteFile(path, []byte(token(t, platform, "api://as")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := newSession(t).mustConfigure(federated(srv, attributes{"file": path}))
	for _, scope := range []string{"read", "write"} {
		rotate()
		s.mustOpen(tokenType, attributes{"scopes": []string{scope}})
	}
	mustCount(t, srv, 2)
}

// TestFederatedExpired holds that an assertion which has expired is reported with
// its exp, and that the server never sees it.
func TestFederatedExpired(t *testing.T) {
	t.Parallel()
	platform, srv := startFederated(t, "api://as")
	platform.SetLifetime(-time.Minute)
	expired := token(t, platform, "api://as")
	exp, _ := readAssertion(t, expired).claims["exp"].(float64)
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(expired), 0o600); err != nil {
		t.Fatal(err)
	}
	variables := jobEnvironment(platform)
	variables["IDENTITY"] = expired
	for attribute, from := range map[string]attributes{
		"env": {"env": "IDENTITY"}, "file": {"file": path}, "request": gitHubRequest,
	} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			got := newSession(t, environment(variables)).mustConfigure(federated(srv, from)).open(tokenType, nil).diagnostics
			if !got.isAbout("federated_assertion." + attribute) {
				t.Errorf("want one finding about federated_assertion.%s:\n%s", attribute, got)
			}
			if at := time.Unix(int64(exp), 0).UTC().Format(time.RFC3339); !strings.Contains(got.String(), "exp is "+at) && attribute != "request" {
				t.Errorf("nothing about %s:\n%s", at, got)
			}
			if strings.Contains(got.String(), expired[:40]) {
				t.Errorf("the assertion is shown:\n%s", got)
			}
			mustCount(t, srv, 0)
		})
	}
}

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

// TestExchangeOfParameters holds that token exchange needs no assertion, and that one
// authenticates the client if parameters have a JWT of either grant.
func TestExchangeOfParameters(t *testing.T) {
	t.Parallel()
	key := authservertest.PKCS8(t, authservertest.NewKey(t, authservertest.Ed25519))
	tests := map[string]struct {
		block, parameters attributes
		asserts           bool
	}{
		"no assertion":             {nil, attributes{"requested_subject": "ada"}, false},
		"subject token":            {attributes{"client_secret": nil, "signed_assertion": attributes{"private_key": key}}, attributes{"subject_token": "a.b.c"}, true},
		"assertion of other grant": {attributes{"client_secret": nil, "signed_assertion": attributes{"private_key": key}}, attributes{"assertion": "a.b.c"}, true},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := authservertest.Start(t, authserver.Config{})
			s := newSession(t).mustConfigure(providerBlock(srv, attributes{"grant_type": authserver.TokenExchange, "parameters": row.parameters}, row.block))
			s.open(tokenType, nil) // the server knows no such client
			mustCount(t, srv, 1)
			request := srv.Requests()[0]
			for name, want := range row.parameters {
				if got := parameter(t, request, name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if got := parameter(t, request, "client_assertion") != ""; got != row.asserts {
				t.Errorf("client_assertion is there: %t", got)
			}
		})
	}
}

// TestFederatedGrant holds that the platform's assertion is the grant of RFC 7523 section
// 2.1 and RFC 8693 section 2.1, while the client authenticates with an assertion of its
// own, a secret, or not at all.
func TestFederatedGrant(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.Ed25519)
	platform := authservertest.StartPlatform(t, authserver.PlatformConfig{Issuer: "https://ci.example"})
	const idToken = "urn:ietf:params:oauth:token-type:id_token"
	signed := attributes{"client_secret": nil, "signed_assertion": attributes{"private_key": authservertest.PKCS8(t, key)}}
	tests := map[string]struct {
		grant, method    string
		block            attributes
		parameter, other string // the one that has the platform's JWT, and the one that does not
		tokenType        string
	}{
		"exchange, alone":        {authserver.TokenExchange, authserver.None, attributes{"client_secret": nil}, "subject_token", "assertion", "urn:ietf:params:oauth:token-type:jwt"},
		"exchange, secret":       {authserver.TokenExchange, authserver.ClientSecretBasic, nil, "subject_token", "assertion", "urn:ietf:params:oauth:token-type:jwt"},
		"exchange, assertion":    {authserver.TokenExchange, authserver.PrivateKeyJWT, signed, "subject_token", "assertion", "urn:ietf:params:oauth:token-type:jwt"},
		"exchange, another type": {authserver.TokenExchange, authserver.None, attributes{"client_secret": nil, "parameters": attributes{"subject_token_type": idToken}}, "subject_token", "assertion", idToken},
		"bearer, assertion":      {authserver.JWTBearer, authserver.PrivateKeyJWT, signed, "assertion", "subject_token", ""},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := exampleClient(granting(row.grant, row.method, authserver.Trust{Issuer: "https://ci.example", Audience: "api://as"}))
			if row.method == authserver.PrivateKeyJWT {
				withKey(key, "")(&client)
			}
			srv := authservertest.Start(t, authserver.Config{
				Clients:        []authserver.Client{client},
				TrustedIssuers: []authserver.TrustedIssuer{platform.TrustedIssuer()},
			})
			jwt := token(t, platform, "api://as")
			s := newSession(t, environment(map[string]string{"IDENTITY": jwt})).mustConfigure(providerBlock(srv, attributes{
				"grant_type": row.grant, "federated_assertion": attributes{"env": "IDENTITY"},
			}, row.block))
			s.mustOpen(tokenType, nil)
			request := srv.Requests()[0]
			for name, want := range map[string]string{row.parameter: jwt, row.other: "", "subject_token_type": row.tokenType} {
				if got := parameter(t, request, name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if sent := parameter(t, request, "client_assertion"); (sent != "") != (row.method == authserver.PrivateKeyJWT) || sent == jwt {
				t.Errorf("client_assertion is %q", sent)
			}
		})
	}
}

// TestCommandShowsNoCredential holds that what a failing command writes to standard error is
// shown without the client's credentials.
func TestCommandShowsNoCredential(t *testing.T) {
	t.Parallel()
	srv := authservertest.Start(t, authserver.Config{})
	s := newSession(t).mustConfigure(providerBlock(srv, attributes{
		"grant_type":          authserver.JWTBearer,
		"parameters":          attributes{"key": "5pQ0-parameter"},
		"federated_assertion": attributes{"command": []string{"/bin/sh", "-c", "echo not with " + clientSecret + " and 5pQ0-parameter >&2; exit 2"}},
	}))
	shown := s.open(tokenType, nil).diagnostics.String()
	if !strings.Contains(shown, "not with [redacted] and [redacted]") {
		t.Errorf("the diagnostics are %s", shown)
	}
	mustCount(t, srv, 0)
}
