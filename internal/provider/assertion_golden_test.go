// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto/tls"
	"net/http"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// TestErrorOfSignedAssertion holds what a user is told where the server does not
// take the assertion.
func TestErrorOfSignedAssertion(t *testing.T) {
	t.Parallel()
	key, other := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.P256)
	tests := map[string]struct {
		rules authserver.AssertionRules
		block func(*authservertest.Server) attributes
	}{
		"assertion refused": {block: func(srv *authservertest.Server) attributes {
			return signing(srv, authservertest.PKCS8(t, other))
		}},
		"assertion, wrong audience": {
			authserver.AssertionRules{Audience: authserver.AudienceIssuer},
			func(srv *authservertest.Server) attributes { return signing(srv, authservertest.PKCS8(t, key)) },
		},
		"assertion refused as grant": {block: func(srv *authservertest.Server) attributes {
			return merged(signing(srv, authservertest.PKCS8(t, key)), attributes{
				"grant_type": authserver.JWTBearer, "token_endpoint_auth_method": authserver.None,
			})
		}},
		"assertion, no common algorithm": {block: func(srv *authservertest.Server) attributes {
			block := signing(srv, authservertest.PKCS8(t, key))
			block["token_endpoint"], block["issuer"] = nil, srv.Issuer()
			return block
		}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registered := exampleClient(withKey(key, ""))
			if name == "assertion refused as grant" {
				registered = exampleClient(granting(authserver.JWTBearer, authserver.None, authserver.Trust{Issuer: "https://other.example"}))
			}
			srv := authservertest.Start(t, authserver.Config{
				Clients: []authserver.Client{registered}, ClientAssertion: row.rules, Metadata: supportingAlgorithms("RS256", "PS256"),
			})
			matchGolden(t, name, newSession(t).mustConfigure(row.block(srv)).open(tokenType, nil).diagnostics)
		})
	}
}

// TestErrorOfClientCertificate holds what a user is told where the server wants
// another certificate, or one at all.
func TestErrorOfClientCertificate(t *testing.T) {
	t.Parallel()
	ca := authservertest.NewAuthority(t)
	key := authservertest.NewKey(t, authservertest.P256)
	own := selfSigned(t, key)
	named := func(name string) tls.Certificate { return ca.Issue(t, key, authservertest.ClientTemplate(name)) }
	tests := map[string]struct {
		srv   *authservertest.Server
		block func(*authservertest.Server) attributes
	}{
		"client certificate, none given": {startCA(t, ca), func(srv *authservertest.Server) attributes {
			return attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID, "client_secret": clientSecret, "tls": attributes{"ca_certificate": srv.CAPEM}}
		}},
		"client certificate, none configured": {startCA(t, ca), func(srv *authservertest.Server) attributes {
			return attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID, "token_endpoint_auth_method": authserver.TLSClientAuth}
		}},
		"client certificate, unknown authority": {startCA(t, ca), func(srv *authservertest.Server) attributes {
			return presenting(t, srv, own)
		}},
		"client certificate, wrong name": {startCA(t, ca), func(srv *authservertest.Server) attributes {
			return presenting(t, srv, named("other"))
		}},
		"client certificate, expired": {startSelfSigned(t, own), func(srv *authservertest.Server) attributes {
			return presenting(t, srv, authservertest.SelfSigned(t, key, expiredTemplate()))
		}},
		"client certificate, not registered": {startSelfSigned(t, own), func(srv *authservertest.Server) attributes {
			return presenting(t, srv, selfSigned(t, authservertest.NewKey(t, authservertest.P256)))
		}},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newSession(t).mustConfigure(row.block(row.srv)).open(tokenType, nil).diagnostics
			matchGolden(t, name, got)
		})
	}
}

// TestErrorOfFederatedAssertion holds what a user is told where the platform has no
// assertion that could be sent. The server is never asked.
func TestErrorOfFederatedAssertion(t *testing.T) {
	t.Parallel()
	expired, _ := startFederated(t, "api://as")
	expired.SetLifetime(-time.Minute)
	refusing := authservertest.StartPlatform(t, authserver.PlatformConfig{})
	refusing.Fail(authserver.GitHubActions, authserver.Always,
		authserver.Answer(http.StatusForbidden, http.Header{"Content-Type": {"application/json"}}, `{"message":"Resource not accessible by integration"}`))
	elsewhere := authservertest.StartPlatform(t, authserver.PlatformConfig{})
	elsewhere.Fail(authserver.GitHubActions, authserver.Always, authserver.Answer(http.StatusOK, nil, `{"token":"very-secret"}`))
	text := authservertest.StartPlatform(t, authserver.PlatformConfig{})
	text.Fail(authserver.GitHubActions, authserver.Always, authserver.Answer(http.StatusOK, nil, "very-secret"))
	tests := map[string]struct {
		variables map[string]string
		from      attributes
	}{
		"federated, expired":                   {map[string]string{"IDENTITY": token(t, expired, "api://as")}, attributes{"env": "IDENTITY"}},
		"federated, no variable":               {nil, attributes{"env": "TFC_WORKLOAD_IDENTITY_TOKEN"}},
		"federated, no JWT":                    {map[string]string{"IDENTITY": "very-secret"}, attributes{"env": "IDENTITY"}},
		"federated, no file":                   {nil, attributes{"file": "/nowhere/token"}},
		"federated, platform refuses":          {jobEnvironment(refusing), gitHubRequest},
		"federated, no address":                {nil, gitHubRequest},
		"federated, no token for the platform": {map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": refusing.GitHubActionsURL}, gitHubRequest},
		"federated, nothing at the pointer":    {jobEnvironment(elsewhere), gitHubRequest},
		"federated, platform answers text":     {jobEnvironment(text), gitHubRequest},
		"federated, no platform": {
			map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1/", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}, gitHubRequest,
		},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			got := newSession(t, environment(row.variables)).mustConfigure(federated(srv, row.from)).open(tokenType, nil).diagnostics
			matchGolden(t, name, got)
			mustCount(t, srv, 0)
		})
	}
}
