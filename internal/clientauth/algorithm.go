// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Algorithms lists the signature algorithms for assertions, by their names in the
// IANA registry (RFC 7518 section 3.1, RFC 8037 section 3.1).
func Algorithms() []string { return append(keys.Algorithms(), hmacAlgorithms()...) }

// hmacAlgorithms are in the order of preference.
func hmacAlgorithms() []string { return []string{"HS256", "HS384", "HS512"} }

// hmacAlgorithmsFor lists those that a secret is long enough for: as long as the
// hash (RFC 7518 section 3.2).
func hmacAlgorithmsFor(key secret.String) []string {
	const shortest, step = 32, 16
	length := len(key.Reveal())
	if length < shortest {
		return nil
	}
	return hmacAlgorithms()[:min(len(hmacAlgorithms()), 1+(length-shortest)/step)]
}

// chooseAlgorithm picks what to sign with: what is configured, or else the first
// possible one that the server supports, or where that is unknown, the first.
func chooseAlgorithm(possible []string, configured string, supported []string) (jose.SignatureAlgorithm, error) {
	if configured != "" {
		if !slices.Contains(possible, configured) {
			return "", fmt.Errorf("this key cannot sign with %.40q but with %s", configured, strings.Join(possible, ", "))
		}
		return jose.SignatureAlgorithm(configured), nil
	}
	for _, algorithm := range possible {
		if len(supported) == 0 || slices.Contains(supported, algorithm) {
			return jose.SignatureAlgorithm(algorithm), nil
		}
	}
	return "", fmt.Errorf("this key signs with %s, and the server takes %s", strings.Join(possible, ", "), strings.Join(supported, ", "))
}
