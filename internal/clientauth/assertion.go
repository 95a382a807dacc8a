// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"context"
	"fmt"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Assertion is where assertions come from (RFC 7521 section 3).
type Assertion interface {
	// Assertion returns an assertion for one request.
	Assertion(ctx context.Context) (secret.String, error)
}

// FieldError tells which member of a configured object is wrong.
type FieldError struct {
	// Field is the member's name, for example "private_key".
	Field string
	Err   error
}

// Error implements error.
func (e *FieldError) Error() string { return fmt.Sprintf("%s: %v", e.Field, e.Err) }

// Unwrap returns what is wrong.
func (e *FieldError) Unwrap() error { return e.Err }

// fieldError says that err is about the member called field.
func fieldError(field string, err error) error { return &FieldError{Field: field, Err: err} }

// assertionType is that of JWTs (RFC 7523 section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// JWT is client_secret_jwt and private_key_jwt: an assertion in place of a secret
// (RFC 7523 section 2.2).
type JWT struct {
	// ClientID is sent along, which the RFC permits and many servers want.
	ClientID string
	Source   Assertion
}

// Authenticate implements [oauth2.ClientAuth].
func (j JWT) Authenticate(ctx context.Context, request *oauth2.RequestBuilder) error {
	assertion, err := j.Source.Assertion(ctx)
	if err != nil {
		return err
	}
	if j.ClientID != "" {
		request.Params.AddPublic("client_id", j.ClientID)
	}
	request.Params.AddPublic("client_assertion_type", assertionType)
	request.Params.Add("client_assertion", assertion)
	return nil
}
