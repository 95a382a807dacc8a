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
	platform.Fail(authserver.GitHubActions, 1, authserver.Answer(200, nil, token(t, platform, "api://as")+"\n"))
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
