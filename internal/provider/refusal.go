// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// refusal is a refused token request, with the client that made it. Its methods say
// what to check, the most likely cause first.
type refusal struct {
	*oauth2.Error

	client tokensource.Client
}

// blame is a finding for which the client itself is a suspect.
func (r refusal) blame(attribute, summary string, suspects ...string) finding {
	return finding{attribute: attribute, summary: summary, facts: []string{r.authentication()}, suspects: suspects}
}

// authentication says how the client authenticated, where its credentials came from,
// and which key and audience its assertion had.
func (r refusal) authentication() string {
	text := "The client authenticated with " + r.client.TokenEndpointAuthMethod
	switch places, certain := r.otherCredentials(); {
	case r.client.TokenEndpointAuthMethod == clientauth.ClientSecretBasic:
		text += fmt.Sprintf(" (%s encoding)", r.client.ClientSecretBasicEncoding)
	case r.client.TokenEndpointAuthMethod != clientauth.None:
	case certain:
		text = fmt.Sprintf("The client authenticated with %s (method none)", strings.Join(places, " and "))
	case len(places) > 0:
		text = fmt.Sprintf("The client sent no credentials, unless %s has some (method none)", strings.Join(places, " or "))
	case r.client.Request.Assertion != nil:
		text = "The grant is the JWT of " + r.client.GrantAttribute() + ", and the client did not authenticate (method none)"
	default:
		text = "The client sent no credentials (method none)"
	}
	if origins := r.origins(); origins != "" {
		text += ": " + origins
	}
	text += "."
	if r.Assertion == nil {
		return text
	}
	header, claims := r.Assertion.Header, r.Assertion.Claims // other claims may be private
	return text + fmt.Sprintf(" The assertion has %s, %s, %s.", shownMember("alg", header), shownMember("kid", header), shownMember("aud", claims))
}

// origins says where the id and the credentials came from.
func (r refusal) origins() string {
	names := []string{"client_id", "signed_assertion", "federated_assertion"}
	if slices.Contains(clientauth.SecretMethods(), r.client.TokenEndpointAuthMethod) {
		names = append(names, "client_secret")
	}
	text, last := "", ""
	for _, name := range names {
		origin := r.client.Origins[name]
		switch origin {
		case "":
			continue
		case last:
			text = strings.TrimSuffix(text, " from "+origin)
		}
		if text != "" {
			text += ", "
		}
		text, last = text+name+" from "+origin, origin
	}
	return text
}

// shownMember shows a member of an assertion.
func shownMember(name string, of map[string]any) string {
	const longest = 200
	if of[name] == nil {
		return "no " + name
	}
	text, _ := json.Marshal(of[name]) // it was decoded from JSON
	if len(text) > longest {
		text = append(text[:longest], " …"...)
	}
	return name + " " + string(text)
}

// otherCredentials lists where a client whose method is none may have credentials, and
// reports whether it has some there for certain.
func (r refusal) otherCredentials() (places []string, certain bool) {
	request := r.client.Request
	if !request.Body.IsZero() {
		return []string{"request_body"}, false
	}
	if places = tokensource.CredentialPlaces(request); len(places) > 0 {
		return places, true
	}
	if len(request.Parameters) > 0 {
		places = append(places, "parameters")
	}
	if len(request.Headers) > 0 {
		places = append(places, "headers")
	}
	return places, false
}

// credentialSuspects apply if the server does not accept the client.
func (r refusal) credentialSuspects() []string {
	const registered = "client_id: the client must be registered at this server and enabled"
	switch r.client.TokenEndpointAuthMethod {
	case clientauth.TLSClientAuth, clientauth.SelfSignedTLSClientAuth:
		return r.withMethodSuspect([]string{
			"tls.client_certificate: this certificate must be registered for the client", registered,
			"token_endpoint: if the server has another address for connections with certificates (mtls_endpoint_aliases), it must be that one",
		})
	case clientauth.PrivateKeyJWT, clientauth.ClientSecretJWT:
		return r.withMethodSuspect(append(r.assertionSuspects(), registered))
	case clientauth.None:
		return append(r.noneSuspects(), registered)
	}
	suspects := []string{"client_id, client_secret: the client must be registered at this server and enabled, and the secret current"}
	credentials := r.client.ClientID + r.client.ClientSecret.Reveal()
	if r.client.TokenEndpointAuthMethod == clientauth.ClientSecretBasic && credentials != url.QueryEscape(credentials) {
		if r.client.ClientSecretBasicEncoding == clientauth.BasicEncodingRaw {
			suspects = append(suspects, "client_secret_basic_encoding: the id or the secret has characters that RFC 6749 section 2.3.1 encodes. "+
				"If the server decodes them, remove \"raw\"")
		} else {
			suspects = append(suspects, "client_secret_basic_encoding: the id or the secret has characters that are encoded (RFC 6749 section 2.3.1). "+
				"If the server does not decode them, set \"raw\"")
		}
	}
	return r.withMethodSuspect(suspects)
}

// noneSuspects apply if the method is none.
func (r refusal) noneSuspects() []string {
	places, certain := r.otherCredentials()
	switch {
	case !r.client.ClientSecret.IsZero():
		return []string{"token_endpoint_auth_method: it is none, so that client_secret is not sent"}
	case !r.client.Request.Body.IsZero():
		return []string{"request_body: the credentials in it must be current, and a code in it new. Codes can be used once"}
	case certain:
		return []string{strings.Join(places, ", ") + ": the credentials must be current, and in the form that the server expects"}
	case len(places) > 0:
		return []string{strings.Join(places, ", ") + ": if the credentials are there, they must be current",
			"client_secret: set it if the client has one, and remove token_endpoint_auth_method"}
	default:
		return []string{"client_secret: set it if the client has one"}
	}
}

// withMethodSuspect adds that the client may be registered for another method, in the
// first place if the server's metadata does not list the method.
func (r refusal) withMethodSuspect(suspects []string) []string {
	method := r.client.TokenEndpointAuthMethod
	suspect := "token_endpoint_auth_method: the client must be registered for " + method
	listed := r.client.Metadata.Strings("token_endpoint_auth_methods_supported")
	switch {
	case len(listed) == 0:
	case !slices.Contains(listed, method):
		return append([]string{"token_endpoint_auth_method: the server's metadata does not list " + method + " but " + strings.Join(listed, ", ")}, suspects...)
	default:
		suspect += ". The server's metadata lists " + strings.Join(listed, ", ")
	}
	return append(suspects, suspect)
}

// assertionSuspects apply if the client or its platform signs assertions.
func (r refusal) assertionSuspects() []string {
	federated := r.client.FederatedAssertion != nil
	switch method := r.client.TokenEndpointAuthMethod; {
	case r.client.Request.Assertion == nil && method != clientauth.PrivateKeyJWT && method != clientauth.ClientSecretJWT:
		return nil
	case federated && method != clientauth.ClientSecretJWT:
		return append(r.clockSuspects(), "federated_assertion: the server must trust its issuer for this client, and expect its iss, sub and aud")
	}
	key := []string{"signed_assertion.private_key: its public key must be registered for this client"}
	sends := func(header string) bool { return r.Assertion != nil && r.Assertion.Header[header] != nil }
	if signed := r.client.SignedAssertion; signed != nil && signed.Certificate == "" && sends("x5t") {
		key = []string{"signed_assertion.pkcs12: its certificate must be registered for this client"}
	}
	if signed := r.client.SignedAssertion; signed != nil && signed.Key.Command != nil {
		key = []string{"signed_assertion.private_key_command: the public key of the key that it signs with must be registered for this client"}
	}
	switch {
	case r.client.TokenEndpointAuthMethod == clientauth.ClientSecretJWT && r.client.Request.Assertion == nil:
		key = []string{"client_secret: it must be current"}
	case sends("kid"):
		key = append(key, "signed_assertion.key_id: it must be the id of the key in the registration")
	default:
		key = append(key, "signed_assertion.key_id: none was sent. Many servers need it to find the key")
	}
	algorithm := "signed_assertion.algorithm: the client must be registered for it"
	if listed := r.client.Metadata.Strings("token_endpoint_auth_signing_alg_values_supported"); len(listed) > 0 {
		algorithm += ". The server's metadata lists " + strings.Join(listed, ", ")
	}
	return slices.Concat(r.clockSuspects(), key, []string{
		"signed_assertion.audience: most servers expect the token endpoint, which is the default, and some their issuer", algorithm,
	})
}

// clockSuspects apply if the server's clock and this machine's differ by more than the
// assertion's lifetime.
func (r refusal) clockSuspects() []string {
	if r.Assertion == nil {
		return nil
	}
	lifetime, offset, direction := r.Assertion.Lifetime(), r.ClockOffset.Truncate(time.Second), "ahead of"
	if offset < 0 {
		offset, direction = -offset, "behind"
	}
	if lifetime <= 0 || offset <= lifetime {
		return nil
	}
	return []string{fmt.Sprintf("the clocks: the server's is %s %s this machine's, and the assertion is valid for %s", offset, direction, lifetime)}
}

// grantSuspects apply if the server rejects the grant.
func (r refusal) grantSuspects() []string {
	switch {
	case r.client.Request.Assertion != nil:
		return r.assertionSuspects()
	case r.client.Request.GrantType == tokensource.GrantClientCredentials:
		return append([]string{
			"the client's registration: the client credentials grant must be enabled. Tokens that are bound to a key (DPoP, RFC 9449) need dpop_bound_access_tokens, and to a certificate (RFC 8705) tls.client_certificate",
		}, r.credentialSuspects()...)
	default:
		return []string{"the grant: a code, an assertion or a refresh token may be wrong, used up or expired. Get a new one"}
	}
}

// source names the attribute that holds a request parameter.
func (r refusal) source(attribute, parameter string) string {
	switch {
	case !r.client.Request.Body.IsZero():
		return "request_body"
	case !r.client.Request.Parameters[parameter].IsZero():
		return "parameters." + parameter
	default:
		return attribute
	}
}

// scopeSuspect applies if a scope may be missing or not allowed.
func (r refusal) scopeSuspect() string {
	requested := r.client.Request.Scopes
	switch source := r.source("scopes", "scope"); {
	case source != "scopes":
		return source + ": each scope must exist at the server and be allowed for this client"
	case len(requested) == 0:
		return "scopes: none were requested, and the server may require some"
	default:
		return fmt.Sprintf("scopes: each of %q must exist at the server and be allowed for this client", strings.Join(requested, " "))
	}
}

// audienceSuspect applies if the audience may be missing or not allowed.
func (r refusal) audienceSuspect() string {
	switch source := r.source("audience", "audience"); {
	case source != "audience":
		return source + ": the audience must be registered at the server and allowed for this client"
	case r.client.Request.Audience == "":
		return "audience: none was requested, and the server may require one"
	default:
		return fmt.Sprintf("audience: %q must be registered at the server and allowed for this client", r.client.Request.Audience)
	}
}

// network applies if something in front of the server may have refused the request.
const network = "the network: a firewall, a proxy or an allow list in front of the server may block this machine"

// forbidden is for the status 403 without a known error code. A page comes from a firewall
// or a proxy rather than from a token endpoint.
func (r refusal) forbidden() finding {
	permission := []string{"the client's registration: the client must be allowed to have this token", r.scopeSuspect(), r.audienceSuspect()}
	if r.NonJSONBody {
		page := []string{network, "token_endpoint: the response is a page, not that of a token endpoint"}
		return r.blame("", "The request is blocked (403 Forbidden)", slices.Concat(page, r.credentialSuspects(), permission)...)
	}
	return r.blame("client_id", "The server forbids the request (403 Forbidden)", slices.Concat(permission, r.credentialSuspects(), []string{network})...)
}

// noTokenSuspects says what to check if there is no token in its place.
func (r refusal) noTokenSuspects() (attribute string, suspects []string) {
	if place, ok := r.client.Request.Fields[oauth2.FieldAccessToken]; ok {
		return "response_fields", []string{fmt.Sprintf("response_fields.access_token: it points at %q. Compare it with the members above", place)}
	}
	// A message alone would not be recognized as an error, and success must not be.
	if slices.ContainsFunc(r.Reasons, func(reason oauth2.Reason) bool { return reason.Code && !reason.Success() }) {
		suspects = append(suspects, "the response: it may be a refusal. "+r.errorMapping())
	}
	const endpoint = "token_endpoint: it must be a token endpoint (RFC 6749 section 3.2)"
	if r.TokenPlace != "" {
		return "response_fields", append(suspects, fmt.Sprintf("response_fields: the token may be elsewhere. Set response_fields = { access_token = %q }", r.TokenPlace), endpoint)
	}
	return "token_endpoint", append(suspects, endpoint,
		"response_fields: if the token is elsewhere in the response, set response_fields = { access_token = \"/data/token\" }")
}

// errorMapping shows how to map an error that the server reports under its own names; empty
// if there is none.
func (r refusal) errorMapping() string {
	var fields []string
	for _, reason := range r.Reasons {
		field := oauth2.FieldErrorDescription
		if reason.Code {
			field = oauth2.FieldError
		}
		entry := field + " = "
		if _, mapped := r.client.Request.Fields[field]; !mapped && !slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, entry) }) {
			fields = append(fields, fmt.Sprintf("%s%q", entry, reason.Place))
		}
	}
	if len(fields) == 0 {
		return ""
	}
	slices.Sort(fields)
	return fmt.Sprintf("To have such responses recognized, set response_fields = { %s }", strings.Join(fields, ", "))
}
