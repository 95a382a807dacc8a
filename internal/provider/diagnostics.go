// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"crypto/x509"
	"errors"
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
	// attribute may be a nested one, written with a dot, and one of the provider block.
	attribute string
	summary   string
	// facts are what was observed, one paragraph each.
	facts []string
	// suspects say what to check, the most likely cause first.
	suspects []string
	// remedy says what to do beside that.
	remedy string
}

// How to make Terraform wait until everything is known, by the kind of block.
const (
	waitToken = "Set the same attribute on the ephemeral resource: while it is unknown there, Terraform waits until apply. " +
		"Or create the resource that the value comes from first, with -target."
	waitDataSource = "Add the resource that the value comes from to depends_on of the data source: Terraform then reads it at apply. " +
		"Or use the ephemeral resource oauth2cc_token and set the same attribute there."
	waitRequest = "Create the resource that the value comes from first, with -target. Or get the token from the ephemeral resource " +
		"oauth2cc_token, set the same attribute there, and send it in request_headers with authenticate = false."
	waitProxy = "Create the resource that the value comes from first, with -target: a proxy must be open at plan for the provider that uses it."
)

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

// warning is the finding as a warning about an attribute.
func (f finding) warning(attribute, summary string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root(attribute), summary, f.detail())
}

// diagnostic is the finding as an error. The server removes the path if the block has no
// such attribute.
func (f finding) diagnostic() diag.Diagnostic {
	if f.attribute == "" {
		return diag.NewErrorDiagnostic(f.summary, f.detail())
	}
	at := path.Empty()
	for name := range strings.SplitSeq(f.attribute, ".") {
		at = at.AtName(name)
	}
	return diag.NewAttributeErrorDiagnostic(at, f.summary, f.detail())
}

// attemptsFacts says how many attempts were made, if more than one, and when to
// retry, if the server says so.
func attemptsFacts(attempts httpstack.Attempts) []string {
	var facts []string
	tooLong := attempts.Wait > 365*24*time.Hour // another unit is meant, or never
	if tooLong {
		attempts.RetryAt = time.Time{}
	}
	if text := attempts.String(); text != "" {
		facts = append(facts, sentence(text))
	}
	if tooLong {
		facts = append(facts, "The server asked to retry in more than a year.")
	}
	return facts
}

// describeError describes any error of package tokensource.
func describeError(err error) finding {
	found := describeCause(err)
	if retried, ok := errors.AsType[*tokensource.RetriedError](err); ok {
		found.facts = append(found.facts, attemptsFacts(retried.Attempts)...)
	}
	return found
}

// describeCause is describeError without the number of attempts. An error of the HTTP
// stack by itself is one of a request to an API.
func describeCause(err error) finding {
	address := "url"
	response, responded := errors.AsType[*oauth2.Error](err)
	if fetch, ok := errors.AsType[*tokensource.FetchError](err); ok {
		address = "token_endpoint"
		if assertion, ok := errors.AsType[*clientauth.AssertionError](fetch); ok {
			return describeAssertion(assertion)
		}
		if responded {
			return describeResponse(response, fetch.Client)
		}
	} else if config, ok := errors.AsType[*tokensource.ConfigError](err); ok {
		return describeConfig(config)
	} else if discovery, ok := errors.AsType[*oauth2.MetadataError](err); ok {
		address = "issuer"
		if discovery.Other != nil { // show what each of the two addresses returned
			found := describeCause(&oauth2.MetadataError{Err: discovery.Err})
			found.facts = append(found.facts, sentence(discovery.Other.Error()))
			return found
		}
		if responded {
			return describeMetadata(response)
		}
	}
	if failure, ok := errors.AsType[*httpstack.Error](err); ok {
		return describeNetwork(failure, address)
	}
	if errors.Is(err, context.Canceled) {
		return cancelled
	}
	return finding{summary: "Token request failed", facts: []string{sentence(err.Error())}}
}

// cancelled is for a run that is interrupted.
var cancelled = finding{summary: "The request was cancelled", facts: []string{"Terraform stopped the run before the response arrived."}}

// networkWords are the summary, and what to do, for the kinds of failures. The attribute
// with the address replaces the word in braces.
var networkWords = map[httpstack.Kind]struct{ summary, remedy string }{
	httpstack.Plaintext: {plaintextSummary, plaintextRemedy},
	httpstack.DNS: {"The server's name cannot be resolved",
		"Check the host in {attribute}, and that this machine can resolve it. If only a proxy can, set proxy_url."},
	httpstack.Refused: {"The server cannot be reached",
		"Check the host and port in {attribute}, that the server is running, and that no firewall blocks the connection."},
	httpstack.Proxy: {"The proxy did not forward the request",
		"Check proxy_url, or the variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY: the address, the user name and the password, " +
			"and whether the proxy may connect to the server."},
	httpstack.Timeout: {"No response in time",
		"Check that this machine can reach the address in {attribute}. If the server is slow, set a longer timeout in the provider block."},
	httpstack.Redirect: {"Redirect refused",
		"Check {attribute}. Credentials are never sent to another scheme, host or port, and at most five redirects are followed."},
	httpstack.Canceled:  {"The request was cancelled", "Terraform stopped the run before the response arrived."},
	httpstack.TooLarge:  {"The response is too large", "Check the address in {attribute}: something else seems to respond there."},
	httpstack.Truncated: unreadable,
	httpstack.Protocol:  unreadable,
	httpstack.Invalid:   {"The request cannot be sent", "Check {attribute} and the header fields."},
	httpstack.Other:     {"The request failed", "Check {attribute}, and the network between this machine and the server."},
}

var unreadable = struct{ summary, remedy string }{"The response cannot be read",
	"Check the address in {attribute}. If it is right, the server or something in between truncates or damages responses."}

// describeNetwork is for a request without a response. The attribute is the one
// with the address.
func describeNetwork(failure *httpstack.Error, attribute string) finding {
	words := networkWords[failure.Kind]
	found := finding{attribute: attribute, summary: words.summary, facts: []string{sentence(failure.Error())}, remedy: words.remedy}
	switch {
	case failure.Kind == httpstack.TLS:
		found.summary, found.remedy = describeTLS(failure)
	case failure.Kind == httpstack.Proxy:
		found.attribute = ""
	case failure.Proxy != "":
		found.remedy = "Check that the proxy " + failure.Proxy + " works, accepts the password, and may reach the server: it comes from proxy_url, " +
			"HTTPS_PROXY or HTTP_PROXY, and NO_PROXY names hosts that need none. " + found.remedy
	case failure.Kind == httpstack.TooLarge && attribute == "url": // only a request to an API can ask for less
		found.remedy = "Check url. If it is right, request less at a time."
	case failure.MayExpectTLS:
		found.remedy = "If the server expects TLS on this port, use https:// in {attribute}. If not, check the address, and whether the server or " +
			"something in between truncates or damages responses."
	}
	found.remedy = strings.ReplaceAll(found.remedy, "{attribute}", attribute)
	return found
}

// proxyCredentials is for status 407 (RFC 9110 section 15.5.8) if no proxy is
// configured.
const proxyCredentials = "A proxy on the way requires credentials of its own. " +
	"Set proxy_url = \"http://user:password@host:port\", or one of the variables HTTPS_PROXY and HTTP_PROXY."

// describeTLS distinguishes the common failures of TLS.
func describeTLS(failure *httpstack.Error) (summary, remedy string) {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](failure); ok {
		return "The server's certificate is from an unknown authority",
			"If the server uses a private certificate authority, set tls = { ca_certificate = file(\"ca.pem\") } in the provider block."
	}
	if _, ok := errors.AsType[x509.HostnameError](failure); ok {
		return "The server's certificate is for another host", "Check the host in the address: the certificate must name it."
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](failure); ok && invalid.Reason == x509.Expired {
		return "The server's certificate has expired or is not valid yet",
			"Check this machine's clock. If it is right, contact the server's operator to renew the certificate."
	}
	if failure.Alert {
		return "The server ended the TLS handshake",
			"If the server requires a client certificate, set tls = { client_certificate = …, client_key = … } in the provider block. " +
				"If one is set, it may have expired, or be from an authority that the server does not trust."
	}
	return "No TLS connection to the server", "Check whether the address must begin with https:// or http://, and that the server supports TLS 1.2 or later."
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
