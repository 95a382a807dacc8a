// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authservertest_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

func TestStartPlatform(t *testing.T) {
	t.Parallel()
	platform := authservertest.StartPlatform(t, authserver.PlatformConfig{})
	for name, row := range map[string]struct {
		method, url, member string
		endpoint            authserver.Endpoint
	}{
		"GitHub Actions": {http.MethodGet, platform.GitHubActionsURL + "&audience=a", "value", authserver.GitHubActions},
		"Azure DevOps":   {http.MethodPost, platform.AzureDevOpsURL + "?api-version=7.1&serviceConnectionId=c", "oidcToken", authserver.AzureDevOps},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), row.method, row.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer request-token")
			client := &http.Client{Transport: &http.Transport{}}
			t.Cleanup(client.CloseIdleConnections)
			response, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			var document map[string]any
			if err := json.NewDecoder(response.Body).Decode(&document); err != nil {
				t.Fatal(err)
			}
			if token, _ := document[row.member].(string); token == "" || platform.Count(row.endpoint) != 1 {
				t.Errorf("response is %d %v after %d requests", response.StatusCode, document, platform.Count(row.endpoint))
			}
		})
	}
}
