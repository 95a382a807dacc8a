// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import "strings"

// holdsToken tells which members of answers hold a token, however they are spelled:
// refresh_token, refreshToken, Refresh-Token.
func holdsToken(name string) bool {
	switch strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name)) {
	case "accesstoken", "refreshtoken", "idtoken":
		return true
	}
	return false
}

// ResponseWithoutTokens is Response without refresh, access and ID tokens,
// wherever in it they are.
func (t *Token) ResponseWithoutTokens() any {
	secrets := map[string]bool{t.AccessToken.Reveal(): true, t.RefreshToken.Reveal(): true}
	delete(secrets, "")
	return without(t.Response, secrets)
}

// without copies a document, leaving out the members that are called like tokens
// or hold one of secrets. In a list, where leaving out would move the others,
// null takes its place.
func without(value any, secrets map[string]bool) any {
	switch value := value.(type) {
	case map[string]any:
		kept := make(map[string]any, len(value))
		for name, member := range value {
			if text, isText := member.(string); !holdsToken(name) && (!isText || !secrets[text]) {
				kept[name] = without(member, secrets)
			}
		}
		return kept
	case []any:
		kept := make([]any, len(value))
		for i, element := range value {
			kept[i] = without(element, secrets)
		}
		return kept
	case string:
		if secrets[value] {
			return nil
		}
	}
	return value
}
