// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// This file holds the rules about a client's attributes. They also apply to
// configurations with unknown values: no rule is broken that depends on one.

// Causes of a [*ConfigError] that [ClientConfig.Conflicts] and [ClientConfig.Unused]
// find.
var (
	// ErrTwoMethods reports credentials of a second authentication method (RFC 6749
	// section 2.3), which Detail names.
	ErrTwoMethods    = errors.New("a client must not use two authentication methods at once")
	ErrTwoAssertions = errors.New("a client authenticates with one assertion")
	// ErrColonInID reports a client id that cannot be told from the secret in a header
	// field of raw Basic (RFC 7617 section 2).
	ErrColonInID = errors.New("a client id with a colon cannot be sent in raw HTTP Basic")
	// ErrPlaintextCertificate reports a method that needs TLS, which Detail names.
	ErrPlaintextCertificate = errors.New("a client certificate cannot be presented over plaintext http")
	// ErrNoBody reports a GET request with what would be its body, in the attribute
	// that Detail names.
	ErrNoBody         = errors.New("a GET request has no body")
	ErrReplacedByBody = errors.New("request_body is sent instead")
	// ErrTwiceInQuery reports that the query of token_endpoint already has the parameter
	// in Detail (RFC 6749 section 3.2).
	ErrTwiceInQuery       = errors.New("a parameter must not be sent twice")
	ErrSecretNotSent      = errors.New("the client does not authenticate")
	ErrNotSent            = errors.New("the authentication method does not use it")
	ErrSecretAndAssertion = errors.New("the client has an assertion and a secret")
	ErrKeyNotUsed         = errors.New("tokens are not bound to the key")
	ErrNoPrivateKey       = errors.New("a certificate needs its private key")
)

// Conflicts lists the attributes that would not reach the server, or must not be sent
// together. With final, nothing else is merged with the configuration, so the method may
// follow from it.
func (c ClientConfig) Conflicts(final bool) []*ConfigError {
	client := c.client()
	asserts := c.isSet("signed_assertion") || c.isSet("federated_assertion")
	if final && !c.isSet("token_endpoint_auth_method") && !c.isSet("issuer") && !c.ClientSecret.IsZero() && !asserts {
		client.TokenEndpointAuthMethod = clientauth.ClientSecretBasic
	}
	found := conflicts(client.conflicts(c.Unknown))
	found.add(final && !c.DPoPPrivateKey.IsZero() && !c.isSet("dpop_bound_access_tokens"), "dpop_private_key", ErrKeyNotUsed, "")
	return found
}

// checkComplete reports all at once what is required and not set: an address of the
// server, what the client authenticates with, and the assertion of a JWT bearer grant.
// Some servers exchange tokens without a subject token.
func (c *Client) checkComplete(server Server) error {
	var missing []string
	require := func(set bool, attribute string) {
		if !set && !slices.Contains(missing, attribute) {
			missing = append(missing, attribute)
		}
	}
	require(server.Issuer != "" || server.TokenEndpoint != "", "token_endpoint")
	method, _ := c.inferMethod(nil)
	id, signed := c.ClientID != "", c.SignedAssertion
	grant, assertion := c.GrantAttribute(), c.authAttribute()
	authenticates := method == clientauth.PrivateKeyJWT && assertion == signedAttribute
	switch method {
	case clientauth.ClientSecretBasic, clientauth.ClientSecretPost, clientauth.ClientSecretJWT:
		require(id, "client_id")
		require(!c.ClientSecret.IsZero(), "client_secret")
	case clientauth.TLSClientAuth, clientauth.SelfSignedTLSClientAuth:
		require(id, "client_id")
		require(c.Connection.hasCertificate(), "tls.client_certificate")
	case clientauth.PrivateKeyJWT:
		require(assertion != "" || grant != "", signedAttribute)
		require(!authenticates || !signed.Key.IsZero(), "signed_assertion.private_key")
	}
	require(!authenticates && grant != signedAttribute || signed.Claims != "" || id, "client_id")
	bearer := c.Request.GrantType == oauth2.GrantJWTBearer && c.takesAssertion() && c.Request.Body.IsZero()
	require(!bearer || grant != "", signedAttribute)
	if len(missing) == 0 {
		return nil
	}
	return missingError(missing[0], missing[1:]...)
}

// client is the configuration before anything is resolved.
func (c ClientConfig) client() Client {
	client := Client{Credentials: c.Credentials, Request: c.Request, Origins: c.Origins}
	client.Request.Endpoint = c.TokenEndpoint
	return client
}

// isSet reports whether an attribute is set, to a known value or not.
func (c ClientConfig) isSet(attribute string) bool {
	_, set := c.Origins[attribute]
	return set
}

// conflicts is [ClientConfig.Conflicts] for a client that may already be resolved.
func (c *Client) conflicts(unknown map[string]bool) []*ConfigError {
	var found conflicts
	endpoint, err := url.Parse(c.Request.Endpoint)
	if err != nil {
		endpoint = &url.URL{}
	}
	method := c.TokenEndpointAuthMethod
	basic, authorization := method == clientauth.ClientSecretBasic, hasAuthorization(c.Request.Headers)
	sendsAssertion := method != clientauth.None
	found.add(c.ClientSecretBasicEncoding == clientauth.BasicEncodingRaw && (basic || method == "") && strings.Contains(c.ClientID, ":"),
		"client_id", ErrColonInID, "")
	two := c.SignedAssertion != nil && c.FederatedAssertion != nil
	found.add(two && c.GrantAttribute() == "" && !unknown["grant_type"], federatedAttribute, ErrTwoAssertions, "")
	found.add(sendsAssertion && authorization && c.asserts(unknown), "headers", ErrTwoMethods, "an assertion")
	found.add(basic && authorization, "token_endpoint_auth_method", ErrTwoMethods, "the Authorization header in headers")
	for _, name := range []string{"client_secret", "client_assertion"} {
		found.add(basic && !c.Request.Parameters[name].IsZero(), "token_endpoint_auth_method", ErrTwoMethods, name+" in parameters")
	}
	found.add(clientauth.UsesCertificate(method) && endpoint.Scheme == "http", "token_endpoint", ErrPlaintextCertificate, method)

	body := !c.Request.Body.IsZero()
	inBody := !unknown["parameters_in"] && c.Request.ParametersIn != oauth2.InQuery
	get := c.Request.Method == http.MethodGet
	found.add(get && body, "method", ErrNoBody, "request_body")
	found.add(get && inBody && !body && !unknown["request_body"], "method", ErrNoBody, "parameters_in")
	assertion := cmp.Or(c.GrantAttribute(), c.authAttribute())
	found.add(body && sendsAssertion && assertion != "", assertion, ErrReplacedByBody, "")
	for _, pair := range c.configuredParameters() {
		found.add(body, pair.attribute, ErrReplacedByBody, "")
		found.add(!body && endpoint.Query().Has(pair.parameter), pair.attribute, ErrTwiceInQuery, pair.parameter)
	}
	_, setsPlace := c.Origins["parameters_in"]
	found.add(body && setsPlace, "parameters_in", ErrReplacedByBody, "")
	inParameters := method == clientauth.ClientSecretPost || method == clientauth.ClientSecretJWT || method == clientauth.PrivateKeyJWT
	found.add(body && inParameters, "token_endpoint_auth_method", ErrReplacedByBody, "")
	return found
}

// conflicts are rules that a configuration breaks.
type conflicts []*ConfigError

func (c *conflicts) add(broken bool, attribute string, err error, detail string) {
	same := func(other *ConfigError) bool {
		return other.Attribute == attribute && errors.Is(other.Err, err) && other.Detail == detail
	}
	if broken && !slices.ContainsFunc(*c, same) {
		*c = append(*c, &ConfigError{Attribute: attribute, Err: err, Detail: detail})
	}
}

// configured is a parameter with the attribute that sets it.
type configured struct{ attribute, parameter string }

// configuredParameters lists the parameters that attributes set, without those that are
// sent by default.
func (c *Client) configuredParameters() []configured {
	var pairs []configured
	add := func(set bool, attribute, parameter string) {
		if set {
			pairs = append(pairs, configured{attribute, parameter})
		}
	}
	_, setsGrant := c.Origins["grant_type"]
	add(setsGrant && c.Request.GrantType != "", "grant_type", "grant_type")
	add(len(c.Request.Scopes) > 0, "scopes", "scope")
	add(c.Request.Audience != "", "audience", "audience")
	add(len(c.Request.Resources) > 0, "resources", "resource")
	for _, name := range slices.Sorted(maps.Keys(c.Request.Parameters)) {
		add(!c.Request.Parameters[name].IsZero(), "parameters", name)
	}
	return pairs
}

// Unused lists the attributes that have no effect because of others in the same block,
// and what is wrong with its assertion. Attributes of another block or the environment
// make nothing unused: they may serve other blocks.
func (c ClientConfig) Unused(now func() time.Time) []*ConfigError {
	var found conflicts
	client, method := c.client(), c.TokenEndpointAuthMethod
	authenticates, assertion := client.asserts(c.Unknown), client.authAttribute()
	byKey := assertion == federatedAttribute || c.signs()
	sent := method == clientauth.PrivateKeyJWT || method == clientauth.ClientSecretJWT && !byKey
	found.add(method == clientauth.None && !c.ClientSecret.IsZero(), "token_endpoint_auth_method", ErrSecretNotSent, "")
	found.add(method != "" && method != clientauth.ClientSecretBasic && c.ClientSecretBasicEncoding != "", "client_secret_basic_encoding", ErrNotSent, method)
	found.add(authenticates && byKey && !c.ClientSecret.IsZero() && !c.isSet("token_endpoint_auth_method"),
		"token_endpoint_auth_method", ErrSecretAndAssertion, "")
	bound := c.DPoPBoundAccessTokens || c.Unknown["dpop_bound_access_tokens"]
	found.add(!bound && c.isSet("dpop_bound_access_tokens") && !c.DPoPPrivateKey.IsZero(), "dpop_private_key", ErrKeyNotUsed, "")
	found.add(authenticates && method != "" && !sent, assertion, ErrNotSent, method)
	if err := c.checkSignature(authenticates, now); err != nil {
		found.add(true, "signed_assertion", err, "")
	}
	return found
}

// checkSignature checks that key, algorithm and certificate match, as far as they are
// known and each is valid by itself.
func (c ClientConfig) checkSignature(authenticates bool, now func() time.Time) error {
	var assertion clientauth.SignedAssertion
	if c.SignedAssertion != nil {
		assertion = *c.SignedAssertion
	}
	unknown := func(members ...string) bool {
		return slices.ContainsFunc(members, func(member string) bool { return c.Unknown["signed_assertion."+member] })
	}
	keyless := c.SignedAssertion != nil && assertion.Key.IsZero() && !unknown(keys.MemberPrivateKey, keys.MemberPKCS12, keys.MemberCommand)
	if keyless && assertion.Certificate != "" {
		return ErrNoPrivateKey
	}
	bySecret := c.TokenEndpointAuthMethod == clientauth.ClientSecretJWT ||
		(!c.isSet("token_endpoint_auth_method") && authenticates && keyless && !c.ClientSecret.IsZero())
	if (c.SignedAssertion == nil && !bySecret) || unknown("key_id", "algorithm", "certificate", "type") ||
		unknown(keys.MemberPrivateKey, keys.MemberPassphrase, keys.MemberPKCS12, keys.MemberPassword, keys.MemberCommand) {
		return nil
	}
	if bySecret {
		assertion.Key, assertion.ClientSecret = keys.Source{}, c.ClientSecret
	}
	assertion.Now = now
	return CheckSignature(assertion)
}

// CheckSignature checks that key, algorithm and certificate of an assertion match, if each
// is valid by itself. The error is a [*clientauth.AssertionError].
func CheckSignature(assertion clientauth.SignedAssertion) error {
	_, invalidCertificate := keys.ParseCertificates(assertion.Certificate)
	invalid := (assertion.Algorithm != "" && !slices.Contains(clientauth.Algorithms(), assertion.Algorithm)) ||
		(assertion.Certificate != "" && invalidCertificate != nil)
	if invalid {
		return nil
	}
	return assertion.Check()
}

// NeedsEncryptionKey reports whether nothing of the client could seal its tokens in
// a shared cache, as far as that is known: it has neither a secret nor a private
// key. A client certificate with its key counts if the client authenticates with it.
func (c ClientConfig) NeedsEncryptionKey(certificate bool) bool {
	client := c.client()
	if certificate {
		client.Connection.CertificateThumbprint = "of a certificate that is not read here"
	}
	elsewhere := c.signsElsewhere()
	open := c.TokenEndpointAuthMethod == "" && c.FederatedAssertion == nil && !elsewhere
	bound := c.DPoPBoundAccessTokens || c.Unknown["dpop_bound_access_tokens"] // then a dpop_private_key seals, or nothing is stored
	if open || bound || c.Unknown["token_endpoint_auth_method"] || c.Unknown["grant_type"] || c.isSet("client_secret") || c.isSet("signed_assertion") && !elsewhere {
		return false
	}
	client.TokenEndpointAuthMethod, _ = client.inferMethod(nil)
	return !client.canSeal()
}
