// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"math/big"
	"net/http"
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

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/dpop"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Bounds of values in bytes. They are far above what servers accept, and keep the
// wrong file, for example, from being sent and shown.
const (
	// maxText bounds bodies, the values of parameters, keys and certificates.
	maxText = 1 << 20
	// maxLine bounds everything else: URLs, names, credentials.
	maxLine = httpstack.MaxField
)

// stringRule validates a string: it returns what is wrong and what to do, or "". It does
// not quote the value, which may be a secret.
type stringRule func(value string) (problem string)

// text is UTF-8 text of up to maxText bytes that follows all rules.
func text(rules ...stringRule) stringRule { return bounded(maxText, rules) }

// short is UTF-8 text of up to maxLine bytes that follows all rules.
func short(rules ...stringRule) stringRule { return bounded(maxLine, rules) }

func bounded(most int, rules []stringRule) stringRule {
	return func(value string) string {
		switch {
		case len(value) > most:
			return fmt.Sprintf("The value is %d bytes long. The limit is %d.", len(value), most)
		case !utf8.ValidString(value):
			return "The value is not UTF-8 text. Encode it, for example with base64."
		}
		for _, rule := range rules {
			if problem := rule(value); problem != "" {
				return problem
			}
		}
		return ""
	}
}

// Description is empty, like that of every validator here: it is not shown anywhere.
func (stringRule) Description(context.Context) string { return "" }

func (stringRule) MarkdownDescription(context.Context) string { return "" }

func (r stringRule) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := r(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid value for "+shownPath(req.Path), problem)
	}
}

// shownName returns a name, or a word of a closed list, for quoting it, if it is short
// and looks like one: it may be a secret in the wrong place.
func shownName(text string) string {
	const maxLength = 40
	if len(text) > maxLength || !nameShaped.MatchString(text) || secret.LooksLikeKey(text) {
		return "…"
	}
	return text
}

var nameShaped = regexp.MustCompile(`^[A-Za-z0-9_.\[\]-]*$`)

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

// anyText is any text.
func anyText() validator.String { return text() }

// anyLine is any text within the bounds of what is sent in a URL.
func anyLine() validator.String { return short() }

// nonEmpty is any text that is not empty.
func nonEmpty() validator.String { return text(problemOfEmpty) }

// oneOf is one of a list of words.
func oneOf(words ...string) validator.String {
	return short(func(value string) string {
		if slices.Contains(words, value) {
			return ""
		}
		return fmt.Sprintf("The value must be one of \"%s\", but is %q.", strings.Join(words, "\", \""), shownName(value))
	})
}

// credential identifies or authenticates a client.
func credential() validator.String {
	return short(problemOfLine, func(value string) string {
		if hasControl(value) {
			return "The value has a line break or another control character (RFC 6749 appendix A allows none)."
		}
		return ""
	})
}

// line is one line of text, not empty.
func line() validator.String { return short(problemOfLine, problemOfControl) }

// localPath is a path on this machine.
func localPath() validator.String { return short(problemOfTilde, problemOfLine, problemOfControl) }

// problemOfTilde reports what only shells expand.
func problemOfTilde(value string) string {
	if first, _, _ := strings.Cut(filepath.ToSlash(value), "/"); first == "~" {
		return "The path begins with \"~\", which only shells expand. Write pathexpand(\"~/…\")."
	}
	return ""
}

// assertionFile is the path of a file that holds an assertion.
func assertionFile() validator.String {
	return short(func(value string) string {
		if secret.LooksLikeKey(value) {
			return "The value looks like a JWT or a key, and should be the path of the file that holds it. Write it into a file, and that file's path here."
		}
		return ""
	}, problemOfTilde, problemOfLine, problemOfControl)
}

// assertionText is an assertion, with or without white space around it.
func assertionText() validator.String {
	return text(func(value string) string {
		_, err := oauth2.DecodeJWT(strings.TrimSpace(value))
		return problemOf(err)
	})
}

// problemOfEmpty reports an empty value.
func problemOfEmpty(value string) string {
	if value == "" {
		return "The value is empty. Leave the attribute out if there is none."
	}
	return ""
}

// problemOfLine reports an empty value, and the line break at the end of a file.
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
func plainText() validator.String { return short(problemOfControl) }

// scopeToken is one scope (RFC 6749 section 3.3).
func scopeToken() validator.String {
	return short(func(value string) string {
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
	})
}

// variableName is the name of an environment variable.
func variableName() validator.String {
	return short(func(value string) string {
		if secret.LooksLikeKey(value) {
			return "The value looks like a JWT or a key, and should be the name of the environment variable that holds it. " +
				"Set such a variable, and write its name here."
		}
		if strings.ContainsFunc(value, func(char rune) bool { return char <= ' ' || char == '=' || char > '~' }) {
			return "The value is not the name of an environment variable, which has letters, digits and underscores."
		}
		return problemOfEmpty(value)
	})
}

// jsonPointer is a JSON Pointer (RFC 6901).
func jsonPointer() validator.String {
	return short(func(value string) string {
		_, err := jsonpointer.Parse(value)
		return problemOf(err)
	})
}

// jsonObject is a JSON object.
func jsonObject() validator.String {
	return text(func(value string) string {
		var object map[string]any
		if err := oauth2.DecodeJSON([]byte(value), &object); err != nil || object == nil {
			return "The value is not a JSON object. Write it with jsonencode({ … })."
		}
		return ""
	})
}

// durationFrom is a duration of at least a minimum.
func durationFrom(minimum time.Duration) validator.String {
	must := "must be a duration of at least " + minimum.String()
	if minimum == 0 {
		must = "must be a duration that is not negative"
	}
	return short(func(value string) string {
		parsed, err := time.ParseDuration(value)
		switch {
		case err != nil:
			return "The value is not a duration. Write a number and its unit: \"90s\", \"10m\" or \"1h30m\"."
		case parsed < minimum:
			return "The value " + must + "."
		}
		return ""
	})
}

// certificates are PEM certificates.
func certificates() validator.String {
	return text(func(value string) string {
		_, err := keys.ParseCertificates(value)
		return problemOf(err)
	})
}

// dpopKey is a private key that signs DPoP proofs.
func dpopKey() validator.String {
	return text(func(value string) string {
		key, err := keys.Parse(secret.New(value), "")
		if err == nil {
			_, err = dpop.New(key, nil, time.Now)
		}
		return problemOf(err)
	})
}

// signingSecret is a secret that signs, in any encoding.
func signingSecret() validator.String { return text(problemOfLine) }

// problemOf is the error as a sentence, "" for nil.
func problemOf(err error) string {
	if err == nil {
		return ""
	}
	return sentence(err.Error())
}

func hasControl(text string) bool { return strings.ContainsFunc(text, unicode.IsControl) }

// headerFields validates a map of headers.
type headerFields struct{}

func (headerFields) Description(context.Context) string { return "" }

func (headerFields) MarkdownDescription(context.Context) string { return "" }

// Values may be secrets and are not quoted.
func (headerFields) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	spelled := map[string]string{}
	elements := req.ConfigValue.Elements()
	for _, name := range sortedKeys(elements) {
		value, _ := elements[name].(types.String)
		if problem := headerField(name)(value.ValueString()); problem != "" {
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

// headerField is the value of the header of this name.
func headerField(name string) stringRule {
	return short(func(value string) string { return problemOf(httpstack.CheckHeader(name, value)) })
}

// headerName is the name of a header.
func headerName() validator.String {
	return short(func(name string) string { return problemOf(httpstack.CheckHeader(name, "")) })
}

// tokenScheme is what precedes a token in a header; it may be empty.
func tokenScheme() validator.String {
	return short(func(scheme string) string {
		if strings.TrimSpace(scheme) != scheme || hasControl(scheme) || strings.ContainsFunc(scheme, isNotASCII) {
			return "A scheme consists of visible ASCII characters, and of spaces between them. Leave out the space before the token."
		}
		return ""
	})
}

// wholeNumber validates a whole number within bounds. Its attribute must be a Number:
// for a fraction in an Int64 attribute the framework reports a bug of the provider
// before any validator runs.
type wholeNumber struct{ least, most int64 }

func (wholeNumber) Description(context.Context) string { return "" }

func (wholeNumber) MarkdownDescription(context.Context) string { return "" }

func (v wholeNumber) ValidateNumber(_ context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := v.problem(req.ConfigValue); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid value for "+req.Path.String(), problem)
	}
}

// problem returns what is wrong with a number, "" if nothing is.
func (v wholeNumber) problem(value types.Number) string {
	number := value.ValueBigFloat()
	if number.IsInt() && number.Cmp(big.NewFloat(float64(v.least))) >= 0 && number.Cmp(big.NewFloat(float64(v.most))) <= 0 {
		return ""
	}
	return fmt.Sprintf("The value must be a whole number between %d and %d, but is %s.", v.least, v.most, number.Text('g', 10))
}

// wholeValue returns a number that wholeNumber accepts; null is zero.
func wholeValue(value types.Number) int64 {
	if value.IsNull() || value.IsUnknown() {
		return 0
	}
	number, _ := value.ValueBigFloat().Int64()
	return number
}
