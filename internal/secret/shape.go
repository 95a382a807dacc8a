// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret

import "strings"

// LooksLikeKey reports whether a text holds a JWT or PEM.
func LooksLikeKey(text string) bool {
	return jwtShaped.MatchString(text) || strings.Contains(text, "-----BEGIN")
}

// LooksSecret reports whether a text that should hold no secret looks as if it did:
// a JWT, PEM, or a URL with credentials or a query.
func LooksSecret(text string) bool {
	return LooksLikeKey(text) || strings.Contains(text, "://") && strings.ContainsAny(text, "@?")
}
