// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"errors"
	"fmt"
	"strings"
)

// Causes of a [*ConfigError].
var (
	ErrMissing           = errors.New("required and not set")
	ErrUnsupportedMethod = errors.New("the client authentication method is not supported")
	ErrNoCommonMethod    = errors.New("the server supports no client authentication method that the client is configured for")
	ErrOneAssertion      = errors.New("with this grant the assertion is the grant, so the client needs another authentication method, or none")
)

// ConfigError reports that a client cannot request a token as it is configured.
type ConfigError struct {
	Attribute string
	// Also lists the other attributes that are not set, if Err is [ErrMissing].
	Also []string
	// Err is one of the causes above or comes from the metadata.
	Err error
	// Detail names what the cause is about; it may be empty.
	Detail string
}

func (e *ConfigError) Error() string {
	text := fmt.Sprintf("%s: %v", strings.Join(append([]string{e.Attribute}, e.Also...), ", "), e.Err)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

func (e *ConfigError) Unwrap() error { return e.Err }

func missingError(attribute string, also ...string) error {
	return &ConfigError{Attribute: attribute, Also: also, Err: ErrMissing}
}

// FetchError reports that a token or an assertion could not be fetched.
type FetchError struct {
	Client Client
	// Err is an [*oauth2.Error] if the server responded, and otherwise usually comes from
	// the HTTP stack.
	Err error
}

func (e *FetchError) Error() string { return e.Err.Error() }
func (e *FetchError) Unwrap() error { return e.Err }
