// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// describeAssertion is for an assertion that cannot be had. The attribute is
// signed_assertion or federated_assertion.
func describeAssertion(attribute string, err error) finding {
	found := finding{attribute: attribute, summary: "The assertion cannot be made", facts: []string{sentence(err.Error())}}
	part, ok := errors.AsType[*clientauth.FieldError](err)
	if !ok {
		return found
	}
	place := attribute + "." + part.Field
	if part.Field == "client_secret" { // which the assertion is signed with, and is no part of
		place, found.attribute = part.Field, cmp.Or(attribute, "token_endpoint_auth_method")
	} else {
		found.attribute = place
	}
	// Terraform points at no more than the block, so that the text names the member.
	found.facts = []string{"In " + place + ": " + strings.TrimRight(part.Err.Error(), ".?") + "."}
	if attribute == "federated_assertion" {
		found.summary = "The platform's assertion cannot be had"
	}
	if part.Field == "request" || part.Field == "request.pointer" {
		found.remedy = "Check the address of the request, and the pointer, which says where in the platform's answer the assertion is."
	}
	if failure, ok := errors.AsType[*httpstack.Error](part); ok {
		return describeNetwork(failure, found.attribute)
	}
	if answer, ok := errors.AsType[*oauth2.Error](part); ok {
		found.facts, found.remedy = serverFacts(answer), platformRemedy(answer)
	}
	return found
}

// platformRemedy says what to do about a platform's answer.
func platformRemedy(answer *oauth2.Error) string {
	if answer.StatusCode == http.StatusProxyAuthRequired {
		return proxyCredentials
	}
	if answer.Temporary() {
		return "The platform cannot answer now. Try again later."
	}
	return "Check the request, and that the pipeline's job may ask for an identity token: on GitHub it needs the permission \"id-token: write\", " +
		"on Azure DevOps the service connection and SYSTEM_ACCESSTOKEN."
}
