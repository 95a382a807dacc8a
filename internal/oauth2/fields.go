// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/jsonpointer"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Names of the members of an answer: RFC 6749 sections 5.1 and 5.2, and three
// that many servers add.
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

// FieldNames lists the members whose place in the answer can be set.
func FieldNames() []string {
	return []string{
		FieldAccessToken, FieldTokenType, FieldExpiresIn, FieldExpiresAt, FieldScope,
		FieldRefreshToken, FieldRefreshExpiresIn, FieldError, FieldErrorDescription,
	}
}

// Fields says where the members of an answer are, by their names. A member that
// is not named is where RFC 6749 has it, at the top.
type Fields map[string]jsonpointer.Pointer

// names are what the member called name is called in the response, and what the
// members are called that it is in.
func (f Fields) names(name string) []string {
	if pointer, ok := f[name]; ok {
		return pointer.Tokens()
	}
	return []string{name}
}

// lookup finds the member called name.
func (f Fields) lookup(document any, name string) (any, bool) {
	if pointer, ok := f[name]; ok {
		return pointer.Lookup(document)
	}
	object, _ := document.(map[string]any)
	value, ok := object[name]
	return value, ok
}

// member is the member of an object, nil where there is none.
func member(document any, name string) any {
	object, _ := document.(map[string]any)
	return object[name]
}

// text is the member called name where it is a string.
func (f Fields) text(document any, name string) (string, bool) {
	value, _ := f.lookup(document, name)
	text, ok := value.(string)
	return text, ok
}

// errorCode is the error member as text. RFC 6749 section 5.2 has a string;
// numbers occur, and objects with the code inside.
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

// refreshToken is the refresh token. Some servers send a word in its place where
// they issue none.
func (f Fields) refreshToken(document any) secret.String {
	text, _ := f.text(document, FieldRefreshToken)
	if text == "not_supported" {
		return secret.String{}
	}
	return secret.New(text)
}

// scopes reads the granted scopes from a text, separated by any white space, or
// from a list. It returns nil where the answer names none.
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

// maxLifetime is the longest lifetime that is believed, a hundred years in
// seconds. More is a mistake in the unit, or means to be unlimited.
const maxLifetime = 100 * 365 * 24 * 60 * 60

// seconds reads a lifetime in whole seconds, rounded down, from a number or from
// a string holding one. What is not positive or beyond belief is unknown, zero.
func (f Fields) seconds(document any, name string) int64 {
	value, _ := f.lookup(document, name)
	number, ok := float(value)
	if !ok || number < 1 || number > maxLifetime {
		return 0
	}
	return int64(number)
}

// float reads a number, or a string that holds one.
func float(value any) (float64, bool) {
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

// instantLayouts are the dates that are read: RFC 3339, also with a space for the T
// or before the offset, and an offset without its colon; the formats of RFC 9110
// section 5.6.7, and that of RFC 5322. A date without a zone is ambiguous.
var instantLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700",
	"2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05 UTC",
	http.TimeFormat, "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC, time.RFC1123Z,
}

// instant reads a point in time: a date, or seconds since 1970, or milliseconds
// where seconds would be beyond the year 5000. The zero time means there is none.
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
	number, ok := float(value)
	if number >= year5000 {
		number /= millisecond
	}
	return epoch(number, ok)
}

// epoch turns seconds since 1970 into a time; the zero time where they are not
// known or beyond belief.
func epoch(seconds float64, known bool) time.Time {
	const year2500 = 16725225600
	if !known || seconds < 1 || seconds > year2500 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// datelike matches texts of digits, punctuation, and the words of dates and
// durations. They can be quoted: no secret looks like that.
var datelike = regexp.MustCompile(`(?i)^(?:[-+0-9:., /]|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|` +
	`jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|` +
	`gmt|utc|[ap]m|[tze]|ms|s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?)?|d(?:ays?)?|never)+$`)

// describeValue names the kind of a member, and quotes it if it is a number or
// resembles a date. It never quotes what may be a secret.
func describeValue(value any) string {
	const longestQuoted = 40
	switch value := value.(type) {
	case json.Number:
		if len(value) <= longestQuoted {
			return "the number " + value.String()
		}
	case string:
		if len(value) <= longestQuoted && datelike.MatchString(value) {
			return strconv.Quote(value)
		}
	}
	return kindOf(value, true)
}

// kindOf names the JSON type of a member.
func kindOf(value any, found bool) string {
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
