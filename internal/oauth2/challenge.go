// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"net/http"
	"strings"
)

// Challenge is what a WWW-Authenticate header field says about a request (RFC 6750
// section 3, RFC 9449 section 7.1), redacted and free of control characters.
type Challenge struct {
	// Scheme is the authentication scheme, for example "Bearer".
	Scheme string
	// Code, Description and Scope are error, error_description and scope; empty if
	// they are missing.
	Code, Description, Scope string
}

// maxChallenge is the longest header field that is read, in bytes.
const maxChallenge = 8 << 10

// challenge returns the first challenge that gives a reason, nil if there is none.
func (r answerReader) challenge(header http.Header) *Challenge {
	for _, field := range header.Values("WWW-Authenticate") {
		if len(field) > maxChallenge {
			continue
		}
		for _, found := range parseChallenges(field) {
			if code, description, scope := found.params["error"], found.params["error_description"], found.params["scope"]; code+description+scope != "" {
				return &Challenge{Scheme: r.show(found.scheme), Code: r.show(code), Description: r.show(description), Scope: r.show(scope)}
			}
		}
	}
	return nil
}

// parsedChallenge is a scheme with its parameters, by their names in lower case.
type parsedChallenge struct {
	scheme string
	params map[string]string
}

// parseChallenges reads a list of challenges (RFC 9110 section 11.6.1) up to where it
// departs from the grammar. A token68 is not kept.
func parseChallenges(field string) []parsedChallenge {
	var found []parsedChallenge
	for {
		word, rest := cutToken(strings.TrimLeft(field, " \t,"))
		if word == "" {
			return found
		}
		value, isParam := strings.CutPrefix(strings.TrimLeft(rest, " \t"), "=")
		if !isParam {
			found, field = append(found, parsedChallenge{word, map[string]string{}}), rest
			continue
		}
		value, field = cutValue(strings.TrimLeft(value, " \t"))
		if len(found) > 0 {
			found[len(found)-1].params[strings.ToLower(word)] = value
		}
	}
}

// cutToken cuts a token (RFC 9110 section 5.6.2) off the start of text.
func cutToken(text string) (token, rest string) {
	end := strings.IndexFunc(text, func(char rune) bool {
		return char <= ' ' || char >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, char)
	})
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

// cutValue cuts a token or a quoted string (RFC 9110 section 5.6.4), without its
// quotes and escapes, off the start of text.
func cutValue(text string) (value, rest string) {
	quoted, ok := strings.CutPrefix(text, `"`)
	if !ok {
		return cutToken(text)
	}
	var unescaped strings.Builder
	for i := 0; i < len(quoted); i++ {
		switch {
		case quoted[i] == '"':
			return unescaped.String(), quoted[i+1:]
		case quoted[i] == '\\' && i+1 < len(quoted):
			i++
		}
		unescaped.WriteByte(quoted[i])
	}
	return unescaped.String(), ""
}
