// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// maxShown limits each text of a server in an error, in bytes.
const maxShown = 512

var (
	// namesSecret matches names of members whose value is a secret, and not the address
	// of one or about it, such as token_endpoint.
	namesSecret = regexp.MustCompile(`(?i)(?:token|secret|password|assertion|credentials?|cookie|(?:auth|device|user)_code|key|jwt)$`)
	// mentionsSecret matches names of members whose value is left out of an excerpt.
	mentionsSecret = regexp.MustCompile(`(?i)token|secret|password|assertion|credential|authorization|cookie|(?:auth|device|user)_code|key$|jwt`)

	htmlTitle  = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	htmlHidden = regexp.MustCompile(`(?is)<(?:script|style|head)\b.*?</(?:script|style|head)>`)
	htmlTag    = regexp.MustCompile(`(?s)<[^>]*>`)
)

// namesToken reports whether a name is that of a token, in any spelling and with any
// prefix: refresh_token, refreshToken, Refresh-Token, user_refresh_token. A name with a
// suffix, such as refresh_token_expires_in, is not.
func namesToken(name string) bool {
	bare := bareName(name)
	for _, kind := range []string{"access", "refresh", "id"} {
		if strings.HasSuffix(bare, kind+"token") || strings.HasSuffix(bare, kind+"jwt") {
			return true
		}
	}
	return bare == "refresh"
}

// bareName is a name in lower case and without punctuation.
func bareName(name string) string {
	return strings.Map(func(char rune) rune {
		if unicode.IsLetter(char) || unicode.IsDigit(char) {
			return unicode.ToLower(char)
		}
		return -1
	}, name)
}

// isScalar reports whether a value is a string or a number, as tokens are.
func isScalar(value any) bool {
	switch value.(type) {
	case string, json.Number:
		return true
	default:
		return false
	}
}

// tokens is the set of strings and numbers that are tokens: those that fields maps, and
// those that isToken accepts by their member's name and by whether the member around it
// was accepted. A string with spaces is a message.
func (f Fields) tokens(document any, isToken func(outer bool, name string) bool) map[any]bool {
	found := map[any]bool{}
	var search func(value any, within bool)
	search = func(value any, within bool) {
		switch value := value.(type) {
		case map[string]any:
			for name, inner := range value {
				search(inner, isToken(within, name))
			}
		case []any:
			for _, inner := range value {
				search(inner, within)
			}
		case string, json.Number:
			if within && !strings.Contains(fmt.Sprint(value), " ") {
				found[value] = true
			}
		}
	}
	search(document, false)
	for _, name := range []string{FieldAccessToken, FieldRefreshToken} {
		if value, _ := f.lookup(document, name); isScalar(value) {
			found[value] = true
		}
	}
	return found
}

// ResponseWithoutTokens returns Response without its refresh, access and ID tokens: no
// member that has the name of one, and no value that is one. A value in a list becomes
// null.
func (t *Token) ResponseWithoutTokens(fields Fields) any {
	tokens := fields.tokens(t.Response, func(_ bool, name string) bool { return namesToken(name) })
	tokens[t.AccessToken.Reveal()], tokens[t.RefreshToken.Reveal()] = true, true
	delete(tokens, "")
	return without(t.Response, tokens)
}

func without(value any, tokens map[any]bool) any {
	switch value := value.(type) {
	case map[string]any:
		kept := make(map[string]any, len(value))
		for name, member := range value {
			_, isFlag := member.(bool) // whether a token was issued
			if namesToken(name) && !isFlag || isScalar(member) && tokens[member] {
				continue
			}
			kept[name] = without(member, tokens)
		}
		return kept
	case []any:
		kept := make([]any, len(value))
		for i, element := range value {
			kept[i] = without(element, tokens)
		}
		return kept
	}
	if isScalar(value) && tokens[value] {
		return nil
	}
	return value
}

// newRedactor returns a redactor of what was sent and of the tokens in the response, or
// of every value in the response that may be one.
func (r *responseReader) newRedactor(all bool) *secret.Redactor {
	const minToken = 8 // shorter ones are words such as "none"
	tokens := r.fields.tokens(r.document, func(outer bool, name string) bool {
		return all || outer || namesSecret.MatchString(name) || namesToken(name)
	})
	delete(tokens, r.fields.errorCode(r.document))
	secrets := slices.Clone(r.response.Secrets)
	for token := range tokens {
		if text := fmt.Sprint(token); len(text) >= minToken {
			secrets = append(secrets, secret.New(text))
		}
	}
	return secret.NewRedactor(secrets...)
}

func (r *responseReader) show(text string) string {
	if r.isPart {
		return r.redactor().Excerpt(withoutTokenlike(text), maxShown)
	}
	return r.redactor().Excerpt(text, maxShown)
}

// excerpt is the readable part of the body. It is redacted before anything is extracted
// or escaped, since a secret may not be recognisable afterwards, and once more by show.
func (r *responseReader) excerpt() string {
	switch r.document.(type) {
	case map[string]any, []any:
		shown := documentExcerpt{responseReader: r, size: r.redactor().Window(maxShown)}
		shown.write(r.document, false)
		return r.show(string(shown.text))
	}
	text := strings.TrimPrefix(r.redactor().Prefix(r.response.Body, maxRead), ByteOrderMark)
	start := strings.ToLower(strings.TrimSpace(text[:min(len(text), maxShown)]))
	if strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html") || strings.Contains(start, "<head") {
		if title := htmlTitle.FindStringSubmatch(text); title != nil && strings.TrimSpace(title[1]) != "" {
			return r.show(html.UnescapeString(title[1]))
		}
		text = html.UnescapeString(htmlTag.ReplaceAllString(htmlHidden.ReplaceAllString(text, " "), " "))
	}
	if r.isPart {
		text = withoutTokenlike(text)
	}
	if len(r.response.Body) > maxRead {
		return r.redactor().ExcerptOfPart(text, maxShown)
	}
	return r.show(text)
}

// documentExcerpt is the beginning of a redacted document in JSON. Members whose name
// mentions a secret have no strings. Numbers stay: an error code is not a secret.
type documentExcerpt struct {
	*responseReader

	text []byte
	size int // of what can be shown of text
}

// write appends a value, up to what can be shown.
func (e *documentExcerpt) write(value any, within bool) {
	switch value := value.(type) {
	case map[string]any:
		e.text = append(e.text, '{')
		for i, name := range slices.Sorted(maps.Keys(value)) {
			if e.next(i); len(e.text) > e.size {
				return
			}
			e.scalar(e.show(name))
			e.text = append(e.text, ':')
			e.write(value[name], within || mentionsSecret.MatchString(name))
		}
		e.text = append(e.text, '}')
	case []any:
		e.text = append(e.text, '[')
		for i, element := range value {
			if e.next(i); len(e.text) > e.size {
				return
			}
			e.write(element, within)
		}
		e.text = append(e.text, ']')
	case string:
		if within {
			e.scalar(secret.Placeholder)
		} else {
			e.scalar(e.show(value))
		}
	default:
		e.scalar(value)
	}
}

// next begins an element of a list or an object.
func (e *documentExcerpt) next(index int) {
	if index > 0 {
		e.text = append(e.text, ',')
	}
}

func (e *documentExcerpt) scalar(value any) {
	text, _ := json.Marshal(value) // it was JSON
	e.text = append(e.text, text...)
}
