// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"net/http"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// describeAssertion is for an assertion that is unavailable. The attribute is
// signed_assertion or federated_assertion.
func describeAssertion(attribute string, err error) finding {
	found := finding{attribute: attribute, summary: "The assertion cannot be signed", facts: []string{sentence(err.Error())}}
	part, ok := errors.AsType[*clientauth.FieldError](err)
	if !ok {
		return found
	}
	place := attribute + "." + part.Field
	if part.Field == "client_secret" { // it signs the assertion and is not part of it
		place = part.Field
	}
	found.attribute = place
	// Terraform does not point at the member, so the text names it.
	found.facts = []string{"In " + place + ": " + strings.TrimRight(part.Err.Error(), ".?") + "."}
	if attribute == "federated_assertion" {
		found.summary = "The platform's assertion is unavailable"
	}
	if part.Field == "request" || part.Field == "request.pointer" {
		found.remedy = "Check the URL of the request, and pointer, which says where the assertion is in the platform's response."
	}
	if failure, ok := errors.AsType[*httpstack.Error](part); ok {
		return describeNetwork(failure, found.attribute)
	}
	if response, ok := errors.AsType[*oauth2.Error](part); ok {
		found.facts, found.remedy = serverFacts(response), platformRemedy(response)
	}
	return found
}

// platformRemedy says what to do about a platform's response.
func platformRemedy(response *oauth2.Error) string {
	if response.StatusCode == http.StatusProxyAuthRequired {
		return proxyCredentials
	}
	if response.Temporary() {
		return "The platform is unavailable. Retry later."
	}
	return "Check the request, and that the pipeline's job may request an identity token: GitHub requires the permission \"id-token: write\", " +
		"Azure DevOps a service connection and SYSTEM_ACCESSTOKEN."
}
