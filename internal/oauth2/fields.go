// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Members of a response: those of RFC 6749 sections 5.1 and 5.2, and three that many
// servers add.
const (
	FieldAccessToken      = "access_token"
	FieldTokenType        = "token_type"
	FieldExpiresIn        = "expires_in"
	FieldExpiresAt        = "expires_at"
	FieldScope            = "scope"
	FieldRefreshToken     = "refresh_token"
	FieldRefreshExpiresIn = "refresh_expires_in"
	FieldError            = "error"
	FieldErrorDescription = "error_description"
)

// FieldNames lists the members that can be mapped.
func FieldNames() []string {
	return []string{
		FieldAccessToken, FieldTokenType, FieldExpiresIn, FieldExpiresAt, FieldScope,
		FieldRefreshToken, FieldRefreshExpiresIn, FieldError, FieldErrorDescription,
	}
}

// Fields maps members of a response to their places. A member that is not mapped is at
// the top level, as in RFC 6749.
type Fields map[string]jsonpointer.Pointer

// paths lists the names of the members that lead to the access token and to the
// members of f.
func (f Fields) paths() []string {
	var names []string
	if _, ok := f[FieldAccessToken]; !ok {
		names = append(names, FieldAccessToken)
	}
	for _, pointer := range f {
		names = append(names, pointer.Tokens()...)
	}
	return names
}

func (f Fields) lookup(document any, name string) (any, bool) {
	if pointer, ok := f[name]; ok {
		return pointer.Lookup(document)
	}
	object, _ := document.(map[string]any)
	value, ok := object[name]
	return value, ok
}

// text finds the member called name if it is a string.
func (f Fields) text(document any, name string) (string, bool) {
	value, _ := f.lookup(document, name)
	text, ok := value.(string)
	return text, ok
}

// errorCode is the error member as text. RFC 6749 section 5.2 defines a string, but some
// servers send a number, or an object that holds the code.
func (f Fields) errorCode(document any) string {
	value, _ := f.lookup(document, FieldError)
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	default:
		return ""
	}
}

// scopes parses the granted scopes from a list, or a string with any white space between
// them. It returns nil if there are none.
func (f Fields) scopes(document any) []string {
	value, _ := f.lookup(document, FieldScope)
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var scopes []string
	for _, item := range list {
		text, _ := item.(string)
		scopes = append(scopes, strings.Fields(secret.OneLine(text))...)
	}
	return scopes
}

// seconds parses a lifetime, rounded down to whole seconds, from a number or a string. It
// is zero if it is not positive, or longer than a hundred years, which is a mistake in
// the unit or means unlimited.
func (f Fields) seconds(document any, name string) int64 {
	const maxLifetime = 100 * 365 * 24 * 60 * 60
	value, _ := f.lookup(document, name)
	number, ok := parseNumber(value)
	if !ok || number < 1 || number > maxLifetime {
		return 0
	}
	return int64(number)
}

func parseNumber(value any) (float64, bool) {
	var text string
	switch value := value.(type) {
	case json.Number:
		text = value.String()
	case string:
		text = strings.TrimSpace(value)
	default:
		return 0, false
	}
	if strings.Trim(text, "+-.0123456789Ee") != "" {
		return 0, false // such as NaN, 1_000 and 0x1p9, which are numbers to Go
	}
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil
}

// instantLayouts are RFC 3339, also with a space in place of the T or before the offset,
// or an offset without a colon; the formats of RFC 9110 section 5.6.7; and RFC 5322. A
// date without a zone is ambiguous and not among them.
var instantLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700",
	"2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05 UTC",
	http.TimeFormat, "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC, time.RFC1123Z,
}

// instant parses a date or a Unix time, which is in milliseconds if it would be beyond
// the year 5000 in seconds. It returns the zero time if there is none.
func (f Fields) instant(document any, name string) time.Time {
	value, _ := f.lookup(document, name)
	if text, ok := value.(string); ok {
		for _, layout := range instantLayouts {
			if at, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
				return at.UTC()
			}
		}
	}
	const year5000, millisecond = 95617584000, 1000
	number, _ := parseNumber(value)
	if number >= year5000 {
		number /= millisecond
	}
	return unixTime(number)
}

// unixTime converts a Unix time; to the zero time if it is implausible.
func unixTime(seconds float64) time.Time {
	const year2500 = 16725225600
	if seconds < 1 || seconds > year2500 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// datelike matches dates and durations, which are safe to quote: no secret looks like
// that. It is compiled when it is needed, which takes as long as the rest of this package's
// start.
var datelike = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(?:[-+0-9:., /]|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|` +
		`jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|` +
		`gmt|utc|[ap]m|[tze]|ms|s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?)?|d(?:ays?)?|never)+$`)
})

// describeValue quotes a number and what resembles a date, and names the JSON type of
// anything else, which may be a secret.
func describeValue(value any) string {
	const longestQuoted = 40
	switch value := value.(type) {
	case json.Number:
		if len(value) <= longestQuoted {
			return "the number " + value.String()
		}
	case string:
		if len(value) <= longestQuoted && datelike().MatchString(value) {
			return strconv.Quote(value)
		}
	}
	return jsonType(value, true)
}

func jsonType(value any, found bool) string {
	switch value := value.(type) {
	case string:
		if value == "" {
			return "an empty string"
		}
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "an array"
	case map[string]any:
		return "an object"
	}
	if found {
		return "null"
	}
	return "nothing"
}
