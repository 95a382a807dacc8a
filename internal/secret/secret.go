// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package secret provides a string type for values that must not be shown, such as
// client secrets, assertions and tokens, and removes them from other text.
//
// A [String] formats as a placeholder with fmt, log/slog and the encoding packages.
// [String.Reveal] is the only way to get the value. A [Redactor] removes secrets from
// text of a server, which may echo them.
package secret

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Placeholder replaces a secret.
const Placeholder = "[redacted]"

// String is a string that is never printed. Its zero value is the empty string.
//
// It holds a pointer, because fmt prints the unexported fields of other types without
// calling their methods. It cannot be compared with ==, which would compare addresses.
type String struct {
	_     [0]func()
	value *string
}

// New returns value as a secret.
func New(value string) String {
	if value == "" {
		return String{}
	}
	return String{value: &value}
}

// Reveal returns the value.
func (s String) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether the secret is empty.
func (s String) IsZero() bool { return s.value == nil }

// String implements fmt.Stringer.
func (String) String() string { return Placeholder }

// GoString implements fmt.GoStringer.
func (String) GoString() string { return Placeholder }

// Format implements fmt.Formatter for every verb and flag.
func (String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Placeholder) }

// MarshalText implements encoding.TextMarshaler, which encoding/json and others use.
func (String) MarshalText() ([]byte, error) { return []byte(Placeholder), nil }

// LogValue implements slog.LogValuer.
func (String) LogValue() slog.Value { return slog.StringValue(Placeholder) }

// LooksLikeKey reports whether a text contains a JWT or PEM.
func LooksLikeKey(text string) bool {
	return jwtShaped.MatchString(text) || strings.Contains(text, "-----BEGIN")
}

// LooksSecret reports whether a text that should not be secret may be: it contains a JWT,
// PEM, or a URL with credentials or a query.
func LooksSecret(text string) bool {
	return LooksLikeKey(text) || strings.Contains(text, "://") && strings.ContainsAny(text, "@?")
}
