// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
)

// stringRule is a rule for an attribute that is a string. It returns what is
// wrong and what to do, in one or more sentences that do not quote the value,
// which may be a secret; or nothing.
type stringRule func(value string) (problem string)

// Bounds of what a user gives, in bytes. They are far above what servers take, and
// keep a mistake, such as a file of another kind, from being sent and shown.
const (
	// maxText bounds bodies, the values of parameters, keys and certificates.
	maxText = 1 << 20
	// maxLine bounds everything else: URLs, names, credentials.
	maxLine = httpstack.MaxField
)

// stringValidator makes a rule a validator, named by what the value must be. All
// values must be text and within bounds.
type stringValidator struct {
	must string
	rule stringRule
	most int // maxLine where it is zero
}

// Description implements [validator.Describer].
func (v stringValidator) Description(context.Context) string { return v.must }

// MarkdownDescription implements [validator.Describer].
func (v stringValidator) MarkdownDescription(context.Context) string { return v.must }

// ValidateString implements [validator.String].
func (v stringValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	defer contain(&resp.Diagnostics)
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := v.problem(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid value for "+shownPath(req.Path), problem)
	}
}

// problem applies the rule to what is text and within bounds.
func (v stringValidator) problem(value string) string {
	switch most := cmp.Or(v.most, maxLine); {
	case len(value) > most:
		return fmt.Sprintf("The value is %d bytes long, and %d are the most.", len(value), most)
	case !utf8.ValidString(value):
		return "The value is no text: it is not UTF-8. Encode it, with base64 for example."
	}
	return v.rule(value)
}

// maxShown is how much is repeated of a name or a word that a user gave, in
// characters.
const maxShown = 40

// shortened is a text as far as it is repeated.
func shortened(text string) string {
	chars := []rune(text)
	if len(chars) <= maxShown {
		return text
	}
	return string(chars[:maxShown]) + "…"
}

// shownPath writes a path with the names shortened that a user gave.
func shownPath(at path.Path) string {
	steps := at.Steps()
	for i, step := range steps {
		if name, ok := step.(path.PathStepElementKeyString); ok {
			steps[i] = path.PathStepElementKeyString(shortened(string(name)))
		}
	}
	return steps.String()
}

// anyText is a text of which nothing is known, and which is sent encoded or as it
// is.
func anyText() validator.String {
	return stringValidator{must: "must be text", most: maxText, rule: func(string) string { return "" }}
}

// anyLine is anyText that travels in a URL.
func anyLine() validator.String {
	return stringValidator{must: "must be text", rule: func(string) string { return "" }}
}

// body is any text but none.
func body() validator.String {
	return stringValidator{must: "must not be empty", most: maxText, rule: func(value string) string {
		if value == "" {
			return "The value is empty. Leave the attribute out where there is none to give."
		}
		return ""
	}}
}

// oneOf is one of a list of words.
func oneOf(words ...string) validator.String {
	list := "`" + strings.Join(words, "`, `") + "`"
	return stringValidator{must: "must be one of " + list, rule: func(value string) string {
		if slices.Contains(words, value) {
			return ""
		}
		return fmt.Sprintf("The value must be one of \"%s\", and is %q.", strings.Join(words, "\", \""), shortened(value))
	}}
}

// credential is a text that identifies or authenticates a client.
func credential() validator.String {
	return stringValidator{must: "must not be empty and hold no control characters", rule: func(value string) string {
		if problem := problemOfLine(value); problem != "" || !hasControl(value) {
			return problem
		}
		return "The value has a line break or another control character (RFC 6749 appendix A allows none)."
	}}
}

// line is a text of one line that is not empty.
func line() validator.String {
	return stringValidator{must: "must not be empty and hold no control characters", rule: func(value string) string {
		return cmp.Or(problemOfLine(value), problemOfControl(value))
	}}
}

// localPath is a path on this machine.
func localPath() validator.String {
	return stringValidator{must: "must be a path", rule: func(value string) string {
		if first, _, _ := strings.Cut(filepath.ToSlash(value), "/"); first == "~" {
			return "The path begins with \"~\", which only a shell replaces by the home folder. Write pathexpand(\"~/…\")."
		}
		return cmp.Or(problemOfLine(value), problemOfControl(value))
	}}
}

// encryptionKey is a text that a shared cache is sealed with.
func encryptionKey() validator.String {
	return stringValidator{must: "must not be empty and hold no control characters", rule: func(value string) string {
		return cmp.Or(problemOfLine(value), problemOfControl(value))
	}}
}

// problemOfLine finds what is missing, and what comes from reading a file.
func problemOfLine(value string) string {
	switch {
	case value == "":
		return "The value is empty. Leave the attribute out where there is none to give."
	case strings.TrimRight(value, "\r\n") != value:
		return "The value ends with a line break, as the contents of a file often do. Remove that; in a configuration trimspace() does."
	}
	return ""
}

// problemOfControl finds control characters.
func problemOfControl(value string) string {
	if hasControl(value) {
		return "The value has a line break or another control character."
	}
	return ""
}

// plainText is a text without control characters; it may be empty.
func plainText() validator.String {
	return stringValidator{must: "must hold no control characters", rule: problemOfControl}
}

// scopeToken is one scope (RFC 6749 section 3.3).
func scopeToken() validator.String {
	return stringValidator{must: "must be one scope", rule: func(value string) string {
		switch {
		case value == "":
			return "The scope is empty. Leave it out of the list."
		case hasControl(value):
			return "The scope has a line break or another control character."
		case strings.Contains(value, " "):
			return "The scope has a space in it. Write several scopes as several elements of the list: [\"read\", \"write\"]."
		case strings.ContainsFunc(value, func(char rune) bool { return char <= ' ' || char == '"' || char == '\\' || char > '~' }):
			return "The scope has a character that RFC 6749 section 3.3 does not allow in one. " +
				"For a server that wants it all the same, set parameters = { scope = \"…\" }."
		}
		return ""
	}}
}

// endpointURL is the address of an endpoint of an authorization server.
func endpointURL() validator.String {
	return stringValidator{must: "must be an absolute https URL without fragment", rule: func(value string) string {
		if problem := problemOfURL(value); problem != "" {
			return problem
		}
		if strings.Contains(value, "#") {
			return "The URL has a fragment (\"#…\"), which an endpoint must not have (RFC 6749 section 3.2). Remove it."
		}
		return ""
	}}
}

// requestURL is the address of a request to an API.
func requestURL() validator.String {
	return stringValidator{must: "must be an absolute https URL without fragment", rule: func(value string) string {
		if problem := problemOfURL(value); problem != "" {
			return problem
		}
		if strings.Contains(value, "#") {
			return "The URL has a fragment (\"#…\"), which is never sent (RFC 9110 section 7.1). Remove it, or write \"%23\" for a \"#\" that is to arrive."
		}
		return ""
	}}
}

// problemOfURL tells why a text is not the address of anything that could be sent
// a request.
func problemOfURL(value string) string {
	address, err := url.Parse(value)
	switch {
	case err != nil || hasControl(value) || strings.Contains(value, " "):
		return "The value is no URL. Are there spaces, line breaks or unescaped characters in it?"
	case strings.ContainsFunc(address.RawQuery, isNotASCII):
		return "The URL's query has letters beyond ASCII. Write it percent-encoded, with urlencode() for example."
	case (address.Scheme != "https" && address.Scheme != "http") || address.Hostname() == "":
		return "The value is no absolute URL. Write it whole: \"https://host/path\"."
	case address.User != nil:
		return "The URL holds a user name or a password. Credentials have attributes of their own."
	}
	return ""
}

// withoutQuery is an addition to endpointURL for issuers.
func withoutQuery() validator.String {
	return stringValidator{must: "must have no query", rule: func(value string) string {
		if strings.Contains(value, "?") {
			return "An issuer has no query (RFC 8414 section 2). Remove the \"?\" and what follows it."
		}
		return ""
	}}
}

// hostName is a name or an address of a server.
func hostName() validator.String {
	return stringValidator{must: "must be a host name", rule: func(value string) string {
		if value == "" || strings.ContainsFunc(value, func(char rune) bool { return !isAlphanumeric(char) && !strings.ContainsRune("-._:", char) }) {
			return "The value is no host name. Write it without scheme and path, and international names in their ASCII form (\"xn--…\")."
		}
		return ""
	}}
}

// variableName is the name of an environment variable.
func variableName() validator.String {
	return stringValidator{must: "must be the name of an environment variable", rule: func(value string) string {
		if value == "" || strings.ContainsFunc(value, func(char rune) bool { return char <= ' ' || char == '=' || char > '~' }) {
			return "The value is empty or no name of an environment variable, which has letters, digits and underscores."
		}
		return ""
	}}
}

// absoluteURI is a resource indicator (RFC 8707 section 2).
func absoluteURI() validator.String {
	return stringValidator{must: "must be an absolute URI", rule: func(value string) string {
		identifier, err := url.Parse(value)
		if err != nil || !identifier.IsAbs() {
			return "A resource is an absolute URI such as \"https://api.example.com/\" or \"urn:example:api\" (RFC 8707 section 2). " +
				"A server that wants another text may take it as parameters = { resource = \"…\" }."
		}
		if strings.Contains(value, "#") {
			return "A resource has no fragment (RFC 8707 section 2). Remove the \"#\" and what follows it."
		}
		return ""
	}}
}

// jsonPointer is a place in a JSON document (RFC 6901).
func jsonPointer() validator.String {
	return stringValidator{must: "must be a JSON Pointer", rule: func(value string) string {
		_, err := jsonpointer.Parse(value)
		return problemOf(err)
	}}
}

// jsonObject is a JSON object.
func jsonObject() validator.String {
	return stringValidator{must: "must be a JSON object", most: maxText, rule: func(value string) string {
		var object map[string]any
		if err := oauth2.DecodeJSON([]byte(value), &object); err != nil || object == nil {
			return "The value is no JSON object. Write it with jsonencode({ … })."
		}
		return ""
	}}
}

// durationFrom is a duration of at least a minimum.
func durationFrom(minimum time.Duration) validator.String {
	must := "must be a duration of at least " + minimum.String()
	if minimum == 0 {
		must = "must be a duration and not negative"
	}
	return stringValidator{must: must, rule: func(value string) string {
		parsed, err := time.ParseDuration(value)
		switch {
		case err != nil:
			return "The value is no duration. Write a number and its unit: \"90s\", \"10m\" or \"1h30m\"."
		case parsed < minimum:
			return "The value " + must + "."
		}
		return ""
	}}
}

// certificates are certificates in PEM.
func certificates() validator.String {
	return stringValidator{must: "must be certificates in PEM", most: maxText, rule: func(value string) string {
		return problemOf(httpstack.CheckCertificates(value))
	}}
}

// proxy is the address of a proxy.
func proxy() validator.String {
	return stringValidator{must: "must be the URL of a proxy", rule: func(value string) string {
		if err := httpstack.CheckProxyURL(value); err != nil {
			return "The proxy URL " + err.Error() + "."
		}
		return ""
	}}
}

// redisURL is the address of a Redis server.
func redisURL() validator.String {
	return stringValidator{must: "must be the URL of a Redis server", rule: func(value string) string {
		return problemOf(redisstore.CheckURL(value))
	}}
}

// problemOf writes an error as a sentence; nothing for nil.
func problemOf(err error) string {
	if err == nil {
		return ""
	}
	return sentence(err.Error())
}

func isAlphanumeric(char rune) bool {
	return '0' <= char && char <= '9' || 'a' <= char && char <= 'z' || 'A' <= char && char <= 'Z'
}

func isNotASCII(char rune) bool { return char > unicode.MaxASCII }

// hasControl tells whether a text has control characters.
func hasControl(text string) bool { return strings.ContainsFunc(text, unicode.IsControl) }
