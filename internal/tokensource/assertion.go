// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"cmp"
	"context"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Assertion is an assertion of a client that is presented by another program.
type Assertion struct {
	Value secret.String
	// IssuedAt is its iat, or else when it was read.
	IssuedAt time.Time
	// ExpiresAt is its exp; the zero time if it has none.
	ExpiresAt time.Time
}

// Assertion returns a new assertion of the client: the platform's, or else one that is
// signed. No token is requested, and the server is only needed for what the assertion
// says of it. Errors are those of [Source.Open].
func (s *Source) Assertion(ctx context.Context, config ClientConfig) (Assertion, error) {
	client := config.client()
	client.Metadata = &oauth2.Metadata{}
	attribute := federatedAttribute
	if client.FederatedAssertion == nil {
		attribute = signedAttribute
		if err := s.prepareSigned(ctx, config, &client); err != nil {
			return Assertion{}, err
		}
	}
	if _, err := s.completeAssertions(ctx, &client, cmp.Or(config.TokenEndpoint, client.Metadata.Text("token_endpoint"))); err != nil {
		return Assertion{}, err
	}
	now := s.now()
	value, err := client.assertion(attribute).Assertion(ctx)
	if err != nil {
		return Assertion{}, &FetchError{Client: client, Err: err}
	}
	assertion := Assertion{Value: value, IssuedAt: now}
	if decoded, err := oauth2.DecodeJWT(value.Reveal()); err == nil {
		assertion.ExpiresAt = decoded.ExpiresAt()
		if lifetime := decoded.Lifetime(); lifetime > 0 {
			assertion.IssuedAt = assertion.ExpiresAt.Add(-lifetime)
		}
	}
	return assertion, nil
}

// prepareSigned fetches the metadata if a signed assertion depends on them, and reports
// all at once what it lacks.
func (s *Source) prepareSigned(ctx context.Context, config ClientConfig, client *Client) (err error) {
	signed := client.SignedAssertion
	if signed == nil {
		return missingError("signed_assertion")
	}
	audience := signed.HasAudience() || config.TokenEndpoint != ""
	if config.Issuer != "" && (!audience || signed.Algorithm == "") {
		if client.Metadata, err = s.Metadata(ctx, config.Issuer); err != nil {
			return err
		}
		audience = audience || client.Metadata.Text("token_endpoint") != ""
	}
	var missing []string
	require := func(set bool, attribute string) {
		if !set {
			missing = append(missing, attribute)
		}
	}
	require(!signed.Key.IsZero() || !client.ClientSecret.IsZero(), "signed_assertion.private_key")
	require(audience, "signed_assertion.audience")
	require(signed.Claims != "" || client.ClientID != "", "client_id")
	if len(missing) > 0 {
		return missingError(missing[0], missing[1:]...)
	}
	return nil
}
