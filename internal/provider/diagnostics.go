// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
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
		facts = append(facts, "The server asked to retry in more than a year.")
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
	return finding{summary: "Token request failed", facts: []string{sentence(err.Error())}}
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
