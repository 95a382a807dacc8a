// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// describeCall is for an answer with a status that is not expected.
func describeCall(answer *oauth2.Error, request httpstack.Request, authenticated bool) finding {
	return finding{
		attribute: "url",
		summary:   fmt.Sprintf("The API answered %s", answer.Status()),
		facts:     append([]string{request.Method + " " + httpstack.ShowURL(request.URL)}, serverFacts(answer)...),
		remedy:    callRemedy(answer.StatusCode, authenticated),
	}
}

// callRemedy says what to do about a status.
func callRemedy(status int, authenticated bool) string {
	switch {
	case status == http.StatusUnauthorized && authenticated:
		return "The API does not accept the token, and not a new one either. Check that it accepts tokens of this authorization server, " +
			"and whether it wants an audience, a resource or scopes: set them in token."
	case status == http.StatusUnauthorized:
		return "The API wants credentials. Set authenticate = true, or give them in request_headers."
	case status == http.StatusForbidden:
		return "The API, or something before it (a firewall, a proxy), does not permit the request. Check the client's permissions, and the scopes of the token."
	case status == http.StatusTooManyRequests:
		return "The API limits the number of requests. Wait before the next run."
	case status == http.StatusProxyAuthRequired:
		return proxyCredentials
	case status == http.StatusNotImplemented:
		return "The API does not support the request. Check url and method."
	case httpstack.TransientStatus(status):
		return "The API failed. Try again later."
	default:
		return fmt.Sprintf("Check url, method and what is sent. If this status is fine, set expected_status_codes = [%d].", status)
	}
}
