// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
)

// stringRule is a rule for an attribute that is a string. It returns what is wrong
// and what to do, in sentences that do not quote the value, which may be a secret;
// or "".
type stringRule func(value string) (problem string)

// Bounds of values in bytes. They are far above what servers accept, and keep
// mistakes, such as the wrong file, from being sent and shown.
const (
	// maxText bounds bodies, the values of parameters, keys and certificates.
	maxText = 1 << 20
	// maxLine bounds everything else: URLs, names, credentials.
	maxLine = httpstack.MaxField
)

// stringValidator is a rule as a validator, described by what the value must be.
// All values must be UTF-8 and within bounds.
type stringValidator struct {
	must string
	rule stringRule
	most int // bytes; zero means maxLine
}

// Description implements [validator.Describer].
func (v stringValidator) Description(context.Context) string { return v.must }

// MarkdownDescription implements [validator.Describer].
func (v stringValidator) MarkdownDescription(context.Context) string { return v.must }

// ValidateString implements [validator.String].
func (v stringValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := v.problem(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid value for "+shownPath(req.Path), problem)
	}
}

// problem returns what is wrong with the value, "" if nothing is.
func (v stringValidator) problem(value string) string {
	switch most := cmp.Or(v.most, maxLine); {
	case len(value) > most:
		return fmt.Sprintf("The value is %d bytes long. The limit is %d.", len(value), most)
	case !utf8.ValidString(value):
		return "The value is not UTF-8 text. Encode it, for example with base64."
	}
	return v.rule(value)
}

// maxShown bounds how much of a name or word in the configuration is quoted, in
// characters.
const maxShown = 40

// shortened is a text as it is quoted.
func shortened(text string) string {
	chars := []rune(text)
	if len(chars) <= maxShown {
		return text
	}
	return string(chars[:maxShown]) + "…"
}

// shownPath writes a path with its map keys shortened.
func shownPath(at path.Path) string {
	steps := at.Steps()
	for i, step := range steps {
		if name, ok := step.(path.PathStepElementKeyString); ok {
			steps[i] = path.PathStepElementKeyString(shownName(string(name)))
		}
	}
	return steps.String()
}

// anyText is any text. It is sent encoded or verbatim.
func anyText() validator.String {
	return stringValidator{must: "must be text", most: maxText, rule: func(string) string { return "" }}
}

// anyLine is anyText that is sent in a URL.
func anyLine() validator.String {
	return stringValidator{must: "must be text", rule: func(string) string { return "" }}
}

// nonEmpty is any text that is not empty.
func nonEmpty() validator.String {
	return stringValidator{must: "must not be empty", most: maxText, rule: problemOfEmpty}
}

// oneOf is one of a list of words.
func oneOf(words ...string) validator.String {
	list := "`" + strings.Join(words, "`, `") + "`"
	return stringValidator{must: "must be one of " + list, rule: func(value string) string {
		if slices.Contains(words, value) {
			return ""
		}
		return fmt.Sprintf("The value must be one of \"%s\", but is %q.", strings.Join(words, "\", \""), shownName(value))
	}}
}

// credential identifies or authenticates a client.
func credential() validator.String {
	return stringValidator{must: "must not be empty or have control characters", rule: func(value string) string {
		if problem := problemOfLine(value); problem != "" || !hasControl(value) {
			return problem
		}
		return "The value has a line break or another control character (RFC 6749 appendix A allows none)."
	}}
}

// line is one line of text, not empty.
func line() validator.String {
	return stringValidator{must: "must not be empty or have control characters", rule: func(value string) string {
		return cmp.Or(problemOfLine(value), problemOfControl(value))
	}}
}

// localPath is a path on this machine.
func localPath() validator.String {
	return stringValidator{must: "must be a path", rule: problemOfPath}
}

// problemOfPath finds what only a shell understands, and what no path has.
func problemOfPath(value string) string {
	if first, _, _ := strings.Cut(filepath.ToSlash(value), "/"); first == "~" {
		return "The path begins with \"~\", which only shells expand. Write pathexpand(\"~/…\")."
	}
	return cmp.Or(problemOfLine(value), problemOfControl(value))
}

// assertionFile is the path of a file that holds an assertion.
func assertionFile() validator.String {
	return stringValidator{must: "must be a path", rule: func(value string) string {
		if secret.LooksLikeKey(value) {
			return "The value looks like a JWT or a key, and should be the path of the file that holds it. Write it into a file, and that file's path here."
		}
		return problemOfPath(value)
	}}
}

// problemOfEmpty reports an empty value.
func problemOfEmpty(value string) string {
	if value == "" {
		return "The value is empty. Leave the attribute out if there is none."
	}
	return ""
}

// problemOfLine reports an empty value and the line break of a file.
func problemOfLine(value string) string {
	if strings.TrimRight(value, "\r\n") != value {
		return "The value ends with a line break, as the contents of a file often do. Remove it, for example with trimspace()."
	}
	return problemOfEmpty(value)
}

// problemOfControl reports control characters.
func problemOfControl(value string) string {
	if hasControl(value) {
		return "The value has a line break or another control character."
	}
	return ""
}

// plainText is a text without control characters; it may be empty.
func plainText() validator.String {
	return stringValidator{must: "must have no control characters", rule: problemOfControl}
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
			return "The scope has a space in it. Write scopes as separate elements of the list: [\"read\", \"write\"]."
		case strings.ContainsFunc(value, func(char rune) bool { return char <= ' ' || char == '"' || char == '\\' || char > '~' }):
			return "The scope has a character that RFC 6749 section 3.3 does not allow. " +
				"If the server needs it, set parameters = { scope = \"…\" }."
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
			return "The URL has a fragment (\"#…\"), which is never sent (RFC 9110 section 7.1). Remove it, or write \"%23\" to send a \"#\"."
		}
		return ""
	}}
}

// placeholder matches a word in braces or angle brackets, as documentation writes
// a value to be replaced. Encoded braces may also be data, such as the UUIDs in
// URLs of Bitbucket's API, so the word must look like one.
var placeholder = regexp.MustCompile(`(?i)([{<]|%7B|%3C)[a-z]([a-z_. -]|%20)*[0-9]*([}>]|%7D|%3E)`)

// problemOfURL reports why no request can be sent to an address.
func problemOfURL(value string) string {
	address, err := url.Parse(value)
	place, _, _ := strings.Cut(value, "?")
	left := placeholder.FindString(place)
	switch {
	case left != "" && !strings.Contains(place, "@"): // after which it could be part of a password
		return "The URL still has the placeholder " + shortened(left) + ". Replace it with your own value."
	case strings.ContainsAny(value, "{}<>"):
		return "The URL has braces or angle brackets, which must be percent-encoded (RFC 3986 section 2)."
	case err != nil || hasControl(value) || strings.Contains(value, " "):
		return "The value is not a URL. Check it for spaces, line breaks and unescaped characters."
	case strings.ContainsFunc(address.RawQuery, isNotASCII):
		return "The URL's query has characters beyond ASCII. Percent-encode them, for example with urlencode()."
	case (address.Scheme != "https" && address.Scheme != "http") || address.Hostname() == "":
		return "The value is not an absolute URL. Write it as \"https://host/path\"."
	case address.User != nil:
		return "The URL holds a user name or password. Use the attributes for credentials instead."
	}
	return ""
}

// withoutQuery complements endpointURL for issuers.
func withoutQuery() validator.String {
	return stringValidator{must: "must have no query", rule: func(value string) string {
		if strings.Contains(value, "?") {
			return "An issuer has no query (RFC 8414 section 2). Remove the \"?\" and everything after it."
		}
		return ""
	}}
}

// hostName is the name or address of a server.
func hostName() validator.String {
	return stringValidator{must: "must be a host name", rule: func(value string) string {
		if value == "" || strings.ContainsFunc(value, func(char rune) bool { return !isAlphanumeric(char) && !strings.ContainsRune("-._:", char) }) {
			return "The value is not a host name. Write it without scheme, port and path, and international names in their ASCII form (\"xn--…\")."
		}
		return ""
	}}
}

// variableName is the name of an environment variable.
func variableName() validator.String {
	return stringValidator{must: "must be the name of an environment variable", rule: func(value string) string {
		if secret.LooksLikeKey(value) {
			return "The value looks like a JWT or a key, and should be the name of the environment variable that holds it. " +
				"Set such a variable, and write its name here."
		}
		if strings.ContainsFunc(value, func(char rune) bool { return char <= ' ' || char == '=' || char > '~' }) {
			return "The value is not the name of an environment variable, which has letters, digits and underscores."
		}
		return problemOfEmpty(value)
	}}
}

// absoluteURI is a resource indicator (RFC 8707 section 2).
func absoluteURI() validator.String {
	return stringValidator{must: "must be an absolute URI", rule: func(value string) string {
		identifier, err := url.Parse(value)
		if err != nil || !identifier.IsAbs() {
			return "A resource must be an absolute URI such as \"https://api.example.com/\" or \"urn:example:api\" (RFC 8707 section 2). " +
				"If the server needs another value, set parameters = { resource = \"…\" }."
		}
		if strings.Contains(value, "#") {
			return "A resource must not have a fragment (RFC 8707 section 2). Remove the \"#\" and everything after it."
		}
		return ""
	}}
}

// jsonPointer is a JSON Pointer (RFC 6901).
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
			return "The value is not a JSON object. Write it with jsonencode({ … })."
		}
		return ""
	}}
}

// durationFrom is a duration of at least a minimum.
func durationFrom(minimum time.Duration) validator.String {
	must := "must be a duration of at least " + minimum.String()
	if minimum == 0 {
		must = "must be a duration that is not negative"
	}
	return stringValidator{must: must, rule: func(value string) string {
		parsed, err := time.ParseDuration(value)
		switch {
		case err != nil:
			return "The value is not a duration. Write a number and its unit: \"90s\", \"10m\" or \"1h30m\"."
		case parsed < minimum:
			return "The value " + must + "."
		}
		return ""
	}}
}

// certificates are PEM certificates.
func certificates() validator.String {
	return stringValidator{must: "must be PEM certificates", most: maxText, rule: func(value string) string {
		_, err := httpstack.ParseCertificates(value)
		return problemOf(err)
	}}
}

// proxyURL is the address of a proxy.
func proxyURL() validator.String {
	return stringValidator{must: "must be the URL of a proxy", rule: func(value string) string {
		if _, err := httpstack.ParseProxyURL(value); err != nil {
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

// problemOf is the error as a sentence, "" for nil.
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

// hasControl reports whether a text has control characters.
func hasControl(text string) bool { return strings.ContainsFunc(text, unicode.IsControl) }

// headerFields validates a map of header fields.
type headerFields struct{}

// Description implements [validator.Describer].
func (headerFields) Description(context.Context) string { return "must be header fields" }

// MarkdownDescription implements [validator.Describer].
func (v headerFields) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateMap implements [validator.Map]. Values are not quoted, as they may be
// secrets.
func (headerFields) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	spelled := map[string]string{}
	elements := req.ConfigValue.Elements()
	for _, name := range sortedKeys(elements) {
		value, _ := elements[name].(types.String)
		if problem := headerField(name).problem(value.ValueString()); problem != "" {
			resp.Diagnostics.AddAttributeError(req.Path.AtMapKey(name), "Invalid header field", problem)
		}
		canonical := http.CanonicalHeaderKey(name)
		if other, ok := spelled[canonical]; ok {
			resp.Diagnostics.AddAttributeError(req.Path.AtMapKey(name), "Duplicate header field",
				fmt.Sprintf("The names %q and %q differ only in case, and header names are case-insensitive. Remove one.", shownName(name), shownName(other)))
		}
		spelled[canonical] = name
	}
}

// headerField is the value of the field of this name.
func headerField(name string) stringValidator {
	return stringValidator{must: "must be the value of a header field", rule: func(value string) string {
		return problemOf(httpstack.CheckHeader(name, value))
	}}
}

// headerName is the name of a header field.
func headerName() validator.String {
	return stringValidator{must: "must be the name of a header field", rule: func(name string) string {
		return problemOf(httpstack.CheckHeader(name, ""))
	}}
}

// tokenScheme is what precedes a token in a header field; it may be empty.
func tokenScheme() validator.String {
	return stringValidator{must: "must be visible ASCII characters", rule: func(scheme string) string {
		if strings.TrimSpace(scheme) != scheme || hasControl(scheme) || strings.ContainsFunc(scheme, isNotASCII) {
			return "A scheme consists of visible ASCII characters, and of spaces between them. Leave out the space before the token."
		}
		return ""
	}}
}

// wholeNumber validates a whole number. Its attribute must be a number rather than
// an integer: for a fraction in an integer attribute the framework reports a bug of
// the provider, before any validator runs.
type wholeNumber struct{ least, most int64 }

// Description implements [validator.Describer].
func (v wholeNumber) Description(context.Context) string {
	return fmt.Sprintf("must be a whole number between %d and %d", v.least, v.most)
}

// MarkdownDescription implements [validator.Describer].
func (v wholeNumber) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateNumber implements [validator.Number].
func (v wholeNumber) ValidateNumber(ctx context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	number := req.ConfigValue.ValueBigFloat()
	if number.IsInt() && number.Cmp(big.NewFloat(float64(v.least))) >= 0 && number.Cmp(big.NewFloat(float64(v.most))) <= 0 {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid value for "+req.Path.String(),
		"The value "+v.Description(ctx)+", but is "+number.Text('g', 10)+".")
}

// whole is a number that wholeNumber accepts; null is zero.
func wholeValue(value types.Number) int64 {
	if value.IsNull() || value.IsUnknown() {
		return 0
	}
	number, _ := value.ValueBigFloat().Int64()
	return number
}
