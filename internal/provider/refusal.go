// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// refused is a token request that was refused, and the client that made it. Its
// methods word what to check, the most likely cause first.
type refused struct {
	*oauth2.Error

	client tokensource.Client
}

// blame is a finding for which the client itself is a suspect.
func (r refused) blame(attribute, summary string, suspects ...string) finding {
	return finding{attribute: attribute, summary: summary, facts: []string{r.authentication()}, suspects: suspects}
}

// authentication says how the client authenticated, where its credentials came from,
// and what it asserted.
func (r refused) authentication() string {
	text := "The client authenticated with " + r.client.TokenEndpointAuthMethod
	switch places, certain := r.elsewhere(); {
	case r.client.TokenEndpointAuthMethod == clientauth.ClientSecretBasic:
		text += fmt.Sprintf(" (%s encoding)", r.client.ClientSecretBasicEncoding)
	case r.client.TokenEndpointAuthMethod != clientauth.None:
	case certain:
		text = fmt.Sprintf("The client authenticated with %s (method none)", strings.Join(places, " and "))
	case len(places) > 0:
		text = fmt.Sprintf("The client sent no credentials, unless %s has some (method none)", strings.Join(places, " or "))
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
	var parts []string
	for _, in := range []struct {
		members map[string]any
		names   []string
	}{{r.Assertion.Header, []string{"alg", "kid"}}, {r.Assertion.Claims, []string{"iss", "sub", "aud"}}} {
		for _, name := range in.names {
			parts = append(parts, shown(name, in.members[name]))
		}
	}
	return text + " The assertion has " + strings.Join(parts, ", ") + "."
}

// origins says where the id and the credentials came from.
func (r refused) origins() string {
	names := []string{"client_id", r.client.AssertionAttribute()}
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

// shown writes a member of an assertion.
func shown(name string, value any) string {
	const longest = 200
	if value == nil {
		return "no " + name
	}
	text, _ := json.Marshal(value) // it was decoded from JSON
	if len(text) > longest {
		text = append(text[:longest], " …"...)
	}
	return name + " " + string(text)
}

// elsewhere lists where a client whose method is none may have its credentials, and
// reports whether they are there for certain.
func (r refused) elsewhere() (places []string, certain bool) {
	request := r.client.Request
	if !request.Body.IsZero() {
		return []string{"request_body"}, false
	}
	for _, name := range []string{"client_secret", "client_assertion"} {
		if !request.Parameters[name].IsZero() {
			places = append(places, "parameters."+name)
		}
	}
	for name := range request.Headers {
		if strings.EqualFold(name, "Authorization") {
			places = append(places, "headers.Authorization")
		}
	}
	if certain = len(places) > 0; certain {
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

// credentials are the suspects where the server does not accept the client.
func (r refused) credentials() []string {
	const registered = "client_id: the client must be registered at this server and enabled"
	switch r.client.TokenEndpointAuthMethod {
	case clientauth.TLSClientAuth, clientauth.SelfSignedTLSClientAuth:
		return r.withMethod([]string{
			"tls.client_certificate: this certificate must be registered for the client", registered,
			"token_endpoint: if the server has another address for connections with certificates (mtls_endpoint_aliases), it must be that one",
		})
	case clientauth.PrivateKeyJWT, clientauth.ClientSecretJWT:
		return r.withMethod(append(r.assertion(), registered))
	case clientauth.None:
		return append(r.unnamed(), registered)
	}
	suspects := []string{"client_id, client_secret: the client must be registered at this server and enabled, and the secret current"}
	if r.client.TokenEndpointAuthMethod == clientauth.ClientSecretBasic && needsEncoding(r.client) {
		if r.client.ClientSecretBasicEncoding == clientauth.BasicEncodingRaw {
			suspects = append(suspects, "client_secret_basic_encoding: the id or the secret has characters that RFC 6749 section 2.3.1 encodes. "+
				"If the server decodes them, remove \"raw\"")
		} else {
			suspects = append(suspects, "client_secret_basic_encoding: the id or the secret has characters that are encoded (RFC 6749 section 2.3.1). "+
				"If the server does not decode them, set \"raw\"")
		}
	}
	return r.withMethod(suspects)
}

// needsEncoding reports whether form-encoding changes the id or the secret.
func needsEncoding(client tokensource.Client) bool {
	return strings.ContainsFunc(client.ClientID+client.ClientSecret.Reveal(), func(char rune) bool {
		alphanumeric := 'a' <= char && char <= 'z' || 'A' <= char && char <= 'Z' || '0' <= char && char <= '9'
		return !alphanumeric && !strings.ContainsRune("-._~", char)
	})
}

// unnamed are the suspects where the method is none.
func (r refused) unnamed() []string {
	places, certain := r.elsewhere()
	switch {
	case !r.client.ClientSecret.IsZero():
		return []string{"token_endpoint_auth_method: it is none, so that client_secret is not sent"}
	case !r.client.Request.Body.IsZero():
		return []string{"request_body: the credentials in it must be current, and a code in it new. Codes can be used once"}
	case certain:
		return []string{strings.Join(places, ", ") + ": the credentials must be current, and in the form that the server expects"}
	case len(places) > 0:
		return []string{"client_secret: set it if the client has one", strings.Join(places, ", ") + ": if the credentials are there, they must be current"}
	default:
		return []string{"client_secret: set it if the client has one"}
	}
}

// withMethod adds the suspicion that the client is registered for another method: the
// first one, if the server's metadata does not list the method.
func (r refused) withMethod(suspects []string) []string {
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

// assertion are the suspects where the client signs assertions or its platform does.
func (r refused) assertion() []string {
	federated := r.client.FederatedAssertion != nil
	switch method := r.client.TokenEndpointAuthMethod; {
	case r.client.Request.Assertion == nil && method != clientauth.PrivateKeyJWT && method != clientauth.ClientSecretJWT:
		return nil
	case federated && method != clientauth.ClientSecretJWT:
		return append(r.clock(), "federated_assertion: the server must trust its issuer for this client, and expect this iss, sub and aud")
	}
	key := []string{"signed_assertion.private_key: its public key must be registered for this client"}
	switch sent := r.Assertion != nil && r.Assertion.Header["kid"] != nil; {
	case r.client.TokenEndpointAuthMethod == clientauth.ClientSecretJWT && r.client.Request.Assertion == nil:
		key = []string{"client_secret: it must be current"}
	case sent:
		key = append(key, "signed_assertion.key_id: it must be the id of the key in the registration")
	default:
		key = append(key, "signed_assertion.key_id: none was sent. Many servers need it to find the key")
	}
	algorithm := "signed_assertion.algorithm: the client must be registered for it"
	if listed := r.client.Metadata.Strings("token_endpoint_auth_signing_alg_values_supported"); len(listed) > 0 {
		algorithm += ". The server's metadata lists " + strings.Join(listed, ", ")
	}
	return slices.Concat(r.clock(), key, []string{
		"signed_assertion.audience: most servers expect the token endpoint, which is the default, and some their issuer", algorithm,
	})
}

// clock is the suspicion that a clock is wrong, if the server's and this machine's
// differ by more than the assertion is valid.
func (r refused) clock() []string {
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

// grant are the suspects where the server rejects what was presented as a grant.
func (r refused) grant() []string {
	switch {
	case r.client.Request.Assertion != nil:
		return r.assertion()
	case r.client.Request.GrantType == tokensource.GrantClientCredentials:
		return append([]string{
			"the client's registration: the client credentials grant must be enabled, and tokens not be bound to a key (DPoP, RFC 9449) or a certificate (RFC 8705)",
		}, r.credentials()...)
	default:
		return []string{"the grant: a code, an assertion or a refresh token may be wrong, used up or expired. Get a new one"}
	}
}

// source names the attribute that holds a request parameter.
func (r refused) source(attribute, parameter string) string {
	switch {
	case !r.client.Request.Body.IsZero():
		return "request_body"
	case !r.client.Request.Parameters[parameter].IsZero():
		return "parameters." + parameter
	default:
		return attribute
	}
}

// scopes is the suspicion that a scope is missing or not allowed.
func (r refused) scopes() string {
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

// audience is the suspicion that the audience is missing or not allowed.
func (r refused) audience() string {
	switch source := r.source("audience", "audience"); {
	case source != "audience":
		return source + ": the audience must be registered at the server and allowed for this client"
	case r.client.Request.Audience == "":
		return "audience: none was requested, and the server may require one"
	default:
		return fmt.Sprintf("audience: %q must be registered at the server and allowed for this client", r.client.Request.Audience)
	}
}

// network is the suspicion that the request was not refused by the server.
const network = "the network: a firewall, a proxy or an allow list in front of the server may block this machine"

// forbidden is for the status 403, whatever is meant by it. A page comes from a
// firewall or a proxy rather than from a token endpoint.
func (r refused) forbidden() finding {
	permission := []string{"the client's registration: the client must be allowed to have this token", r.scopes(), r.audience()}
	if r.NonJSONBody {
		page := []string{network, "token_endpoint: the response is a page, not that of a token endpoint"}
		return r.blame("", "The request is blocked (403 Forbidden)", slices.Concat(page, r.credentials(), permission)...)
	}
	return r.blame("client_id", "The server forbids the request (403 Forbidden)", slices.Concat(permission, r.credentials(), []string{network})...)
}

// noToken says what to check if there is no token in its place.
func (r refused) noToken() (attribute string, suspects []string) {
	if place, ok := r.client.Request.Fields[oauth2.FieldAccessToken]; ok {
		return "response_fields", []string{fmt.Sprintf("response_fields.access_token: it points at %q. Compare it with the members above", place)}
	}
	suspects = []string{
		"token_endpoint: it must be a token endpoint (RFC 6749 section 3.2)",
		"response_fields: if the token is elsewhere in the response, set response_fields = { access_token = \"/data/token\" }",
	}
	if mapping := r.mapping(); mapping != "" {
		suspects = append([]string{"the response: it may be a refusal. " + mapping}, suspects...)
	}
	return "token_endpoint", suspects
}

// mapping shows how to have a refusal recognized that is under names of the server's
// own; empty if there is none.
func (r refused) mapping() string {
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
