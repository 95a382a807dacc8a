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

// finding is what a user is told: what happened, what to do, and which attribute
// it is about.
type finding struct {
	// attribute may be a member of one, written with a dot.
	attribute string
	summary   string
	// facts are what was observed, one paragraph each.
	facts []string
	// remedy says what to do.
	remedy string
}

// kind is a kind of block that can ask for a token.
type kind struct {
	// takes tells whether the block has an attribute, so that an error can point
	// at it.
	takes func(attribute string) bool
	// wait says how to have Terraform wait until everything is known.
	wait string
}

// The kinds of blocks.
var (
	ephemeralKind         = kind{has(clientAttributes()), waitEphemeral}
	dataSourceKind        = kind{has(requestAttributes()), waitDataSource}
	requestKind           = kind{has(callAttributes(nil)), waitRequest}
	requestDataSourceKind = kind{has(callAttributes(nil)), waitDataSource}
)

// Ways to have Terraform wait, by kind of block.
const (
	waitEphemeral = "Set the same attribute on the ephemeral resource: while it is unknown there, Terraform waits until apply. " +
		"Or create the resource it comes from first, with -target."
	waitConnection = "Give it a value that is known at plan, or create the resource that it comes from first, with -target."
	waitDataSource = "Give the data source a depends_on with the resource that the value comes from: Terraform then reads it at apply. " +
		"Or use the ephemeral resource oauth2cc_token and set the same attribute there."
	waitRequest = "Create the resource that the value comes from first, with -target. Or get the token from the ephemeral resource " +
		"oauth2cc_token, set the same attribute there, and send it in request_headers with authenticate = false."
)

// has returns a function that tells whether attributes hold a name.
func has[A any](attributes map[string]A) func(string) bool {
	return func(name string) bool {
		_, ok := attributes[name]
		return ok
	}
}

// detail is what Terraform shows below the summary.
func (f finding) detail() string {
	paragraphs := f.facts
	if f.remedy != "" {
		paragraphs = append(paragraphs, f.remedy)
	}
	return harmless(strings.Join(paragraphs, "\n\n"))
}

// warning words a finding for Terraform where the run can go on.
func (f finding) warning(attribute, summary string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root(attribute), summary, f.detail())
}

// diagnostic words a finding for Terraform.
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

// pointed has a diagnostic point at no attribute that a kind of block does not have.
func pointed(found diag.Diagnostic, from kind) diag.Diagnostic {
	if at, ok := found.(diag.DiagnosticWithPath); ok && !from.takes(at.Path().Steps()[0].String()) {
		return diag.NewErrorDiagnostic(found.Summary(), found.Detail())
	}
	return found
}

// tokenError tells a user why there is no token.
func tokenError(err error, from kind) diag.Diagnostic {
	return describeError(err).diagnostic(from)
}

// longestTold is the longest wait that is told to the second. A server that asks for
// a longer one has mistaken the unit or means never.
const longestTold = 365 * 24 * time.Hour

// attemptsFacts tells how often a request was tried, and when to try again, if there
// is something to tell.
func attemptsFacts(attempts httpstack.Attempts) []string {
	var facts []string
	tooLong := attempts.Wait > longestTold
	if tooLong {
		attempts.RetryAt = time.Time{}
	}
	if text := attempts.String(); text != "" {
		facts = append(facts, sentence(text))
	}
	if tooLong {
		facts = append(facts, "The server wants to be asked again in more than a year.")
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

// describeCause is describeError without how often something was tried. An error
// of the HTTP stack that stands alone is one of a call to an API.
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
	if answer, ok := errors.AsType[*oauth2.Error](discovery); ok {
		return describeMetadata(answer)
	}
	if failure, ok := errors.AsType[*httpstack.Error](discovery); ok {
		return describeNetwork(failure, "issuer")
	}
	return describeOther(discovery)
}

// describeFetch is for a token request that was made, or at least begun.
func describeFetch(fetch *tokensource.FetchError) finding {
	if part, ok := errors.AsType[*clientauth.FieldError](fetch); ok {
		return describeAssertion(fetch.Client.AssertionAttribute(), part)
	}
	if answer, ok := errors.AsType[*oauth2.Error](fetch); ok {
		return describeAnswer(answer, fetch.Client)
	}
	if failure, ok := errors.AsType[*httpstack.Error](fetch); ok {
		return describeNetwork(failure, "token_endpoint")
	}
	return describeOther(fetch)
}

// describeOther is for what ends a request from outside, and for the rest.
func describeOther(err error) finding {
	if errors.Is(err, context.Canceled) {
		return finding{summary: "The request was cancelled", facts: []string{"Terraform stopped the run before the answer came."}}
	}
	if bug, ok := bugIn(err); ok {
		return bug
	}
	return finding{summary: "No token could be requested", facts: []string{sentence(err.Error())}}
}

// describeConfig is for a client that lacks something.
func describeConfig(config *tokensource.ConfigError) finding {
	found := finding{attribute: config.Attribute, summary: "The client cannot ask for a token as it is configured"}
	switch {
	case errors.Is(config, tokensource.ErrMissing):
		found.summary = "Missing attribute " + config.Attribute
		found.remedy = missingRemedy(config.Attribute)
	case errors.Is(config, tokensource.ErrNoCommonMethod):
		found.facts = []string{"The server supports these client authentication methods: " + config.Detail + "."}
		found.remedy = "This provider could use client_secret_basic or client_secret_post with the secret that is configured. " +
			"If the server takes one of them although its metadata does not say so, set token_endpoint_auth_method."
	case errors.Is(config, clientauth.ErrTwoMethods):
		found.summary, found.remedy = "Contradicting attributes", twoMethods(config.Attribute)
	case errors.Is(config, tokensource.ErrPlaintextCertificate):
		found.remedy = certificateInPlaintext(config.Detail)
	case errors.Is(config, tokensource.ErrColonInID):
		return finding{attribute: config.Attribute, summary: colonInID().Summary(), remedy: colonInID().Detail()}
	case errors.Is(config, oauth2.ErrNoEndpoint):
		found.facts = []string{sentence("the metadata of the issuer has no usable " + config.Err.Error())}
		found.remedy = "Set that endpoint in the provider block or on the ephemeral resource."
	default:
		found.facts = []string{sentence(config.Error())}
	}
	return found
}

// missingRemedy says where a missing attribute can be set.
func missingRemedy(attribute string) string {
	where := fmt.Sprintf("in the provider block, on the ephemeral resource, or as the environment variable %s", environmentVariable(attribute))
	switch attribute {
	case "token_endpoint":
		return "No authorization server is configured. Set token_endpoint, or issuer to have it discovered, " + where + "."
	case "client_secret":
		return "A client_id is configured and nothing to prove it with. Set client_secret " + where + ". " +
			"Or set signed_assertion, federated_assertion or tls.client_certificate. " +
			"A public client, which proves nothing, says so with token_endpoint_auth_method = \"none\"."
	case "revocation_endpoint":
		return "With revoke_on_close the token is revoked, and neither revocation_endpoint nor an issuer to discover it is configured. " +
			"Set one of them " + where + "."
	case "signed_assertion", "signed_assertion.private_key":
		return "An assertion is needed, and none is configured: set signed_assertion with a private_key, or federated_assertion, " +
			"in the provider block or on the ephemeral resource."
	case "cache.encryption_key":
		return encryptionKeyRemedy
	case "tls.client_certificate":
		return "The client authenticates with a certificate. Set tls = { client_certificate = …, client_key = … } in the provider block."
	default:
		return "Set " + attribute + " " + where + "."
	}
}

// unknownError is for attributes whose values come with the apply. Those of the
// connection, which only the provider block has, leave no other way than to know
// them earlier.
func unknownError(attributes []string, from kind) diag.Diagnostic {
	wait := from.wait
	if slices.ContainsFunc(attributes, has(connectionAttributes())) {
		wait = waitConnection
	}
	return finding{
		summary: "Provider configuration not known yet: " + strings.Join(attributes, ", "),
		facts:   []string{"It is needed now, and a part of the provider block is only known after apply: " + strings.Join(attributes, ", ") + "."},
		remedy:  wait,
	}.diagnostic(from)
}

// plaintextRefused is for an address that would send credentials in plaintext.
func plaintextRefused(attribute string) diag.DiagnosticWithPath {
	return diag.NewAttributeErrorDiagnostic(path.Root(attribute), "Plaintext http refused",
		"With http:// the credentials and the token would cross the network for everyone to read. Use https://. "+
			"Where that is truly impossible, set allow_plaintext_http = true in the provider block.")
}

// colonInID is for a client id that raw Basic cannot carry.
func colonInID() diag.DiagnosticWithPath {
	return diag.NewAttributeErrorDiagnostic(path.Root("client_id"), "Client id with a colon",
		"In raw HTTP Basic the first colon ends the client id (RFC 7617 section 2), so that this id would arrive cut in two. "+
			"Leave client_secret_basic_encoding out, or set token_endpoint_auth_method = \"client_secret_post\".")
}

// twoMethods is for HTTP Basic beside another proof of who the client is, which an
// attribute holds.
func twoMethods(attribute string) string {
	other := "the Authorization header in headers"
	if attribute == "parameters" {
		other = "client_secret in parameters"
	}
	return "The client proves itself with client_secret_basic, which writes an Authorization header of its own, and must not authenticate in two ways at once " +
		"(RFC 6749 section 2.3). Remove " + other + ". Or, to send that alone, set token_endpoint_auth_method = \"none\" in a block without client_secret."
}

// certificateInPlaintext is for a client certificate that nobody asks for.
func certificateInPlaintext(method string) string {
	return "With token_endpoint_auth_method = \"" + method + "\" the client proves itself with a certificate, which only TLS shows to the server. " +
		"Use https://, or another method."
}

// warnings tells a user where a token falls short of what was hoped for.
func (c *configured) warnings(token *oauth2.Token, client tokensource.Client) diag.Diagnostics {
	var diags diag.Diagnostics
	remaining, known := token.Remaining(c.now())
	if known && remaining <= 0 {
		diags.AddWarning("Token that has expired",
			"The server issued a token that is past its end, by its answer or by the exp claim. Check the server's clock and this machine's.")
	} else if known && client.MinValidity != nil && remaining < *client.MinValidity {
		diags.AddAttributeWarning(path.Root("min_validity"), "Token valid for less than min_validity",
			fmt.Sprintf("The server issued a token that is valid for %s, less than the %s asked for. "+
				"Have it issue tokens that live longer, or expect calls late in the run to be refused.",
				remaining.Truncate(time.Second), *client.MinValidity))
	}
	diags.Append(unreadLifetime(token, client.Request.Fields)...)
	if token.BoundToProof() {
		diags.AddWarning("DPoP token",
			"The server issued a token that is bound to a key (RFC 9449): every call with it needs a proof of its own, which other providers "+
				"cannot make. Have the client registered for bearer tokens.")
	}
	return diags
}

// unreadLifetime is for a token whose lifetime the server names in a way that cannot
// be read.
func unreadLifetime(token *oauth2.Token, fields oauth2.Fields) diag.Diagnostics {
	var diags diag.Diagnostics
	name, held := token.UnreadLifetime(fields)
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

// maxDetail bounds what one diagnostic says, in bytes. What is quoted in it is
// bounded elsewhere, names that a user gave excepted.
const maxDetail = 4 << 10

// harmless writes a text so that it cannot steer a terminal: what does not print is
// escaped, and what is too long is cut.
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

// sentence makes the text of an error a sentence.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}
