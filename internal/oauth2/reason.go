// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Reason is a member of a response that may say why there is no token, under a name
// of the server's own.
type Reason struct {
	// Place is where it is, as a JSON Pointer (RFC 6901).
	Place string
	// Value is redacted, of what resembles a token too.
	Value string
	// Code reports whether it is an error code, and not a text for people.
	Code bool
}

// Where reasons are looked for: so deep, and so many.
const (
	maxReasonDepth = 3
	maxReasons     = 6
)

// reasonCodes and reasonTexts match the names of members, without case and
// punctuation, that servers give error codes and texts.
var (
	reasonCodes = regexp.MustCompile(`^(?:err(?:or)?|status|result|ret)?code$|^err(?:or)?no$`)
	reasonTexts = regexp.MustCompile(`^(?:err(?:or)?|status|result|ret)?(?:msg|message)$|^err(?:or)?(?:desc|description|info|detail|text)$|^(?:detail|reason|description)$`)
)

// escapePointer escapes a name for a JSON Pointer (RFC 6901 section 3).
var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// tokenlike matches words that may be tokens or ids of them.
var tokenlike = regexp.MustCompile(`[A-Za-z0-9_~+/=.-]{20,}`)

// reasons finds what may say why there is no token, the outermost first.
func (r answerReader) reasons(document any) []Reason {
	var found []Reason
	r.addReasons(&found, document, "", maxReasonDepth)
	slices.SortStableFunc(found, func(a, b Reason) int { return strings.Count(a.Place, "/") - strings.Count(b.Place, "/") })
	return found[:min(len(found), maxReasons)]
}

func (r answerReader) addReasons(found *[]Reason, value any, place string, depth int) {
	if depth < 0 {
		return
	}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			at := place + "/" + escapePointer.Replace(name)
			bare := bareName(name)
			isCode := reasonCodes.MatchString(bare)
			if text := r.reason(value[name]); text != "" && (isCode || reasonTexts.MatchString(bare)) {
				*found = append(*found, Reason{Place: r.show(at), Value: text, Code: isCode})
			}
			r.addReasons(found, value[name], at, depth-1)
		}
	case []any:
		if len(value) > 0 {
			r.addReasons(found, value[0], place+"/0", depth-1)
		}
	}
}

// reason is the value of a member fit to be shown; empty for what is no scalar.
func (r answerReader) reason(value any) string {
	switch value := value.(type) {
	case json.Number:
		return r.show(value.String())
	case string:
		return r.show(tokenlike.ReplaceAllStringFunc(value, func(word string) string {
			if strings.ContainsFunc(word, unicode.IsDigit) && strings.ContainsFunc(word, unicode.IsLetter) {
				return secret.Placeholder
			}
			return word
		}))
	default:
		return ""
	}
}
