// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// describeCall is for a response of an API with a status that is not expected.
func describeCall(answer *oauth2.Error, request httpstack.Request, authenticated bool) finding {
	found := finding{
		attribute: "url",
		summary:   "The API returned " + answer.Status(),
		facts:     append([]string{request.Method + " " + httpstack.ShowURL(request.URL)}, serverFacts(answer)...),
	}
	found.suspects, found.remedy = callAdvice(answer, authenticated)
	return found
}

// callAdvice says what to check, and what to do beside that, by the error code of RFC
// 6750 section 3.1 and the status.
func callAdvice(answer *oauth2.Error, authenticated bool) (suspects []string, remedy string) {
	challenge := oauth2.Challenge{}
	if answer.Challenge != nil {
		challenge = *answer.Challenge
	}
	code := cmp.Or(challenge.Code, answer.Code)
	const trusted = "token_endpoint, issuer: the token must come from the authorization server that the API trusts"
	const audience = "token.audience, token.resources: the API may accept only tokens that are issued for it"
	switch status := answer.StatusCode; {
	case authenticated && code == oauth2.InsufficientScope:
		required := "it lacks one that the API requires"
		if challenge.Scope != "" {
			required = fmt.Sprintf("the API requires %q", challenge.Scope)
		}
		return []string{"token.scopes: " + required, "the client's registration: the scope must be allowed for this client"}, ""
	case authenticated && (code == oauth2.InvalidToken || status == http.StatusUnauthorized):
		return []string{audience, trusted, "token.scopes: the API may require some", "token_header: the API may expect the token in another header field"}, ""
	case status == http.StatusUnauthorized:
		return nil, "The API requires credentials. Set authenticate = true, or set them in request_headers."
	case status == http.StatusForbidden && !authenticated:
		return []string{"request_headers: the credentials in it, if the API requires some", network}, ""
	case status == http.StatusForbidden:
		return []string{"the client's permissions at the API", "token.scopes: the API may require some", audience, network}, ""
	case status == http.StatusTooManyRequests:
		return nil, "The API limits requests. Retry later."
	case status == http.StatusProxyAuthRequired:
		return nil, proxyCredentials
	case status == http.StatusNotImplemented:
		return []string{"url, method: the API does not support the request"}, ""
	case httpstack.TransientStatus(status):
		return nil, "The API is unavailable or failed. Retry later. If it persists, contact the API's operator."
	default:
		return []string{"url, method, request_body: compare them with the API's documentation"},
			fmt.Sprintf("If this status is fine, set expected_status_codes = [%d].", status)
	}
}
