// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import "net/http"

// GitHubActions is the handler behind ACTIONS_ID_TOKEN_REQUEST_URL, whose query
// is "api-version=2.0":
//
//	GET ?api-version=2.0&audience=https%3A%2F%2Fas.example
//	Authorization: Bearer <ACTIONS_ID_TOKEN_REQUEST_TOKEN>
//
//	{"count": <its length>, "value": "<JWT>"}
//
// Without audience the JWT is meant for the owner of the repository.
func (p *Platform) GitHubActions() http.Handler {
	return p.handler(GitHubActions, func(r *http.Request) (map[string]any, error) {
		query := r.URL.Query()
		switch {
		case r.Method != http.MethodGet:
			return nil, &platformError{http.StatusMethodNotAllowed, "the method must be GET"}
		case query.Get("api-version") != "2.0":
			return nil, &platformError{http.StatusBadRequest, "the request URL has lost its own query"}
		case len(query["audience"]) > 1:
			return nil, &platformError{http.StatusBadRequest, "audience is repeated"}
		}
		audience := query.Get("audience")
		if audience == "" {
			audience = "https://github.com/octo-org"
		}
		token, err := p.Token(audience)
		return map[string]any{"count": len(token), "value": token}, err
	})
}
