// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package secret holds values that must not be shown: client secrets,
// assertions, tokens, and whatever a user marked as sensitive.
//
// A [String] prints as a placeholder through every road that Go offers to
// text: fmt with any verb, log/slog, encoding/json and encoding.TextMarshaler.
// Reveal is its only exit, so that a search for that word finds each place
// where a secret leaves the type. A [Redactor] cleans text that came from
// outside and may echo a secret.
//
// The package refuses to compare or format secrets: whoever needs that reveals
// the value first, and is seen doing so.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Placeholder stands wherever a secret would have been shown.
const Placeholder = "[redacted]"

// String is a text that is never printed. Its zero value is the empty secret.
//
// The value is behind a pointer, because fmt looks into unexported fields of
// other types without calling their methods: what it finds is an address. Two
// secrets cannot be compared with ==, which would take that for the value.
type String struct {
	_     [0]func()
	value *string
}

// New wraps value.
func New(value string) String {
	if value == "" {
		return String{}
	}
	return String{value: &value}
}

// Reveal returns the value in the clear.
func (s String) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero tells whether the secret is empty.
func (s String) IsZero() bool { return s.value == nil }

// String implements fmt.Stringer with the placeholder.
func (String) String() string { return Placeholder }

// GoString implements fmt.GoStringer with the placeholder.
func (String) GoString() string { return Placeholder }

// Format implements fmt.Formatter, so that no verb and no flag shows the value.
func (String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Placeholder) }

// MarshalText implements encoding.TextMarshaler with the placeholder, for
// encoding/json, encoding/xml and whatever else follows it.
func (String) MarshalText() ([]byte, error) { return []byte(Placeholder), nil }

// LogValue implements slog.LogValuer with the placeholder.
func (String) LogValue() slog.Value { return slog.StringValue(Placeholder) }
