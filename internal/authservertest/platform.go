// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authservertest

import (
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// Platform is a platform that issues JWTs to its jobs, over plain HTTP.
type Platform struct {
	*authserver.Platform

	GitHubActionsURL string // for ACTIONS_ID_TOKEN_REQUEST_URL, with a query of its own
	AzureDevOpsURL   string // for SYSTEM_OIDCREQUESTURI
}

// StartPlatform starts a platform. Defaults in config are an iss and a sub like
// GitHub's, and "request-token" as RequestToken.
func StartPlatform(t testing.TB, config authserver.PlatformConfig) *Platform {
	t.Helper()
	setDefault := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	setDefault(&config.Issuer, "https://token.actions.githubusercontent.com")
	setDefault(&config.Subject, "repo:octo-org/octo-repo:ref:refs/heads/main")
	setDefault(&config.RequestToken, "request-token")
	platform, err := authserver.NewPlatform(config)
	if err != nil {
		t.Fatalf("platform: %v", err)
	}
	gitHub, gitHubURL := listen(nil)
	azure, azureURL := listen(nil)
	serve(t, gitHub, platform.GitHubActions())
	serve(t, azure, platform.AzureDevOps())
	return &Platform{
		Platform:         platform,
		GitHubActionsURL: gitHubURL + "/idtoken?api-version=2.0",
		AzureDevOpsURL:   azureURL + "/oidctoken",
	}
}
