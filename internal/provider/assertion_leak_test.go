// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// TestAssertionEchoed holds that an assertion which the server sends back is not
// shown, wherever it was in the request.
func TestAssertionEchoed(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	for _, place := range places {
		for _, grant := range []string{authserver.ClientCredentials, authserver.JWTBearer} {
			t.Run(place+"/"+grant, func(t *testing.T) {
				t.Parallel()
				srv := startServer(t)
				srv.Fail(authserver.TokenEndpoint, authserver.Always, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					authserver.OAuthError(http.StatusBadRequest, "invalid_request", "got "+everything(r))(w, r)
				}))
				claim := marked()
				block := merged(signing(srv, authservertest.PKCS8(t, key), attributes{"claims": `{"mark":"` + claim.Value + `"}`}),
					attributes{"parameters_in": place, "grant_type": grant})
				got := newSession(t).mustConfigure(block).open(tokenType, nil).diagnostics.String()
				if !strings.Contains(got, "got ") {
					t.Errorf("what the server said is not shown:\n%s", got)
				}
				acctest.Search(t, "the diagnostics", got, claim)
				request := srv.Requests(authserver.TokenEndpoint)[0]
				sent := parameter(t, request, "client_assertion") + parameter(t, request, "assertion")
				if signature := sent[strings.LastIndex(sent, ".")+1:]; strings.Contains(got, signature) {
					t.Errorf("the signature is shown:\n%s", got)
				}
			})
		}
	}
}

// TestRequestTokenEchoed holds that the bearer token with which the platform is
// asked is not shown where the platform sends it back.
func TestRequestTokenEchoed(t *testing.T) {
	t.Parallel()
	requestToken := acctest.NewCanary("request token", "-._~+/")
	platform := authservertest.StartPlatform(t, authserver.PlatformConfig{})
	platform.Fail(authserver.GitHubActions, authserver.Always, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authserver.Answer(http.StatusForbidden, nil, "got "+r.Header.Get("Authorization"))(w, r)
	}))
	variables := jobEnvironment(platform)
	variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = requestToken.Value
	srv := startServer(t)
	got := newSession(t, environment(variables)).mustConfigure(federated(srv, gitHubRequest)).open(tokenType, nil).diagnostics.String()
	if !strings.Contains(got, "got ") {
		t.Errorf("what the platform said is not shown:\n%s", got)
	}
	requestToken.MustNotBeIn(t, "the diagnostics", got)
	mustCount(t, srv, 0)
}

// TestAssertionForItsName holds that a token which was written where the name of its
// variable should be is neither shown nor logged.
func TestAssertionForItsName(t *testing.T) {
	t.Parallel()
	token := acctest.NewCanary("token", "-._~+/+.")
	for name, from := range map[string]attributes{
		"env":               {"env": token.Value},
		"request.url_env":   {"request": attributes{"url_env": token.Value}},
		"request.token_env": {"request": attributes{"url": "https://127.0.0.1:1/", "token_env": token.Value}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lockedBuffer
			s := newSession(t)
			s.ctx = log.capture(t.Context())
			got := s.mustConfigure(federated(startServer(t), from)).open(tokenType, nil).diagnostics
			if !got.isAbout("federated_assertion." + name) {
				t.Errorf("want one finding about federated_assertion.%s:\n%s", name, got)
			}
			token.MustNotBeIn(t, "the diagnostics", got.String())
			token.MustNotBeIn(t, "the log", log.String())
		})
	}
}
