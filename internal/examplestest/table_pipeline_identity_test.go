// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/golang-jwt/jwt/v5"
	"github.com/hashicorp/terraform-plugin-testing/config"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

const (
	// assertionType is client_assertion_type of RFC 7523 section 2.2.
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// entraClient and serviceConnection are ids as Microsoft's documents write them.
	entraClient       = "00001111-aaaa-2222-bbbb-3333cccc4444"
	serviceConnection = "22223333-bbbb-4444-cccc-5555dddd6666"
)

// asserted is a token request of a client with an assertion.
func asserted(client string, parameters url.Values) url.Values {
	form := clientCredentials(parameters)
	form.Set("client_id", client)
	form.Set("client_assertion_type", assertionType)
	form.Set("client_assertion", anyJWT)
	return form
}

// pipelineIdentity are the examples of the guide of that name.
func pipelineIdentity() map[string]example {
	graph := []string{"https://graph.microsoft.com/.default"}
	rows := map[string]example{
		"pipeline-identity/azure_devops.tf": {
			client:    federated(entraClient, azureAudience, graph...),
			variables: config.Variables{"service_connection_id": config.StringVariable(serviceConnection)},
			forms:     []url.Values{asserted(entraClient, url.Values{"scope": graph})},
		},
		"pipeline-identity/azure_workload_identity.tf": {
			client: federated(entraClient, pipelineAudience, graph...),
			forms:  []url.Values{asserted(entraClient, url.Values{"scope": graph})},
		},
	}
	rows["pipeline-identity/google.tf"] = example{
		alone:  true,
		script: answerAsGoogleSTS,
		forms: []url.Values{{
			"grant_type": {authserver.TokenExchange}, "audience": {googlePool}, "scope": {"https://www.googleapis.com/auth/cloud-platform"},
			"requested_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
			"subject_token":        {anyJWT}, "subject_token_type": {"urn:ietf:params:oauth:token-type:jwt"},
		}},
		calls: []string{
			"GET /storage/v1/b?project=shop 200",
			"POST /v1/projects/-/serviceAccounts/deploy@shop.iam.gserviceaccount.com:generateAccessToken 200",
		},
	}
	for _, name := range []string{
		"bitbucket", "buildkite", "circleci", "github_actions", "gitlab", "hcp_terraform", "hcp_terraform_tagged", "kubernetes", "spacelift", "spiffe",
	} {
		rows["pipeline-identity/"+name+".tf"] = example{
			client: federated("deploy", pipelineAudience),
			forms:  []url.Values{asserted("deploy", nil)},
		}
	}
	for path, row := range rows {
		// A job has one JWT for all of its runs.
		row.settings.TrustedIssuers = []authserver.TrustedIssuer{pipelineTrust()}
		rows[path] = row
	}
	return rows
}

// googlePool is the audience of the example's workload identity pool and provider.
const googlePool = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/pipelines/providers/github"

// answerAsGoogleSTS has the token endpoint exchange the platform's JWT, and the API
// impersonate a service account, after Google's document "Configure Workload Identity
// Federation with deployment pipelines".
func answerAsGoogleSTS(srv *authservertest.Server) {
	const federated, impersonated = "ya29.d.federated", "ya29.c.impersonated"
	srv.Override(authserver.TokenEndpoint, func(w http.ResponseWriter, r *http.Request) bool {
		claims := jwt.MapClaims{}
		_, err := jwt.ParseWithClaims(r.FormValue("subject_token"), claims, func(*jwt.Token) (any, error) { return pipeline.TrustedIssuer().Keys[0].Public, nil },
			jwt.WithIssuer(pipelineIssuer), jwt.WithAudience("https:"+googlePool))
		if err != nil || r.Header.Get("Authorization") != "" {
			authserver.OAuthError(http.StatusBadRequest, "invalid_grant", "")(w, r)
			return true
		}
		authserver.Respond(http.StatusOK, nil, `{"access_token":"`+federated+`","issued_token_type":"urn:ietf:params:oauth:token-type:access_token",`+
			`"token_type":"Bearer","expires_in":3599}`)(w, r)
		return true
	})
	srv.Override(authserver.API, func(w http.ResponseWriter, r *http.Request) bool {
		sent := map[string]any{}
		switch token := r.Header.Get("Authorization"); {
		case r.Method == http.MethodPost && token == "Bearer "+federated && json.NewDecoder(r.Body).Decode(&sent) == nil && sent["lifetime"] == "3600s":
			authserver.Respond(http.StatusOK, nil, `{"accessToken":"`+impersonated+`","expireTime":"2026-11-21T18:00:00Z"}`)(w, r)
		case r.Method == http.MethodGet && token == "Bearer "+impersonated:
			authserver.Respond(http.StatusOK, nil, `{"kind":"storage#buckets"}`)(w, r)
		default:
			authserver.Respond(http.StatusForbidden, nil, `{"error":{"code":403,"status":"PERMISSION_DENIED"}}`)(w, r)
		}
		return true
	})
}

// pipelineTrust is the platform as the server knows it.
func pipelineTrust() authserver.TrustedIssuer {
	trust := pipeline.TrustedIssuer()
	trust.Reusable = true
	return trust
}

// federated is a client that the platform's job authenticates as.
func federated(id, audience string, scopes ...string) authserver.Client {
	return authserver.Client{
		ID: id, AuthMethod: authserver.PrivateKeyJWT, Scopes: scopes,
		Federated: []authserver.Trust{{Issuer: pipelineIssuer, Subject: pipelineJob, Audience: audience}},
	}
}
