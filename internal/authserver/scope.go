// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"slices"
	"strings"
)

// parseScope splits a scope value into its tokens (RFC 6749 §3.3); none when it
// is empty, which counts as omitted.
func parseScope(scope string) ([]string, error) {
	if scope == "" {
		return nil, nil
	}
	tokens := strings.Split(scope, " ")
	for _, token := range tokens {
		if token == "" || strings.ContainsFunc(token, notScope) {
			return nil, refuse(invalidScope, "the scope is malformed")
		}
	}
	return tokens, nil
}

// notScope is the complement of %x21 / %x23-5B / %x5D-7E.
func notScope(r rune) bool {
	return r < 0x21 || r > 0x7e || r == '"' || r == '\\'
}

// chooseScopes picks what is granted of a scope parameter: all that is allowed
// when it names none, and nothing that is not.
func chooseScopes(scope string, allowed []string) ([]string, error) {
	requested, err := parseScope(scope)
	if err != nil {
		return nil, err
	}
	if len(requested) == 0 {
		return slices.Clone(allowed), nil
	}
	var granted []string
	for _, token := range requested {
		if !slices.Contains(allowed, token) {
			return nil, refuse(invalidScope, "a requested scope is not allowed")
		}
		if !slices.Contains(granted, token) {
			granted = append(granted, token)
		}
	}
	return granted, nil
}

// narrow drops the scopes the client is silently not granted.
func (c Client) narrow(scopes []string) []string {
	if c.Granted == nil {
		return scopes
	}
	return slices.DeleteFunc(scopes, func(scope string) bool { return !slices.Contains(c.Granted, scope) })
}
