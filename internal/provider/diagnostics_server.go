// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// describeAnswer is for an answer of the token endpoint that holds no token.
func describeAnswer(answer *oauth2.Error, client tokensource.Client) finding {
	if answer.Err != nil {
		return describeUnusable(answer, client)
	}
	found, known := byCode(answer.Code, client)
	if answer.Code == oauth2.UnauthorizedClient && answer.StatusCode == http.StatusUnauthorized {
		found, known = byCode(oauth2.InvalidClient, client) // what Keycloak means by it
		found.summary = "The server does not accept the client (unauthorized_client)"
	}
	if !known {
		found = byStatus(answer, client)
	}
	found.facts = serverFacts(answer)
	return found
}

// serverFacts repeats what the server said.
func serverFacts(answer *oauth2.Error) []string {
	facts := []string{fmt.Sprintf("The %s answered %s.", answer.Endpoint, answer.Status())}
	var said []string
	for _, member := range []struct{ name, value string }{
		{"error", answer.Code},
		{"error_description", answer.Description},
		{"error_uri", answer.URI},
		{"answer", answer.Excerpt},
	} {
		if member.value != "" {
			said = append(said, fmt.Sprintf("  %s: %s", member.name, member.value))
		}
	}
	if len(said) > 0 {
		facts = append(facts, strings.Join(said, "\n"))
	}
	return facts
}

// byCode is the finding for an error code (RFC 6749 section 5.2 and extensions).
func byCode(code string, client tokensource.Client) (finding, bool) {
	switch code {
	case oauth2.InvalidClient:
		return finding{attribute: "client_id", summary: "The server does not accept the client (invalid_client)", remedy: invalidClientRemedy(client)}, true
	case oauth2.InvalidScope, "scope_invalid": // the latter is glewlwyd's
		return finding{attribute: "scopes", summary: "The server refuses a scope (" + code + ")", remedy: scopeRemedy(client)}, true
	case oauth2.UnauthorizedClient:
		return finding{attribute: "grant_type", summary: "The client may not use this grant (unauthorized_client)",
			remedy: "The server knows the client. Allow it the grant \"" + client.Request.GrantType + "\" in its registration there."}, true
	case oauth2.UnsupportedGrantType:
		return finding{attribute: "grant_type", summary: "The server does not know the grant (unsupported_grant_type)",
			remedy: "The request named the grant \"" + client.Request.GrantType + "\". Is token_endpoint the right address? " +
				"If the server uses another name, set grant_type; an empty string sends none."}, true
	case oauth2.InvalidRequest:
		return finding{attribute: "parameters", summary: "The server finds the request malformed (invalid_request)",
			remedy: "Mostly a parameter is missing or one too many: compare scopes, audience, resources and parameters with the server's documentation. " +
				"The client authenticated with " + methodOf(client) + "; a server that wants another method may call that malformed as well."}, true
	case oauth2.InvalidGrant:
		return finding{attribute: grantAttribute(client), summary: "The server refuses the grant (invalid_grant)", remedy: invalidGrantRemedy(client)}, true
	case oauth2.InvalidTarget:
		return finding{attribute: "resources", summary: "The server refuses the resource (invalid_target)",
			remedy: "Set resources or audience to a value that is registered at the server for this client."}, true
	case oauth2.AccessDenied:
		return finding{attribute: "audience", summary: "The server denies access (access_denied)",
			remedy: "The client is known and may not have this token. Many servers want an audience here, or the API assigned to the client in its registration."}, true
	case oauth2.UseDPoPNonce, oauth2.InvalidDPoPProof:
		return finding{attribute: "client_id", summary: "The server wants DPoP (" + code + ")",
			remedy: "The client is registered for tokens bound to a key (RFC 9449), which this provider does not ask for. " +
				"Turn that off in the client's registration: \"require DPoP\", or similar."}, true
	case oauth2.TemporarilyUnavailable, oauth2.ServerError:
		return finding{summary: "The server cannot answer now (" + code + ")", remedy: "Try again later."}, true
	}
	return finding{}, false
}

// invalidClientRemedy says what to check, by how the client authenticated.
func invalidClientRemedy(client tokensource.Client) string {
	asserts := client.TokenEndpointAuthMethod == clientauth.PrivateKeyJWT || client.TokenEndpointAuthMethod == clientauth.ClientSecretJWT
	remedy := "The client authenticated with " + methodOf(client) + ". Check client_id and client_secret, " +
		"and that the client is registered at this server and not disabled."
	switch {
	case client.TokenEndpointAuthMethod == clientauth.TLSClientAuth || client.TokenEndpointAuthMethod == clientauth.SelfSignedTLSClientAuth:
		return "The client proved itself with the certificate of the connection. Check client_id, and that this certificate is registered for it " +
			"at the server; and that token_endpoint is the address which asks for certificates, if there are two (mtls_endpoint_aliases)."
	case asserts:
		return "The client proved itself with a signed assertion. Check that its key or issuer is registered at the server for this client, " +
			"and that the server accepts the assertion's audience, which by default is the token endpoint: some servers want their issuer " +
			"(signed_assertion.audience)."
	case client.TokenEndpointAuthMethod == clientauth.None && !client.Request.Body.IsZero():
		return "The request was sent once. Check what is in request_body: the credentials, and that a code in it is new, as it is mostly good for one use."
	case client.TokenEndpointAuthMethod == clientauth.None:
		return "No credentials were sent, as the method is none. Set client_secret if the client has one."
	case client.TokenEndpointAuthMethod == clientauth.ClientSecretBasic && client.ClientSecretBasicEncoding != clientauth.BasicEncodingRaw &&
		needsEncoding(client):
		return remedy + " The id or the secret has characters that this method encodes (RFC 6749 section 2.3.1): " +
			"where a server does not decode them, set client_secret_basic_encoding = \"raw\"."
	default:
		return remedy + " Where the registration names another method, set token_endpoint_auth_method."
	}
}

// needsEncoding tells whether form-encoding changes the id or the secret.
func needsEncoding(client tokensource.Client) bool {
	return strings.ContainsFunc(client.ClientID+client.ClientSecret.Reveal(), func(char rune) bool {
		alphanumeric := 'a' <= char && char <= 'z' || 'A' <= char && char <= 'Z' || '0' <= char && char <= '9'
		return !alphanumeric && !strings.ContainsRune("-._~", char)
	})
}

// methodOf names how the client authenticated.
func methodOf(client tokensource.Client) string {
	if client.TokenEndpointAuthMethod == clientauth.ClientSecretBasic {
		encoding := client.ClientSecretBasicEncoding
		if encoding == "" {
			encoding = clientauth.BasicEncodingForm
		}
		return clientauth.ClientSecretBasic + " (" + encoding + " encoding)"
	}
	return client.TokenEndpointAuthMethod
}

// grantAttribute is the attribute that what is presented as a grant comes from.
func grantAttribute(client tokensource.Client) string {
	switch {
	case client.Request.Assertion != nil:
		return client.AssertionAttribute()
	case client.Request.GrantType == tokensource.GrantClientCredentials:
		return "client_id"
	default:
		return "parameters"
	}
}

// invalidGrantRemedy says what to check, by what was presented as a grant.
func invalidGrantRemedy(client tokensource.Client) string {
	switch {
	case client.Request.Assertion != nil:
		return "Check that the server trusts the issuer of the assertion and its key, and accepts its audience, which by default is the token endpoint."
	case client.Request.GrantType == tokensource.GrantClientCredentials:
		return "Nothing beside the client was presented, so that the client itself is at fault: it may be registered for tokens bound to a key " +
			"(DPoP, RFC 9449) or to a certificate (RFC 8705), or not for client credentials."
	default:
		return "What was presented (a code, an assertion or a refresh token) is wrong, used up, or has expired. Get a new one."
	}
}

// lowerFirst makes the first letter of a sentence a small one.
func lowerFirst(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(first)) + text[size:]
}

// scopeRemedy names the scopes that were asked for.
func scopeRemedy(client tokensource.Client) string {
	if len(client.Request.Scopes) == 0 {
		return "No scope was asked for, and the server has no default for this client. Set scopes."
	}
	return fmt.Sprintf("Asked for: %s. Each must exist at the server and be allowed for this client.", strings.Join(client.Request.Scopes, " "))
}

// byStatus is the finding for an answer whose error code is unknown or missing.
func byStatus(answer *oauth2.Error, client tokensource.Client) finding {
	summary := "The server refuses the request (" + answer.Status() + ")"
	switch status := answer.StatusCode; {
	case status == http.StatusUnauthorized:
		return finding{attribute: "client_id", summary: "The server does not accept the client (401 Unauthorized)", remedy: invalidClientRemedy(client)}
	case status == http.StatusForbidden && answer.Page:
		return finding{summary: "Something before the server seems to forbid the request (403 Forbidden)",
			remedy: "What answered is a page and no token endpoint: a firewall, a proxy or a list of permitted addresses, most likely. " +
				"Have it let this machine through, or check token_endpoint."}
	case status == http.StatusForbidden:
		return finding{attribute: "client_id", summary: "The server forbids the request (403 Forbidden)", remedy: forbiddenRemedy(client)}
	case strings.Contains(answer.Excerpt, "SSL certificate"): // which is how nginx says it
		return finding{summary: "The server wants a client certificate (" + answer.Status() + ")",
			remedy: "Set tls = { client_certificate = …, client_key = … } in the provider block, or another certificate where it refuses the one that is set."}
	case status == http.StatusProxyAuthRequired:
		return finding{summary: "A proxy wants credentials (407 Proxy Authentication Required)", remedy: proxyCredentials}
	case status == http.StatusNotImplemented:
		return finding{attribute: "token_endpoint", summary: "The server does not support the request (501 Not Implemented)",
			remedy: "Compare token_endpoint, method and grant_type with the server's documentation."}
	case slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone}, status):
		return finding{attribute: "token_endpoint", summary: "There is no token endpoint at this address (" + answer.Status() + ")",
			remedy: "Check token_endpoint against the server's documentation, or set issuer to have it discovered."}
	case status == http.StatusUnsupportedMediaType || status == http.StatusNotAcceptable:
		return finding{attribute: "headers", summary: summary, remedy: "The server wants another format. Set Content-Type or Accept in headers as its documentation says."}
	case status == http.StatusTooManyRequests:
		return finding{summary: "The server limits the number of requests (429 Too Many Requests)",
			remedy: "Wait, and ask less often: tokens with the same inputs are shared within a run."}
	case httpstack.TransientStatus(status):
		return finding{summary: "The server failed (" + answer.Status() + ")", remedy: "Nothing is wrong with the configuration as far as can be told. Try again later."}
	case status/100 == 3: // redirections (RFC 9110 section 15.4)
		return finding{attribute: "token_endpoint", summary: summary, remedy: "The server points elsewhere without saying where to. Set token_endpoint to the final address."}
	case answer.Code != "":
		return finding{summary: "The server refuses the request (" + answer.Code + ")", remedy: "See the server's documentation for this error."}
	default:
		return finding{summary: summary, remedy: "Compare the request with the server's documentation. The client authenticated with " + methodOf(client) + "."}
	}
}

// forbiddenRemedy says what 403 may mean.
func forbiddenRemedy(client tokensource.Client) string {
	remedy := "Either the client may not have this token: check its permissions at the server, and the scopes, audience and resources asked for. " +
		"Or something in front of the server (a firewall, a proxy, a list of permitted addresses) refuses this machine. " +
		"Or the server means 401 and does not accept the client: " + lowerFirst(invalidClientRemedy(client))
	if !strings.Contains(remedy, methodOf(client)) {
		remedy += " The client authenticated with " + methodOf(client) + "."
	}
	return remedy
}

// describeUnusable is for an answer with a status of success and without a token.
func describeUnusable(answer *oauth2.Error, client tokensource.Client) finding {
	found := finding{
		attribute: "token_endpoint",
		summary:   "The answer cannot be used",
		facts:     []string{fmt.Sprintf("The %s answered %s, but %s.", answer.Endpoint, answer.Status(), answer.Err)},
	}
	switch {
	case errors.Is(answer, oauth2.ErrNotJSON) && strings.Contains(answer.ContentType, "json"):
		found.remedy = "What the server calls JSON is damaged or cut short. Tell who runs it, or what stands between it and this machine."
	case errors.Is(answer, oauth2.ErrNotJSON):
		found.remedy = "Something other than a token endpoint seems to answer there: a login page, a proxy, or the server's web site. Check token_endpoint."
	case errors.Is(answer, oauth2.ErrNoAccessToken):
		found.attribute, found.remedy = noAccessTokenRemedy(client)
	case errors.Is(answer, oauth2.ErrTooDeep):
		found.remedy = "No token endpoint answers like that. Check token_endpoint."
	case errors.Is(answer, oauth2.ErrTwoTokens):
		found.remedy = "Which of them counts is open (RFC 8259 section 4), and guessing would be unsafe. Tell who runs the server."
	case errors.Is(answer, oauth2.ErrUnsafeToken):
		found.remedy = "Such a token could not be sent in an Authorization header. Tell who runs the server."
	}
	return found
}

// noAccessTokenRemedy says what to do where there is no token in its place, and to
// which attribute.
func noAccessTokenRemedy(client tokensource.Client) (attribute, remedy string) {
	if place, ok := client.Request.Fields[oauth2.FieldAccessToken]; ok {
		return "response_fields", fmt.Sprintf("The place is that of response_fields.access_token, %q. Compare it with what the answer has, "+
			"and with the server's documentation.", place)
	}
	return "token_endpoint", "Check that token_endpoint is a token endpoint (RFC 6749 section 3.2). If it is and the token is elsewhere in the answer, " +
		"say where: response_fields = { access_token = \"/data/token\" }."
}

// describeMetadata is for metadata that cannot be had.
func describeMetadata(answer *oauth2.Error) finding {
	found := finding{attribute: "issuer", summary: "The issuer's metadata cannot be used", facts: serverFacts(answer)}
	switch {
	case errors.Is(answer, oauth2.ErrIssuerMismatch):
		found.facts = append(found.facts[:1:1], sentence(answer.Err.Error()))
		found.remedy = "The metadata must name the issuer exactly as it is configured (RFC 8414 section 3.3), a slash at the end included. " +
			"If that other name is right, set issuer to it."
	case answer.Err != nil:
		found.facts = append(found.facts[:1:1], sentence(answer.Err.Error()))
		found.remedy = withoutIssuer
	case answer.StatusCode == http.StatusNotFound:
		found.summary = "There is no metadata for this issuer"
		found.facts = found.facts[:1]
		found.remedy = "Neither the address of RFC 8414 nor that of OpenID Connect has any. " + withoutIssuer
	case answer.StatusCode == http.StatusProxyAuthRequired:
		found.remedy = proxyCredentials
	case answer.Temporary():
		found.summary = "The issuer's metadata cannot be had now"
		found.remedy = "Try again later. Or set token_endpoint and token_endpoint_auth_method: then nothing needs to be discovered."
	default:
		found.remedy = withoutIssuer
	}
	return found
}

// withoutIssuer says how to do without metadata.
const withoutIssuer = "Check issuer. Or set token_endpoint and token_endpoint_auth_method: then nothing needs to be discovered."
