// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// configErrors describes what the rules about a client find.
func configErrors(found []*tokensource.ConfigError) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, conflict := range found {
		diags.Append(describeConfig(conflict).diagnostic())
	}
	return diags
}

// describeConfig is for a client that cannot request a token as it is configured.
func describeConfig(config *tokensource.ConfigError) finding {
	found := finding{attribute: config.Attribute, summary: "Token request not possible with this configuration"}
	for cause, words := range conflictWords {
		if errors.Is(config, cause) {
			return describeConflict(config, words)
		}
	}
	if assertion, ok := errors.AsType[*clientauth.AssertionError](config); ok {
		return describeAssertion(assertion)
	}
	switch {
	case errors.Is(config, tokensource.ErrMissing):
		return describeMissing(append([]string{config.Attribute}, config.Also...))
	case errors.Is(config, tokensource.ErrNoCommonMethod):
		found.facts = []string{"The server supports these client authentication methods: " + config.Detail + "."}
		found.remedy = "With client_secret, this provider can use client_secret_basic, client_secret_post or client_secret_jwt. " +
			"If the server accepts one of them although its metadata does not list it, set token_endpoint_auth_method."
	case config.Attribute == "tls.client_certificate":
		found.summary, found.facts = invalidCertificate, []string{sentence(config.Err.Error())}
	case config.Attribute == "dpop_private_key":
		found.summary, found.facts = "The DPoP key cannot be used", []string{sentence(config.Err.Error())}
		found.remedy = "Set dpop_private_key to another key. Without it, the key is one for ES256."
	case config.Attribute == "revocation_endpoint":
		found.summary = "No revocation endpoint for revoke_on_close"
		found.facts = []string{"revoke_on_close is set, but the issuer's metadata has no usable " + config.Err.Error() + "."}
		found.remedy = "Set revocation_endpoint if the server has one. If it does not support revocation (RFC 7009), remove revoke_on_close."
	case errors.Is(config, oauth2.ErrNoEndpoint):
		found.facts = []string{"The issuer's metadata has no usable " + config.Err.Error() + "."}
		found.remedy = "Set that endpoint in the provider block or on the ephemeral resource."
	default:
		found.facts = []string{sentence(config.Error())}
	}
	return found
}

// describeMissing is for attributes that are required and not set, all of them in
// one diagnostic.
func describeMissing(attributes []string) finding {
	found := finding{attribute: attributes[0], summary: "Missing attribute " + attributes[0]}
	if len(attributes) > 1 {
		found.summary = "Missing attributes " + strings.Join(attributes, ", ")
	}
	for _, attribute := range attributes {
		found.facts = append(found.facts, missingRemedy(attribute))
	}
	if slices.ContainsFunc(found.facts, func(fact string) bool { return strings.Contains(fact, "OAUTH2CC_") }) {
		found.remedy = "Set attributes in the provider block or on the ephemeral resource. " +
			"The environment variables in parentheses set those of the provider block."
	}
	return found
}

// missingRemedy says what to set if an attribute is missing.
func missingRemedy(attribute string) string {
	set := func(name string) string { return name + " (" + environmentVariable(name) + ")" }
	switch attribute {
	case "token_endpoint":
		return "No authorization server is configured. Set " + set("issuer") + " to discover its endpoints, or " + set("token_endpoint") + "."
	case "client_secret":
		return "Set " + set("client_secret") + ", or signed_assertion, federated_assertion or tls.client_certificate if the client authenticates with one of these. " +
			"For a public client, set token_endpoint_auth_method = \"none\"."
	case "revocation_endpoint":
		return "revoke_on_close needs a revocation endpoint. Set revocation_endpoint beside token_endpoint, or issuer to discover both, or remove revoke_on_close."
	case "signed_assertion.private_key":
		return "signed_assertion has no key. Set private_key, pkcs12 or private_key_command in it, or " + set("client_secret") + ". Terraform ignores members with misspelt names."
	case "signed_assertion":
		return "The client authenticates with an assertion, or it is the grant, or the content of a token file. Set signed_assertion with a private_key or pkcs12, " +
			"or federated_assertion, in the provider block or on the ephemeral resource."
	case "signed_assertion.audience":
		return "An assertion names who it is for. Set audience in signed_assertion, or " + set("token_endpoint") + " or " + set("issuer") + " if it is for the authorization server."
	case "cache.encryption_key":
		return encryptionKeyRemedy
	case "tls.client_certificate":
		return "The client authenticates with a certificate. Set tls = { client_certificate = …, client_key = … } or tls = { client_pkcs12 = … } in the provider block."
	default:
		return "Set " + set(attribute) + "."
	}
}

// unknownError is for attributes that are known after apply. Only the provider
// block has those of the connection, so they must be known earlier.
func unknownError(attributes []string, wait string) diag.Diagnostic {
	connection := connectionAttributes()
	if slices.ContainsFunc(attributes, func(name string) bool { return connection[name] != nil }) {
		wait = "Use a value that is known at plan, or create the resource that it comes from first, with -target."
	}
	return finding{
		summary: "Provider configuration not known yet: " + strings.Join(attributes, ", "),
		facts:   []string{"The request needs attributes of the provider block that are only known after apply: " + strings.Join(attributes, ", ") + "."},
		remedy:  wait,
	}.diagnostic()
}

// Words for an address that would send credentials unencrypted.
const (
	plaintextSummary = "Plaintext http refused"
	plaintextRemedy  = "With http:// the credentials and the token would cross the network unencrypted. Use https://. " +
		"If the server does not support it, set allow_plaintext_http = true in the provider block."
)

// conflictWords say what is wrong with a combination of attributes, and what to do. The
// error's Attribute and Detail replace the words in braces.
var conflictWords = map[error]string{
	tokensource.ErrTwoMethods: "The client authenticates with client_secret_basic, which sets the Authorization header, and must not use two methods at once " +
		"(RFC 6749 section 2.3). Remove {detail}. Or, to send only that, set token_endpoint_auth_method = \"none\" in a block without client_secret.",
	tokensource.ErrTwoAssertions: "The client authenticates with one assertion, signed by this provider or issued by the platform. Remove signed_assertion or federated_assertion. " +
		"If federated_assertion is the grant, set grant_type to \"" + oauth2.GrantJWTBearer + "\" or \"" + oauth2.GrantTokenExchange + "\".",
	tokensource.ErrColonInID: "In HTTP Basic the first colon ends the client ID (RFC 7617 section 2), and the raw encoding does not escape it. " +
		"Remove client_secret_basic_encoding, or set token_endpoint_auth_method = \"client_secret_post\".",
	tokensource.ErrPlaintextCertificate: "With token_endpoint_auth_method = \"{detail}\" the client authenticates with a TLS certificate, which needs https://. " +
		"Use https://, or another method.",
	tokensource.ErrNoBody:         "A GET request has no body to send the parameters in. Set parameters_in = \"query\", or another method.",
	tokensource.ErrReplacedByBody: "With request_body nothing else is sent in the body, so {attribute} would have no effect. Remove one of them.",
	tokensource.ErrTwiceInQuery: "The query of token_endpoint already has the parameter {detail}, and a parameter must not be sent twice " +
		"(RFC 6749 section 3.2). Remove one of them.",
	tokensource.ErrSecretNotSent:      "With token_endpoint_auth_method = \"none\" no secret is sent. Remove client_secret, or change the method.",
	tokensource.ErrNotSent:            "With token_endpoint_auth_method = \"{detail}\" {attribute} has no effect. Remove it, or change the method.",
	tokensource.ErrSecretAndAssertion: "The client has an assertion and a secret, and authenticates with only one of them. Remove one, or choose with token_endpoint_auth_method.",
	tokensource.ErrKeyNotUsed:         "dpop_private_key is the key that tokens are bound to, which needs dpop_bound_access_tokens = true. Set that, or remove dpop_private_key.",
	tokensource.ErrNoPrivateKey:       "A certificate needs its private key. Set private_key, or remove certificate.",
}

// describeConflict is for attributes that conflict, with the words for the cause.
func describeConflict(conflict *tokensource.ConfigError, words string) finding {
	detail := conflict.Detail
	switch {
	case errors.Is(conflict, tokensource.ErrTwoMethods) && detail == "an assertion":
		words = "The client authenticates with an assertion, and must not use two methods at once (RFC 6749 section 2.3). " +
			"Remove the Authorization header from headers."
	case errors.Is(conflict, tokensource.ErrNoBody) && detail == "request_body":
		words = "A GET request has no body. Remove request_body, or set another method."
	case errors.Is(conflict, tokensource.ErrTwiceInQuery):
		detail = shownName(detail)
	}
	words = strings.NewReplacer("{attribute}", conflict.Attribute, "{detail}", detail).Replace(words)
	return finding{attribute: conflict.Attribute, summary: "Conflicting attributes", remedy: words}
}
