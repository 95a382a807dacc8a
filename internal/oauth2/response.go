// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// holdsToken tells which members of answers hold a token, however they are spelled
// and whatever precedes: refresh_token, refreshToken, Refresh-Token,
// user_refresh_token. What goes on behind that is about a token, like
// refresh_token_expires_in.
func holdsToken(name string) bool {
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

// ResponseWithoutTokens is Response without refresh, access and ID tokens,
// wherever in it they are: under names like theirs, and what is the same as those
// or as what fields points at.
func (t *Token) ResponseWithoutTokens(fields Fields) any {
	secrets := tokensIn(t.Response, map[any]bool{t.AccessToken.Reveal(): true, t.RefreshToken.Reveal(): true})
	for _, name := range []string{FieldAccessToken, FieldRefreshToken} {
		if value, _ := fields.lookup(t.Response, name); isScalar(value) {
			secrets[value] = true
		}
	}
	delete(secrets, "")
	return without(t.Response, secrets)
}

// tokensIn adds to found what members hold that are called like tokens.
func tokensIn(document any, found map[any]bool) map[any]bool {
	switch document := document.(type) {
	case map[string]any:
		for name, member := range document {
			if isScalar(member) && holdsToken(name) {
				found[member] = true
			}
			tokensIn(member, found)
		}
	case []any:
		for _, element := range document {
			tokensIn(element, found)
		}
	}
	return found
}

// without copies a document, leaving out the members that are called like tokens
// or hold one of secrets. In a list, where leaving out would move the others,
// null takes its place.
func without(value any, secrets map[any]bool) any {
	switch value := value.(type) {
	case map[string]any:
		kept := make(map[string]any, len(value))
		for name, member := range value {
			_, isAnswer := member.(bool) // whether there is such a token
			if (holdsToken(name) && !isAnswer) || (isScalar(member) && secrets[member]) {
				continue
			}
			kept[name] = without(member, secrets)
		}
		return kept
	case []any:
		kept := make([]any, len(value))
		for i, element := range value {
			kept[i] = without(element, secrets)
		}
		return kept
	}
	if isScalar(value) && secrets[value] {
		return nil
	}
	return value
}

// minToken is the length in bytes below which a token in a response is not redacted
// from what is shown of it: it is a word such as "none".
const minToken = 8

// tokens lists what in a response is a secret by its name or its place, or all that
// could be one.
func (r answerReader) tokens(document any, all bool) []secret.String {
	found := map[any]bool{}
	secretsIn(document, all, found)
	for _, name := range []string{FieldAccessToken, FieldRefreshToken} {
		if value, _ := r.fields.lookup(document, name); isScalar(value) {
			found[value] = true
		}
	}
	found[r.fields.errorCode(document)] = false
	var tokens []secret.String
	for value, isToken := range found {
		if text := fmt.Sprint(value); isToken && len(text) >= minToken {
			tokens = append(tokens, secret.New(text))
		}
	}
	return tokens
}

// holdsSecret matches the names of members whose value is a secret, and not the
// address of something or about it, as token_endpoint is.
var holdsSecret = regexp.MustCompile(`(?i)(?:token|secret|password|assertion|credentials?|cookie|(?:auth|device|user)_code|key|jwt)$`)

// secretsIn adds to found what members hold that are called like secrets, but for
// messages.
func secretsIn(value any, hidden bool, found map[any]bool) {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			secretsIn(inner, hidden || holdsSecret.MatchString(name) || holdsToken(name), found)
		}
	case []any:
		for _, inner := range value {
			secretsIn(inner, hidden, found)
		}
	case string:
		if hidden && !strings.Contains(value, " ") {
			found[value] = true
		}
	case json.Number:
		if hidden {
			found[value] = true
		}
	}
}

// isScalar tells texts and numbers, which tokens are.
func isScalar(value any) bool {
	switch value.(type) {
	case string, json.Number:
		return true
	default:
		return false
	}
}
