// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// finding is what a diagnostic says: what happened, what to do, and which
// attribute it is about.
type finding struct {
	// attribute may be a nested one, written with a dot.
	attribute string
	summary   string
	// facts are what was observed, one paragraph each.
	facts []string
	// suspects say what to check, the most likely cause first.
	suspects []string
	// remedy says what to do beside that.
	remedy string
}

// kind is a kind of block that can request a token.
type kind struct {
	// takes reports whether the block has an attribute, so that an error can point
	// at it.
	takes func(attribute string) bool
	// wait says how to make Terraform wait until everything is known.
	wait string
}

// The kinds of blocks.
var (
	ephemeralKind         = kind{has(clientAttributes()), waitEphemeral}
	dataSourceKind        = kind{has(requestAttributes()), waitDataSource}
	requestKind           = kind{has(callAttributes(nil)), waitRequest}
	requestDataSourceKind = kind{has(callAttributes(nil)), waitDataSource}
)

// allKinds is for what is found at validate, which is about attributes of the block.
var allKinds = kind{takes: func(string) bool { return true }}

// Ways to make Terraform wait, by kind of block.
const (
	waitEphemeral = "Set the same attribute on the ephemeral resource: while it is unknown there, Terraform waits until apply. " +
		"Or create the resource that the value comes from first, with -target."
	waitConnection = "Use a value that is known at plan, or create the resource that it comes from first, with -target."
	waitDataSource = "Add the resource that the value comes from to depends_on of the data source: Terraform then reads it at apply. " +
		"Or use the ephemeral resource oauth2cc_token and set the same attribute there."
	waitRequest = "Create the resource that the value comes from first, with -target. Or get the token from the ephemeral resource " +
		"oauth2cc_token, set the same attribute there, and send it in request_headers with authenticate = false."
)

// has returns a function that reports whether attributes include a name.
func has[A any](attributes map[string]A) func(string) bool {
	return func(name string) bool {
		_, ok := attributes[name]
		return ok
	}
}

// detail is what Terraform shows below the summary.
func (f finding) detail() string {
	paragraphs := f.facts
	switch len(f.suspects) {
	case 0:
	case 1:
		paragraphs = append(paragraphs, "Check "+f.suspects[0]+".")
	default:
		paragraphs = append(paragraphs, "Check, the most likely cause first:\n  - "+strings.Join(f.suspects, ".\n  - ")+".")
	}
	if f.remedy != "" {
		paragraphs = append(paragraphs, f.remedy)
	}
	return harmless(strings.Join(paragraphs, "\n\n"))
}

// warning is the finding as a warning: the run can go on.
func (f finding) warning(attribute, summary string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root(attribute), summary, f.detail())
}

// diagnostic is the finding as an error.
func (f finding) diagnostic(from kind) diag.Diagnostic {
	detail := f.detail()
	root, members, _ := strings.Cut(f.attribute, ".")
	if root == "" || !from.takes(root) {
		return diag.NewErrorDiagnostic(f.summary, detail)
	}
	at := path.Root(root)
	for member := range strings.SplitSeq(members, ".") {
		if member != "" {
			at = at.AtName(member)
		}
	}
	return diag.NewAttributeErrorDiagnostic(at, f.summary, detail)
}

// pointed drops the path of a diagnostic if a kind of block has no such attribute.
func pointed(found diag.Diagnostic, from kind) diag.Diagnostic {
	if at, ok := found.(diag.DiagnosticWithPath); ok && !from.takes(at.Path().Steps()[0].String()) {
		return diag.NewErrorDiagnostic(found.Summary(), found.Detail())
	}
	return found
}

// tokenError says why there is no token.
func tokenError(err error, from kind) diag.Diagnostic {
	return describeError(err).diagnostic(from)
}

// longestShown is the longest wait that is shown to the second. A server that asks
// for a longer one has mistaken the unit or means never.
const longestShown = 365 * 24 * time.Hour

// attemptsFacts says how many attempts were made, if more than one, and when to
// retry, if the server says so.
func attemptsFacts(attempts httpstack.Attempts) []string {
	var facts []string
	tooLong := attempts.Wait > longestShown
	if tooLong {
		attempts.RetryAt = time.Time{}
	}
	if text := attempts.String(); text != "" {
		facts = append(facts, sentence(text))
	}
	if tooLong {
		facts = append(facts, "The server asks to retry in more than a year.")
	}
	return facts
}

// describeError turns any error of package tokensource into a finding.
func describeError(err error) finding {
	found := describeCause(err)
	if given, ok := errors.AsType[*tokensource.RetriedError](err); ok {
		found.facts = append(found.facts, attemptsFacts(given.Attempts)...)
	}
	return found
}

// describeCause is describeError without the number of attempts. A bare error of
// the HTTP stack is one of a call to an API.
func describeCause(err error) finding {
	if fetch, ok := errors.AsType[*tokensource.FetchError](err); ok {
		return describeFetch(fetch)
	}
	if config, ok := errors.AsType[*tokensource.ConfigError](err); ok {
		return describeConfig(config)
	}
	if discovery, ok := errors.AsType[*tokensource.DiscoveryError](err); ok {
		return describeDiscovery(discovery)
	}
	if failure, ok := errors.AsType[*httpstack.Error](err); ok {
		return describeNetwork(failure, "url")
	}
	return describeOther(err)
}

// describeDiscovery is for metadata that was requested. If both of its addresses
// failed, both are shown, with what each answered.
func describeDiscovery(discovery *tokensource.DiscoveryError) finding {
	if both, ok := errors.AsType[*oauth2.MetadataError](discovery); ok {
		found := describeDiscovery(&tokensource.DiscoveryError{Err: both.Err})
		found.facts = append(found.facts, sentence(both.Other.Error()))
		return found
	}
	if response, ok := errors.AsType[*oauth2.Error](discovery); ok {
		return describeMetadata(response)
	}
	if failure, ok := errors.AsType[*httpstack.Error](discovery); ok {
		return describeNetwork(failure, "issuer")
	}
	return describeOther(discovery)
}

// describeFetch is for a token request that failed.
func describeFetch(fetch *tokensource.FetchError) finding {
	if part, ok := errors.AsType[*clientauth.FieldError](fetch); ok {
		return describeAssertion(fetch.Client.AssertionAttribute(), part)
	}
	if response, ok := errors.AsType[*oauth2.Error](fetch); ok {
		return describeAnswer(response, fetch.Client)
	}
	if failure, ok := errors.AsType[*httpstack.Error](fetch); ok {
		return describeNetwork(failure, "token_endpoint")
	}
	return describeOther(fetch)
}

// describeOther is for cancelled requests, bugs and everything else.
func describeOther(err error) finding {
	if errors.Is(err, context.Canceled) {
		return finding{summary: "The request was cancelled", facts: []string{"Terraform stopped the run before the response arrived."}}
	}
	if bug, ok := bugIn(err); ok {
		return bug
	}
	return finding{summary: "Token request failed", facts: []string{sentence(err.Error())}}
}

// describeConfig is for a client that cannot request a token as it is configured.
func describeConfig(config *tokensource.ConfigError) finding {
	found := finding{attribute: config.Attribute, summary: "Token request not possible with this configuration"}
	if words, ok := conflictWords(config); ok {
		return finding{attribute: config.Attribute, summary: "Conflicting attributes", remedy: words}
	}
	if _, ok := errors.AsType[*clientauth.FieldError](config); ok {
		return describeAssertion("signed_assertion", config.Err)
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
	if slices.ContainsFunc(attributes, func(name string) bool { return slices.Contains(environmentAttributes(), name) }) {
		found.remedy = "Set attributes in the provider block or on the ephemeral resource. " +
			"The environment variables in parentheses stand in for those of the provider block."
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
		return "revoke_on_close needs a revocation endpoint. Set " + set("revocation_endpoint") + ", or " + set("issuer") + " to discover it, or remove revoke_on_close."
	case "signed_assertion", "signed_assertion.private_key":
		return "The client authenticates with an assertion, or it is the grant. Set signed_assertion with a private_key, or federated_assertion, " +
			"in the provider block or on the ephemeral resource."
	case "cache.encryption_key":
		return encryptionKeyRemedy
	case "tls.client_certificate":
		return "The client authenticates with a certificate. Set tls = { client_certificate = …, client_key = … } in the provider block."
	default:
		return "Set " + set(attribute) + "."
	}
}

// unknownError is for attributes that are known after apply. Only the provider
// block has those of the connection, so they must be known earlier.
func unknownError(attributes []string, from kind) diag.Diagnostic {
	wait := from.wait
	if slices.ContainsFunc(attributes, has(connectionAttributes())) {
		wait = waitConnection
	}
	return finding{
		summary: "Provider configuration not known yet: " + strings.Join(attributes, ", "),
		facts:   []string{"The request needs attributes of the provider block that are only known after apply: " + strings.Join(attributes, ", ") + "."},
		remedy:  wait,
	}.diagnostic(from)
}

// plaintextRefused is for an address that would send credentials unencrypted.
func plaintextRefused(attribute string) diag.DiagnosticWithPath {
	return diag.NewAttributeErrorDiagnostic(path.Root(attribute), "Plaintext http refused",
		"With http:// the credentials and the token would cross the network unencrypted. Use https://. "+
			"If the server does not support it, set allow_plaintext_http = true in the provider block.")
}

// conflictWords says what is wrong with a combination of attributes, and what to do.
func conflictWords(conflict *tokensource.ConfigError) (string, bool) {
	attribute, detail := conflict.Attribute, conflict.Detail
	switch conflict.Err {
	case tokensource.ErrTwoMethods:
		return twoMethods(detail), true
	case tokensource.ErrTwoAssertions:
		return "Only one assertion is sent, signed by this provider or issued by the platform. Remove signed_assertion or federated_assertion.", true
	case tokensource.ErrColonInID:
		return "In HTTP Basic the first colon ends the client ID (RFC 7617 section 2), and the raw encoding does not escape it. " +
			"Remove client_secret_basic_encoding, or set token_endpoint_auth_method = \"client_secret_post\".", true
	case tokensource.ErrPlaintextCertificate:
		return "With token_endpoint_auth_method = \"" + detail + "\" the client authenticates with a TLS certificate, which needs https://. " +
			"Use https://, or another method.", true
	case tokensource.ErrNoBody:
		if detail == "request_body" {
			return "A GET request has no body. Remove request_body, or set another method.", true
		}
		return "A GET request has no body to send the parameters in. Set parameters_in = \"query\", or another method.", true
	case tokensource.ErrReplacedByBody:
		return "With request_body nothing else is sent in the body, so " + attribute + " would have no effect. Remove one of them.", true
	case tokensource.ErrTwiceInQuery:
		return "The query of token_endpoint already has the parameter " + shownName(detail) + ", and a parameter must not be sent twice " +
			"(RFC 6749 section 3.2). Remove one of them.", true
	case tokensource.ErrSecretNotSent:
		return "With token_endpoint_auth_method = \"none\" no secret is sent. Remove client_secret, or change the method.", true
	case tokensource.ErrNotSent:
		return "With token_endpoint_auth_method = \"" + detail + "\" " + attribute + " has no effect. Remove it, or change the method.", true
	case tokensource.ErrSecretAndAssertion:
		return "The client has an assertion and a secret, and authenticates with only one of them. Remove one, or choose with token_endpoint_auth_method.", true
	case tokensource.ErrNoPrivateKey:
		return "A certificate needs its private key. Set private_key, or remove certificate.", true
	default:
		return "", false
	}
}

// twoMethods is for credentials of a second authentication method.
func twoMethods(with string) string {
	if with == "an assertion" {
		return "The client authenticates with an assertion, and must not use two methods at once (RFC 6749 section 2.3). " +
			"Remove the Authorization header from headers."
	}
	other := "the Authorization header in headers"
	if with == "parameters" {
		other = "client_secret in parameters"
	}
	return "The client authenticates with client_secret_basic, which sets the Authorization header, and must not use two methods at once " +
		"(RFC 6749 section 2.3). Remove " + other + ". Or, to send only that, set token_endpoint_auth_method = \"none\" in a block without client_secret."
}

// warnings points out where a token falls short of the configuration.
func (c *configured) warnings(token *oauth2.Token, client tokensource.ClientConfig) diag.Diagnostics {
	var diags diag.Diagnostics
	remaining, known := token.Remaining(c.now())
	if known && remaining <= 0 {
		diags.AddWarning("The token has expired",
			"The server issued a token whose lifetime, by its response or by the exp claim, has already ended. Check this machine's clock, then the server's.")
	} else if known && client.MinValidity != nil && remaining < *client.MinValidity {
		diags.AddAttributeWarning(path.Root("min_validity"), "Token valid for less than min_validity",
			fmt.Sprintf("The server issued a token that is valid for %s, and min_validity is %s. "+
				"Calls late in the run may be refused. Lower min_validity, or configure a longer token lifetime at the server.",
				remaining.Truncate(time.Second), *client.MinValidity))
	}
	diags.Append(unreadLifetime(token, client.Request.Fields)...)
	if token.DPoPBound() {
		diags.AddWarning("DPoP token",
			"The server issued a token that is bound to a key (RFC 9449). Every call with it needs a proof, which other providers "+
				"cannot make. Register the client for bearer tokens.")
	}
	return diags
}

// unreadLifetime is for a token whose lifetime the server names in a way that cannot
// be read.
func unreadLifetime(token *oauth2.Token, fields oauth2.Fields) diag.Diagnostics {
	var diags diag.Diagnostics
	name, held := token.UnreadableLifetime(fields)
	if name == "" {
		return diags
	}
	wanted, remedy := "a positive number of seconds", "If it is a point in time, set response_fields.expires_at. Otherwise set default_expires_in."
	if name == oauth2.FieldExpiresAt {
		wanted, remedy = "a date with a time zone or a number of seconds since 1970", "Set default_expires_in."
	}
	if pointer, ok := fields[name]; ok {
		name = fmt.Sprintf("%q (response_fields.%s)", pointer, name)
		remedy = "Compare response_fields with the server's documentation. " + remedy
	}
	diags.AddWarning("Token lifetime unknown", harmless(fmt.Sprintf("In the token response, %s should be %s, but is %s. "+
		"Without a lifetime the token is not reused: each block requests its own.\n\n%s", name, wanted, held, remedy)))
	return diags
}

// maxDetail bounds the detail of a diagnostic, in bytes. Quoted responses are
// bounded elsewhere, names in the configuration are not.
const maxDetail = 4 << 10

// harmless returns the text without terminal escape sequences: unprintable
// characters are escaped, and a text that is too long is cut.
func harmless(text string) string {
	var written strings.Builder
	for _, char := range strings.ToValidUTF8(text, "\uFFFD") {
		if written.Len() >= maxDetail {
			written.WriteString(" …")
			break
		}
		if char == '\n' || unicode.IsPrint(char) {
			written.WriteRune(char)
		} else {
			written.WriteString(strings.Trim(strconv.QuoteRune(char), "'"))
		}
	}
	return written.String()
}

// sentence turns an error's text into a sentence.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}
