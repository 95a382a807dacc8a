// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"io"
	"net/http"
	"net/url"

	"github.com/hashicorp/terraform-plugin-testing/config"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// oddServers are the examples of the guide of that name.
func oddServers() map[string]example {
	secret := config.StringVariable("s3cr+t")
	return map[string]example{
		"odd-servers/grant.tf": {
			client: authserver.Client{Grants: []string{"account_credentials"}},
			forms:  []url.Values{{"grant_type": {"account_credentials"}, "account_id": {"A-17"}}},
		},
		"odd-servers/no_lifetime.tf": {
			client: authserver.Client{TokenResponse: []authserver.Mutation{authserver.Omit("expires_in")}},
			forms:  []url.Values{clientCredentials(nil)},
		},
		"odd-servers/json.tf": {
			alone:     true,
			variables: config.Variables{"access_key": secret},
			wire:      []string{"POST /auth/external\n" + `{"accessKey":"s3cr+t","clientId":"app-1"}`},
			script:    answerElsewhere(`{"data":{"token":"2YotnFZFEjr1zCsicMWpAA","expires":"2099-01-31T10:00:00Z"}}`),
		},
		"odd-servers/query.tf": {
			alone:     true,
			variables: config.Variables{"secret": secret},
			wire:      []string{"GET /cgi-bin/token?grant_type=client_credential&appid=app-1&secret=s3cr%2Bt"},
			script:    answerElsewhere(`{"access_token":"2YotnFZFEjr1zCsicMWpAA","expires_in":7200}`),
		},
		"odd-servers/body.tf": {
			alone:     true,
			variables: config.Variables{"key_secret": secret},
			wire:      []string{"POST /oauth/token\n" + `{"token":{"key_id":"app-1","key_secret":"s3cr+t"}}`},
			script:    answerElsewhere(`{"data":{"access_token":"2YotnFZFEjr1zCsicMWpAA"}}`),
		},
	}
}

// answerElsewhere has the server answer at addresses that it does not have itself.
func answerElsewhere(document string) func(*authservertest.Server) {
	return func(srv *authservertest.Server) {
		srv.Override(authserver.OtherPath, func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, document)
			return true
		})
	}
}
