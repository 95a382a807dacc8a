// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"maps"
	"slices"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// TestAccDocumentedHosts runs the examples with the addresses that they name. The
// proxy connects to nothing and records the hosts.
func TestAccDocumentedHosts(t *testing.T) {
	t.Parallel()
	const url = "http://127.0.0.1" // where the document names no host
	for name, row := range map[string]struct {
		variables values
		connect   string
		says      string
	}{
		"neuroflash": {
			neuroflashValues(url, "s3cret"),
			"CONNECT id.neuroflash.com:443",
			"POST https://id.neuroflash.com/oauth/v2/token",
		},
		"neonomics": {
			neonomicsValues(url, "s3cret"),
			"CONNECT sandbox.neonomics.io:443",
			"POST https://sandbox.neonomics.io/auth/realms/sandbox/protocol/openid-connect/token",
		},
		"brainysoft": {
			brainysoftValues(url, "s3cret", "query"),
			"CONNECT acme-auth.brainysoft.ru:443",
			"POST https://acme-auth.brainysoft.ru/oauth/token",
		},
		"neucron": {
			newNeucronSecrets().values(url),
			"CONNECT neucron.io:443",
			"PATCH https://neucron.io/oauth/permissions/grant",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := authservertest.StartProxy(t, "", "")
			variables := maps.Clone(row.variables)
			for _, byDefault := range []string{"token_endpoint", "realm_url", "auth_url"} {
				delete(variables, byDefault)
			}
			if name == "neucron" {
				delete(variables, "url")
			}
			workspace := newWorkspace(t, name, variables, "OAUTH2CC_PROXY_URL="+proxy.URL)
			workspace.Plan().MustExit(t, 1).MustSay(t, row.says)
			if got := slices.Compact(proxy.Requests()); !slices.Equal(got, []string{row.connect}) {
				t.Errorf("requests to the proxy are %q, want %q", got, row.connect)
			}
		})
	}
}
