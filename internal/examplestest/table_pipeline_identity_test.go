// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"net/url"

	"github.com/hashicorp/terraform-plugin-testing/config"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
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
	for _, name := range []string{
		"bitbucket", "circleci", "github_actions", "gitlab", "hcp_terraform", "hcp_terraform_tagged", "kubernetes", "spacelift", "spiffe",
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
