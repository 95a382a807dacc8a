// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/http/httpguts"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Reason is a member of a response that may explain a failure, under a name that is not
// an OAuth one.
type Reason struct {
	// Place is its JSON Pointer (RFC 6901).
	Place string
	// Value is redacted, including anything that resembles a token.
	Value string
	// Code reports whether it is an error code, and not a message.
	Code bool
}

// Success reports whether the value is a usual one for success: it must not be mapped to
// error.
func (r Reason) Success() bool {
	value := strings.ToLower(r.Value)
	return strings.Trim(value, "0") == "" || slices.Contains([]string{"200", "ok", "success"}, value)
}

// reasonCodes and reasonTexts match the names that servers give error codes and
// messages, in lower case and without punctuation.
var (
	reasonCodes = regexp.MustCompile(`^(?:err(?:or)?|status|result|ret)?code$|^err(?:or)?no$`)
	reasonTexts = regexp.MustCompile(`^(?:err(?:or)?|status|result|ret)?(?:msg|message)$|^err(?:or)?(?:desc|description|info|detail|text)$|^(?:detail|reason|description)$`)
)

// escapePointer escapes a name for a JSON Pointer (RFC 6901 section 3).
var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// tokenlike matches words that may be tokens or their identifiers.
var tokenlike = regexp.MustCompile(`[A-Za-z0-9_~+/=.-]{20,}`)

// withoutTokenlike redacts words that may be tokens.
func withoutTokenlike(text string) string {
	return tokenlike.ReplaceAllStringFunc(text, func(word string) string {
		if strings.ContainsFunc(word, unicode.IsDigit) && strings.ContainsFunc(word, unicode.IsLetter) {
			return secret.Placeholder
		}
		return word
	})
}

// reasons lists the first members that may explain why there is no token, the outermost
// first.
func (r *responseReader) reasons() []Reason {
	const maxDepth, maxReasons = 3, 6
	var found []Reason
	var search func(value any, place string, depth int)
	search = func(value any, place string, depth int) {
		if depth > maxDepth {
			return
		}
		switch value := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(value)) {
				at, bare := place+"/"+escapePointer.Replace(name), bareName(name)
				isCode := reasonCodes.MatchString(bare)
				if isCode || reasonTexts.MatchString(bare) {
					if text := r.reason(value[name]); text != "" {
						found = append(found, Reason{Place: r.show(at), Value: text, Code: isCode})
					}
				}
				search(value[name], at, depth+1)
			}
		case []any:
			if len(value) > 0 {
				search(value[0], place+"/0", depth+1)
			}
		}
	}
	search(r.document, "", 0)
	slices.SortStableFunc(found, func(a, b Reason) int { return strings.Count(a.Place, "/") - strings.Count(b.Place, "/") })
	return found[:min(len(found), maxReasons)]
}

// tokenPlace is the JSON Pointer of the first member that is called like an access token;
// empty if there is none.
func tokenPlace(value any, place string) string {
	object, _ := value.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at := place + "/" + escapePointer.Replace(name)
		if bare := bareName(name); bare == "token" || strings.HasSuffix(bare, "accesstoken") {
			if text, ok := object[name].(string); ok && text != "" {
				return at
			}
		}
		if inner := tokenPlace(object[name], at); inner != "" {
			return inner
		}
	}
	return ""
}

// reason is the redacted value of a member; empty if it is neither string nor number.
func (r *responseReader) reason(value any) string {
	switch value := value.(type) {
	case json.Number:
		return r.show(value.String())
	case string:
		return r.show(withoutTokenlike(value))
	default:
		return ""
	}
}

// Challenge is a challenge of the WWW-Authenticate header field (RFC 6750 section 3, RFC
// 9449 section 7.1), redacted and without control characters.
type Challenge struct {
	// Scheme is the authentication scheme, for example "Bearer".
	Scheme string
	// Code, Description and Scope are error, error_description and scope; empty if
	// absent.
	Code, Description, Scope string
}

// TakesNoToken reports whether the challenge is for credentials other than a token.
func (c Challenge) TakesNoToken() bool {
	return c.Scheme != "" && !strings.EqualFold(c.Scheme, "Bearer") && !strings.EqualFold(c.Scheme, "DPoP")
}

// RequiresNonce reports whether an API asks for its nonce in the DPoP proof (RFC 9449
// section 9).
func RequiresNonce(header http.Header) bool {
	return slices.ContainsFunc(challenges(header), func(c parsedChallenge) bool {
		return strings.EqualFold(c.scheme, "DPoP") && c.params["error"] == UseDPoPNonce
	})
}

// challenges parses all WWW-Authenticate fields of a response.
func challenges(header http.Header) []parsedChallenge {
	const maxField = 8 << 10
	var parsed []parsedChallenge
	for _, field := range header.Values("WWW-Authenticate") {
		if len(field) <= maxField {
			parsed = append(parsed, parseChallenges(field)...)
		}
	}
	return parsed
}

// challenge returns the first challenge that gives a reason, else the first that takes a
// token, else any, or nil.
func (r *responseReader) challenge() *Challenge {
	var first *Challenge
	for _, parsed := range challenges(r.response.Header) {
		code, description, scope := parsed.params["error"], parsed.params["error_description"], parsed.params["scope"]
		if code+description+scope != "" {
			return &Challenge{Scheme: r.show(parsed.scheme), Code: r.show(code), Description: r.show(description), Scope: r.show(scope)}
		}
		if first == nil || first.TakesNoToken() {
			first = &Challenge{Scheme: r.show(parsed.scheme)}
		}
	}
	return first
}

// parsedChallenge is a scheme with its parameters, whose names are in lower case.
type parsedChallenge struct {
	scheme string
	params map[string]string
}

// parseChallenges parses a list of challenges (RFC 9110 section 11.6.1) up to a syntax
// error. A token68 is ignored.
func parseChallenges(field string) []parsedChallenge {
	var parsed []parsedChallenge
	for {
		word, rest := cutToken(strings.TrimLeft(field, " \t,"))
		if word == "" {
			return parsed
		}
		value, isParam := strings.CutPrefix(strings.TrimLeft(rest, " \t"), "=")
		if !isParam {
			parsed, field = append(parsed, parsedChallenge{word, map[string]string{}}), rest
			continue
		}
		value, field = cutValue(strings.TrimLeft(value, " \t"))
		if len(parsed) > 0 {
			parsed[len(parsed)-1].params[strings.ToLower(word)] = value
		}
	}
}

// cutToken cuts a token (RFC 9110 section 5.6.2) off the start of text.
func cutToken(text string) (token, rest string) {
	end := strings.IndexFunc(text, func(char rune) bool { return !httpguts.IsTokenRune(char) })
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

// cutValue cuts a token or a quoted string (RFC 9110 section 5.6.4) off the start of
// text, and unquotes it.
func cutValue(text string) (value, rest string) {
	quoted, ok := strings.CutPrefix(text, `"`)
	if !ok {
		return cutToken(text)
	}
	var unquoted strings.Builder
	for i := 0; i < len(quoted); i++ {
		switch {
		case quoted[i] == '"':
			return unquoted.String(), quoted[i+1:]
		case quoted[i] == '\\' && i+1 < len(quoted):
			i++
		}
		unquoted.WriteByte(quoted[i])
	}
	return unquoted.String(), ""
}
