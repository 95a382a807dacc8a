// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"net/http"
	"strings"
)

// azureAudience is that of every JWT Azure DevOps issues.
const azureAudience = "api://AzureADTokenExchange"

// AzureDevOps is the handler behind SYSTEM_OIDCREQUESTURI:
//
//	POST ?api-version=7.1&serviceConnectionId=<id>
//	Authorization: Bearer <SYSTEM_ACCESSTOKEN>
//
//	{"oidcToken": "<JWT>"}
//
// The audience is not the job's to choose: api://AzureADTokenExchange.
func (p *Platform) AzureDevOps() http.Handler {
	return p.handler(AzureDevOps, func(r *http.Request) (map[string]any, error) {
		query := r.URL.Query()
		connection, version := query.Get("serviceConnectionId"), query.Get("api-version")
		known := p.config.ServiceConnectionID == "" || connection == p.config.ServiceConnectionID
		switch {
		case r.Method != http.MethodPost:
			return nil, &platformError{http.StatusMethodNotAllowed, "the method must be POST"}
		case version != "7.1" && !strings.HasPrefix(version, "7.1-preview"):
			return nil, &platformError{http.StatusBadRequest, "api-version must be 7.1"}
		case connection == "" || !known:
			return nil, &platformError{http.StatusNotFound, "there is no such service connection"}
		}
		token, err := p.Token(azureAudience)
		return map[string]any{"oidcToken": token}, err
	})
}
