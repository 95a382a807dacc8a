// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// describeResponse is for a response of the token endpoint without a token.
func describeResponse(response *oauth2.Error, client tokensource.Client) finding {
	r := refusal{response, client}
	if response.Err != nil {
		return r.unusable()
	}
	found := r.describe()
	found.facts = append(serverFacts(response), found.facts...)
	return found
}

// serverFacts repeats what the server said.
func serverFacts(response *oauth2.Error) []string {
	facts := []string{fmt.Sprintf("The %s returned %s.", response.Endpoint, response.Status())}
	var said []string
	add := func(name, value string) {
		if value != "" {
			said = append(said, fmt.Sprintf("  %s: %s", name, value))
		}
	}
	add("error", response.Code)
	add("error_description", response.Description)
	add("error_uri", response.URI)
	if challenge := response.Challenge; challenge != nil && challenge.Code+challenge.Description+challenge.Scope != "" &&
		(challenge.Code != response.Code || challenge.Description != response.Description || challenge.Scope != "") {
		add("WWW-Authenticate", challenge.Scheme)
		add("  error", challenge.Code)
		add("  error_description", challenge.Description)
		add("  scope", challenge.Scope)
	}
	add("response", response.Excerpt)
	if response.Excerpt == "" {
		for _, reason := range response.Reasons {
			add(reason.Place, reason.Value)
		}
	}
	if len(said) > 0 {
		facts = append(facts, strings.Join(said, "\n"))
	}
	return facts
}

// describe says what the refusal means and what to check, by its error code (RFC 6749
// section 5.2 and extensions).
func (r refusal) describe() finding {
	code := r.Code
	if code == "" && r.Challenge != nil {
		code = r.Challenge.Code
	}
	switch code {
	case oauth2.InvalidClient:
		return r.blame("client_id", notAccepted(code), r.credentialSuspects()...)
	case oauth2.UnauthorizedClient:
		return r.unauthorized()
	case oauth2.InvalidScope, "scope_invalid": // the latter is glewlwyd's
		return finding{attribute: "scopes", summary: "The server rejects a scope (" + code + ")", suspects: []string{r.scopeSuspect()}}
	case oauth2.UnsupportedGrantType:
		return finding{attribute: "grant_type", summary: "The server does not support the grant (" + code + ")", suspects: []string{
			fmt.Sprintf("grant_type: the request named %q. If the server has another name for it, set that; an empty string sends none", r.client.Request.GrantType),
			"token_endpoint: it must be the server's token endpoint",
		}}
	case oauth2.InvalidRequest:
		return r.blame("", "The server finds the request malformed ("+code+")", r.withMethodSuspect(append([]string{
			"scopes, audience, resources, parameters: usually one is missing or unexpected. Compare them with the server's documentation",
		}, r.assertionSuspects()...))...)
	case oauth2.InvalidGrant:
		return r.blame("grant_type", "The server rejects the grant ("+code+")", r.grantSuspects()...)
	case oauth2.InvalidTarget:
		return finding{attribute: "resources", summary: "The server rejects the resource (" + code + ")", suspects: []string{
			"resources, audience: each must be registered at the server and allowed for this client",
		}}
	case oauth2.AccessDenied:
		return finding{attribute: "audience", summary: "The server denies access (" + code + ")", suspects: []string{
			r.audienceSuspect(), "the client's registration: the API may have to be assigned to the client", r.scopeSuspect(),
		}}
	case oauth2.UseDPoPNonce, oauth2.InvalidDPoPProof:
		return r.unproven(code)
	case oauth2.TemporarilyUnavailable:
		return finding{summary: "The server is unavailable (" + code + ")", remedy: retryLater}
	case oauth2.ServerError:
		return r.failed(code)
	}
	return r.byStatus()
}

// unproven is for a server that requires a DPoP proof, or does not accept the one that
// was sent.
func (r refusal) unproven(code string) finding {
	if !r.client.DPoPBoundAccessTokens {
		return finding{attribute: "dpop_bound_access_tokens", summary: "The server requires DPoP (" + code + ")",
			remedy: "The client is registered for tokens that are bound to a key (RFC 9449). Set dpop_bound_access_tokens = true. " +
				"Or, for bearer tokens, turn that off in the client's registration: \"require DPoP\", or similar."}
	}
	if code == oauth2.UseDPoPNonce {
		return finding{attribute: "dpop_bound_access_tokens", summary: "The server does not accept its own nonce (" + code + ")",
			remedy: "The request was sent again with the nonce of the server's response, if it had one (DPoP-Nonce, RFC 9449 section 8). " +
				"Retry. If it persists, contact the server's operator."}
	}
	var suspects []string
	const tolerable = 5 * time.Second // servers accept proofs that are a few seconds to minutes old
	if offset := r.ClockOffset.Truncate(time.Second).Abs(); offset > tolerable {
		suspects = append(suspects, fmt.Sprintf("the clocks: the server's and this machine's differ by %s, and a proof is valid for a short time", offset))
	}
	key := "dpop_private_key: the server may not support this kind of key"
	if listed := r.client.Metadata.Strings("dpop_signing_alg_values_supported"); len(listed) > 0 {
		key += ". The server's metadata lists " + strings.Join(listed, ", ")
	}
	return finding{attribute: "dpop_bound_access_tokens", summary: "The server does not accept the DPoP proof (" + code + ")", suspects: append(suspects,
		"token_endpoint: the proof names this address, and the server must know itself by it. Behind a proxy it may not", key)}
}

// notAccepted is the summary for a client that the server does not accept.
func notAccepted(said string) string { return "The server does not accept the client (" + said + ")" }

// unauthorized is for unauthorized_client: the client may not use the grant (RFC 6749
// section 5.2). Keycloak and its like mean a wrong secret, and say so.
func (r refusal) unauthorized() finding {
	grant := fmt.Sprintf("the client's registration: the grant %q must be enabled", r.client.Request.GrantType)
	said := strings.ToLower(r.Description)
	if r.StatusCode == http.StatusUnauthorized || strings.Contains(said, "secret") || strings.Contains(said, "credential") {
		return r.blame("client_id", notAccepted(oauth2.UnauthorizedClient), append(r.credentialSuspects(), grant)...)
	}
	return r.blame("grant_type", "The client may not use this grant ("+oauth2.UnauthorizedClient+")", append([]string{grant}, r.credentialSuspects()...)...)
}

// failed is for a server that blames itself. Several do so over a client or a key
// that they do not know.
func (r refusal) failed(said string) finding {
	suspects := append([]string{"client_id: some servers fail this way if they do not know the client"}, r.assertionSuspects()...)
	found := r.blame("client_id", "The server failed ("+said+")", append(suspects, r.audienceSuspect())...)
	found.remedy = "If these are right, retry later or contact the server's operator."
	return found
}

// retryLater is for a server that is down or busy.
const retryLater = "Retry later. If it persists, check token_endpoint or contact the server's operator."

// byStatus is describe for a response whose error code is unknown or missing.
func (r refusal) byStatus() finding {
	said := r.Status()
	switch status := r.StatusCode; {
	case status == http.StatusUnauthorized:
		return r.blame("client_id", notAccepted(said), r.credentialSuspects()...)
	case status == http.StatusForbidden:
		return r.forbidden()
	case strings.Contains(r.Excerpt, "SSL certificate"): // which is how nginx says it
		return finding{summary: "The server requires a client certificate (" + said + ")",
			remedy: "Set tls = { client_certificate = …, client_key = … } in the provider block, or another certificate if the server rejects the one that is set."}
	case status == http.StatusProxyAuthRequired:
		return finding{summary: "A proxy requires credentials (" + said + ")", remedy: proxyCredentials}
	case status == http.StatusNotImplemented:
		return finding{attribute: "token_endpoint", summary: "The server does not support the request (" + said + ")",
			suspects: []string{"token_endpoint, method, grant_type: compare them with the server's documentation"}}
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status == http.StatusGone:
		return finding{attribute: "token_endpoint", summary: "No token endpoint at this address (" + said + ")",
			suspects: []string{"token_endpoint: compare it with the server's documentation, or set issuer to discover it"}}
	case status == http.StatusUnsupportedMediaType || status == http.StatusNotAcceptable:
		return finding{summary: "The server rejects the format (" + said + ")", suspects: []string{
			"parameters_in: the server may expect json, or form", "headers: Content-Type and Accept must be what the server expects"}}
	case status == http.StatusTooManyRequests:
		return finding{summary: "The server limits requests (" + said + ")",
			remedy: "Retry later, with fewer requests: blocks with the same inputs share a token within a run."}
	case status == http.StatusInternalServerError:
		return r.failed(said)
	case httpstack.TransientStatus(status):
		return finding{summary: "The server is unavailable (" + said + ")", remedy: retryLater}
	case status/100 == 3: // redirections (RFC 9110 section 15.4)
		return finding{attribute: "token_endpoint", summary: "Redirect without a target (" + said + ")", remedy: "Set token_endpoint to the final address."}
	}
	if r.Code != "" {
		said = r.Code
	}
	found := r.blame("", "The server rejects the request ("+said+")", append(r.credentialSuspects(), r.scopeSuspect(), r.audienceSuspect())...)
	found.remedy = "Compare the request with the server's documentation."
	if mapping := r.errorMapping(); mapping != "" {
		found.remedy += " " + mapping + "."
	}
	return found
}

// unusable is for a response with a status of success and without a token.
func (r refusal) unusable() finding {
	found := finding{attribute: "token_endpoint", summary: "Unusable response from the token endpoint", facts: serverFacts(r.Error)}
	found.facts[0] = fmt.Sprintf("The %s returned %s, but %s.", r.Endpoint, r.Status(), r.Err)
	const operator = " Contact the server's operator."
	switch {
	case errors.Is(r.Error, oauth2.ErrNotJSON) && strings.Contains(r.ContentType, "json"):
		found.remedy = "The JSON is damaged or cut short, by the server or by a proxy in between." + operator
	case errors.Is(r.Error, oauth2.ErrNotJSON), errors.Is(r.Error, oauth2.ErrTooDeep):
		found.suspects = []string{"token_endpoint: a login page, a proxy or the server's web site seems to respond at this address"}
	case errors.Is(r.Error, oauth2.ErrNoAccessToken):
		found.attribute, found.suspects = r.noTokenSuspects()
	case errors.Is(r.Error, oauth2.ErrGivenTwice):
		found.remedy = "Which of them counts is undefined (RFC 8259 section 4), and guessing would be unsafe." + operator
	case errors.Is(r.Error, oauth2.ErrNotBound):
		found.attribute, found.suspects = "dpop_bound_access_tokens", []string{
			"the client's registration: tokens that are bound to a key (DPoP) may have to be enabled",
			"dpop_bound_access_tokens: the server may not support DPoP, and then issues bearer tokens",
		}
	case errors.Is(r.Error, oauth2.ErrUnsafeToken):
		found.remedy = "Such a token cannot be sent in an Authorization header." + operator
	}
	return found
}

// describeMetadata is for metadata that is unavailable or unusable.
func describeMetadata(response *oauth2.Error) finding {
	found := finding{attribute: "issuer", summary: "Unusable issuer metadata", facts: serverFacts(response)}
	switch {
	case errors.Is(response, oauth2.ErrIssuerMismatch):
		found.facts = append(found.facts[:1:1], sentence(response.Err.Error()))
		found.remedy = "The metadata must name the issuer exactly as it is configured (RFC 8414 section 3.3), including a trailing slash. " +
			"If the name in the document is right, set issuer to it."
	case response.Err != nil:
		found.facts = append(found.facts[:1:1], sentence(response.Err.Error()))
		found.remedy = withoutIssuer
	case response.StatusCode == http.StatusNotFound:
		found.summary = "No metadata for this issuer"
		found.facts = found.facts[:1]
		found.remedy = "Neither the address of RFC 8414 nor that of OpenID Connect has a document. " + withoutIssuer
	case response.StatusCode == http.StatusProxyAuthRequired:
		found.remedy = proxyCredentials
	case response.Temporary():
		found.summary = "The issuer's metadata is unavailable"
		found.remedy = "Retry later. Or set token_endpoint and token_endpoint_auth_method: then no metadata is needed."
	default:
		found.remedy = withoutIssuer
	}
	return found
}

// withoutIssuer says how to do without metadata.
const withoutIssuer = "Check issuer. Or set token_endpoint and token_endpoint_auth_method: then no metadata is needed."

// describeAPIError is for a response of an API with a status that is not expected.
func describeAPIError(response *oauth2.Error, request httpstack.Request, authenticated bool) finding {
	found := finding{
		attribute: "url",
		summary:   "The API returned " + response.Status(),
		facts:     append([]string{request.Method + " " + httpstack.ShowURL(request.URL)}, serverFacts(response)...),
	}
	found.suspects, found.remedy = apiAdvice(response, authenticated)
	return found
}

// apiAdvice says what to check, and what to do beside that, by the error code of RFC
// 6750 section 3.1 and the status.
func apiAdvice(response *oauth2.Error, authenticated bool) (suspects []string, remedy string) {
	challenge := oauth2.Challenge{}
	if response.Challenge != nil {
		challenge = *response.Challenge
	}
	code := cmp.Or(challenge.Code, response.Code)
	const trusted = "token_endpoint, issuer: the token must come from the authorization server that the API trusts"
	const audience = "token.audience, token.resources: the API may accept only tokens that are issued for it"
	switch status := response.StatusCode; {
	case authenticated && code == oauth2.InsufficientScope:
		required := "it lacks one that the API requires"
		if challenge.Scope != "" {
			required = fmt.Sprintf("the API requires %q", challenge.Scope)
		}
		return []string{"token.scopes: " + required, "the client's registration: the scope must be allowed for this client"}, ""
	case authenticated && status == http.StatusUnauthorized && (code == oauth2.InvalidDPoPProof || code == oauth2.UseDPoPNonce):
		return []string{
			"dpop_bound_access_tokens: the API takes tokens that are bound to a key, with a proof",
			"url: the proof names this address, and the API must know itself by it. Behind a proxy it may not",
			"the clocks of this machine and the API: a proof is valid for a short time",
		}, ""
	case authenticated && challenge.TakesNoToken():
		return []string{"the API: it requests " + challenge.Scheme + " credentials (WWW-Authenticate), not a token. Set authenticate = false and request_headers"}, ""
	case authenticated && (code == oauth2.InvalidToken || status == http.StatusUnauthorized):
		return []string{audience, trusted, "token.scopes: the API may require some", "token_header: the API may expect the token in another header field or under another scheme"}, ""
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

// commandRemedy is for a command that fails.
const commandRemedy = "Run the command by hand, in the same folder, as the same user and with the same environment. It has no terminal and no shell. " +
	"If it is slow, set a longer timeout in the provider block."

// describeAssertion is for an assertion that is unavailable. The attribute is
// signed_assertion or federated_assertion.
func describeAssertion(part *clientauth.AssertionError) finding {
	place := part.Attribute
	// Terraform does not point at the member, so the text names it.
	fact := "In " + place + ": " + strings.TrimRight(part.Err.Error(), ".?") + "."
	found := finding{attribute: place, summary: "The assertion cannot be signed", facts: []string{fact}}
	object, member, _ := strings.Cut(place, ".")
	if object == keys.MemberCommand { // of oauth2cc_jwt
		member = object
	}
	if object == "federated_assertion" {
		found.summary = "The platform's assertion is unavailable"
	}
	switch member {
	case "request", "request.pointer":
		found.remedy = "Check the URL of the request, and pointer, which says where the assertion is in the platform's response."
	case "pointer":
		found.remedy = "Set pointer to where the assertion is in the JSON that the command writes."
	case "command", keys.MemberCommand:
		found.remedy = commandRemedy
	}
	if errors.Is(part, context.Canceled) {
		return cancelled
	}
	if failure, ok := errors.AsType[*httpstack.Error](part); ok {
		return describeNetwork(failure, place)
	}
	if response, ok := errors.AsType[*oauth2.Error](part); ok {
		found.facts = serverFacts(response)
		switch {
		case response.StatusCode == http.StatusProxyAuthRequired:
			found.remedy = proxyCredentials
		case response.Temporary():
			found.remedy = "The platform is unavailable. Retry later."
		default:
			found.remedy = "Check the request, and that the pipeline's job may request an identity token: GitHub requires the permission \"id-token: write\", " +
				"Azure DevOps a service connection and SYSTEM_ACCESSTOKEN."
		}
	}
	return found
}
