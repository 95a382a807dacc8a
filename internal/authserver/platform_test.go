// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

const (
	gitHubIssuer  = "https://token.actions.githubusercontent.com"
	gitHubSubject = "repo:octo-org/octo-repo:ref:refs/heads/main"
)

func newPlatform(t *testing.T, at *clock) *authserver.Platform {
	t.Helper()
	platform, err := authserver.NewPlatform(authserver.PlatformConfig{
		Issuer: gitHubIssuer, Subject: gitHubSubject, RequestToken: "job-token", ServiceConnectionID: "c0ffee",
		Now: func() time.Time { return at.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return platform
}

func TestPlatforms(t *testing.T) {
	t.Parallel()
	const bearer = "Host: h\nAuthorization: Bearer job-token\n\n"
	platform := newPlatform(t, newClock())
	const gitHub, azure = "/idtoken?api-version=2.0", "/oidctoken?api-version=7.1&serviceConnectionId=c0ffee"
	for name, row := range map[string]struct {
		handler func(*authserver.Platform) http.Handler
		request string
		member  string // with the JWT; empty: none
		want    string // its audience, or what is refused
		status  int
	}{
		"GitHub": {
			(*authserver.Platform).GitHubActions, "GET " + gitHub + "&audience=https%3A%2F%2Fas.example HTTP/1.1\n" + bearer,
			"value", "https://as.example", 200,
		},
		"GitHub, no audience": {
			(*authserver.Platform).GitHubActions, "GET " + gitHub + " HTTP/1.1\n" + bearer,
			"value", "https://github.com/octo-org", 200,
		},
		"GitHub, own query lost": {
			(*authserver.Platform).GitHubActions, "GET /idtoken?audience=a HTTP/1.1\n" + bearer,
			"", "the query of the request URL", 400,
		},
		"GitHub, two audiences": {
			(*authserver.Platform).GitHubActions, "GET " + gitHub + "&audience=a&audience=b HTTP/1.1\n" + bearer,
			"", "repeated", 400,
		},
		"GitHub, POST": {
			(*authserver.Platform).GitHubActions, "POST " + gitHub + " HTTP/1.1\n" + bearer,
			"", "GET", 405,
		},
		"GitHub, no token": {
			(*authserver.Platform).GitHubActions, "GET " + gitHub + " HTTP/1.1\nHost: h\n\n",
			"", "token", 401,
		},
		"GitHub, wrong token": {
			(*authserver.Platform).GitHubActions, "GET " + gitHub + " HTTP/1.1\nHost: h\nAuthorization: Bearer x\n\n",
			"", "token", 401,
		},
		"Azure": {
			(*authserver.Platform).AzureDevOps, "POST " + azure + " HTTP/1.1\n" + bearer,
			"oidcToken", "api://AzureADTokenExchange", 200,
		},
		"Azure, GET": {
			(*authserver.Platform).AzureDevOps, "GET " + azure + " HTTP/1.1\n" + bearer,
			"", "POST", 405,
		},
		"Azure, no version": {
			(*authserver.Platform).AzureDevOps, "POST /oidctoken?serviceConnectionId=c0ffee HTTP/1.1\n" + bearer,
			"", "api-version", 400,
		},
		"Azure, no connection": {
			(*authserver.Platform).AzureDevOps, "POST /oidctoken?api-version=7.1 HTTP/1.1\n" + bearer,
			"", "service connection", 404,
		},
		"Azure, another connection": {
			(*authserver.Platform).AzureDevOps, "POST /oidctoken?api-version=7.1&serviceConnectionId=x HTTP/1.1\n" + bearer,
			"", "service connection", 404,
		},
		"Azure, wrong token": {
			(*authserver.Platform).AzureDevOps, "POST " + azure + " HTTP/1.1\nHost: h\nAuthorization: Bearer x\n\n",
			"", "token", 401,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := send(t, row.handler(platform), row.request)
			if got.Code != row.status {
				t.Fatalf("status is %d, want %d: %s", got.Code, row.status, got.Body)
			}
			if row.member == "" {
				if message := got.text(t, "message"); !strings.Contains(message, row.want) {
					t.Errorf("message is %q, want %q in it", message, row.want)
				}
				return
			}
			claims := decodeObject(t, strings.Split(got.text(t, row.member), ".")[1])
			if claims["iss"] != gitHubIssuer || claims["sub"] != gitHubSubject || claims["aud"] != row.want {
				t.Errorf("claims are %v, want audience %q", claims, row.want)
			}
		})
	}
}

func TestPlatformRecordsAndFails(t *testing.T) {
	t.Parallel()
	platform := newPlatform(t, newClock())
	platform.Fail(authserver.GitHubActions, 1, authserver.Respond(503, nil, ""))
	const request = "GET /idtoken?api-version=2.0 HTTP/1.1\nHost: h\nAuthorization: Bearer job-token\n\n"
	for _, want := range []int{503, 200} {
		if got := send(t, platform.GitHubActions(), request); got.Code != want {
			t.Errorf("status is %d, want %d", got.Code, want)
		}
	}
	if seen := platform.Requests(authserver.GitHubActions); len(seen) != 2 || seen[0].Status != 503 || seen[1].Status != 200 {
		t.Errorf("the record is %v", seen)
	}
}

// federatedConfig registers "deploy" with the JWTs of the platform.
func federatedConfig(platform *authserver.Platform, at *clock) authserver.Config {
	return authserver.Config{
		Now:            func() time.Time { return at.now },
		TrustedIssuers: []authserver.TrustedIssuer{platform.TrustedIssuer()},
		Clients: []authserver.Client{{
			ID: "deploy", AuthMethod: authserver.PrivateKeyJWT,
			Federated: []authserver.Trust{{Issuer: gitHubIssuer, Subject: gitHubSubject, Audience: "https://as.example"}},
		}, {
			ID: gitHubSubject, Secret: "is not whom the platform speaks of",
		}},
	}
}

func TestFederatedCredentials(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		trust    authserver.Trust
		audience string
		lifetime time.Duration
		clientID string
		reason   string // empty: accepted
	}{
		"with client_id":    {authserver.Trust{Audience: "https://as.example"}, "https://as.example", 24 * time.Hour, "deploy", ""},
		"without client_id": {authserver.Trust{Audience: "https://as.example"}, "https://as.example", time.Hour, "", ""},
		"our audience":      {authserver.Trust{}, "https://server.example.com", time.Hour, "deploy", ""},
		"ours, but a day":   {authserver.Trust{}, "https://server.example.com", 24 * time.Hour, "deploy", "too far"},
		"another audience":  {authserver.Trust{Audience: "https://as.example"}, "https://server.example.com", time.Hour, "deploy", "aud"},
		"another subject":   {authserver.Trust{Subject: "repo:octo-org/octo-repo:pull_request"}, "https://server.example.com", time.Hour, "deploy", "not trusted"},
		"of no client":      {authserver.Trust{Subject: "repo:octo-org/octo-repo:pull_request"}, "https://server.example.com", time.Hour, "", "no known client"},
		"another issuer":    {authserver.Trust{Issuer: "https://gitlab.example"}, "https://server.example.com", time.Hour, "deploy", "not trusted"},
		"expired":           {authserver.Trust{}, "https://server.example.com", -time.Minute, "deploy", "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := newClock()
			platform := newPlatform(t, at)
			platform.SetLifetime(row.lifetime)
			config := federatedConfig(platform, at)
			if row.trust.Issuer == "" {
				row.trust.Issuer = gitHubIssuer
			}
			if row.trust.Subject == "" {
				row.trust.Subject = gitHubSubject
			}
			config.Clients[0].Federated = []authserver.Trust{row.trust}
			token, err := platform.Token(row.audience)
			if err != nil {
				t.Fatal(err)
			}
			form := assertionForm(token)
			if row.clientID != "" {
				form.Set("client_id", row.clientID)
			}
			got := send(t, newServer(t, config), postForm(form))
			if row.reason == "" {
				got.want(t, 200, "")
				return
			}
			got.wantReason(t, 401, "invalid_client", row.reason)
		})
	}
}

func TestFederatedCredentialsOfAnImpostor(t *testing.T) {
	t.Parallel()
	at := newClock()
	token, err := newPlatform(t, at).Token("https://as.example") // another platform of that name
	if err != nil {
		t.Fatal(err)
	}
	form := assertionForm(token)
	form.Set("client_id", "deploy")
	srv := newServer(t, federatedConfig(newPlatform(t, at), at))
	send(t, srv, postForm(form)).wantReason(t, 401, "invalid_client", "registered key")
}

// A client that gets a new JWT for every request never sends one twice.
func TestFederatedCredentialsAreUsedOnce(t *testing.T) {
	t.Parallel()
	for name, reusable := range map[string]bool{"once": false, "reusable": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := newClock()
			platform := newPlatform(t, at)
			config := federatedConfig(platform, at)
			config.TrustedIssuers[0].Reusable = reusable
			srv := newServer(t, config)
			token, err := platform.Token("https://as.example")
			if err != nil {
				t.Fatal(err)
			}
			send(t, srv, postForm(assertionForm(token))).want(t, 200, "")
			again := send(t, srv, postForm(assertionForm(token)))
			if reusable {
				again.want(t, 200, "")
				return
			}
			again.wantReason(t, 401, "invalid_client", "jti has been used")
		})
	}
}

func TestExpiredPlatformToken(t *testing.T) {
	t.Parallel()
	platform := newPlatform(t, newClock())
	platform.SetLifetime(-time.Minute)
	token, err := platform.Token("a")
	if err != nil {
		t.Fatal(err)
	}
	claims := decodeObject(t, strings.Split(token, ".")[1])
	issued, _ := claims["iat"].(float64)
	if expires, _ := claims["exp"].(float64); expires != 1772366400-60 || issued >= expires {
		t.Errorf("claims are %v, want exp a minute ago and after iat", claims)
	}
}

func TestNewPlatformRefuses(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]authserver.PlatformConfig{
		"no issuer":        {Subject: "a", RequestToken: "a"},
		"no subject":       {Issuer: "a", RequestToken: "a"},
		"no request token": {Issuer: "a", Subject: "a"},
	} {
		if _, err := authserver.NewPlatform(config); err == nil {
			t.Errorf("%s: NewPlatform accepts it", name)
		}
	}
}
