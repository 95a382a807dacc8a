// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Token is a successful answer of a token endpoint (RFC 6749 section 5.1).
type Token struct {
	// AccessToken is never empty and has no spaces or control characters.
	AccessToken secret.String
	// TokenType is spelled as the server did; empty where it named none.
	TokenType string
	// RequestedAt is when the request was sent. Lifetimes count from there, so that
	// neither a slow answer nor the server's clock makes a token look younger.
	RequestedAt time.Time
	// ExpiresIn is the lifetime in seconds as issued; zero where it is unknown.
	ExpiresIn int64
	// ExpiresAt is RequestedAt plus ExpiresIn; the zero time where it is unknown.
	ExpiresAt time.Time
	// Scopes are the granted ones; nil where the answer names none, which means
	// those that were asked for (RFC 6749 section 3.3).
	Scopes []string
	// RefreshToken is empty where none was issued.
	RefreshToken secret.String
	// RefreshExpiresIn is the refresh token's lifetime in seconds; zero where it is
	// unknown or unlimited.
	RefreshExpiresIn int64
	// Response is the decoded answer as encoding/json decodes it, numbers as
	// json.Number.
	Response any
}

// Remaining is how long the token is still valid at the time now, and whether
// that is known.
func (t *Token) Remaining(now time.Time) (time.Duration, bool) {
	if t.ExpiresAt.IsZero() {
		return 0, false
	}
	return t.ExpiresAt.Sub(now), true
}

// RefreshExpiresAt is when the refresh token expires; the zero time where there
// is none, or where that is unknown.
func (t *Token) RefreshExpiresAt() time.Time {
	if t.RefreshToken.IsZero() || t.RefreshExpiresIn == 0 {
		return time.Time{}
	}
	return t.RequestedAt.Add(time.Duration(t.RefreshExpiresIn) * time.Second).UTC()
}

// keepRefreshToken goes on with the refresh token of the previous token, and with
// what is left of its lifetime.
func (t *Token) keepRefreshToken(previous *Token) {
	t.RefreshToken = previous.RefreshToken
	if end := previous.RefreshExpiresAt(); t.RefreshExpiresIn == 0 && !end.IsZero() {
		t.RefreshExpiresIn = max(1, int64(end.Sub(t.RequestedAt)/time.Second))
	}
}

// Refreshable tells whether there is a refresh token that has not expired, as far
// as is known.
func (t *Token) Refreshable(now time.Time) bool {
	end := t.RefreshExpiresAt()
	return !t.RefreshToken.IsZero() && (end.IsZero() || now.Before(end))
}

// AuthorizationHeader is the value for an Authorization header field. The type
// that servers name is no guide to the scheme, they spell it in many ways; DPoP
// alone is a scheme of its own (RFC 6750 section 2.1, RFC 9449 section 7.1).
func (t *Token) AuthorizationHeader() secret.String {
	scheme := "Bearer"
	if t.DPoPBound() {
		scheme = "DPoP"
	}
	return secret.New(scheme + " " + t.AccessToken.Reveal())
}

// DPoPBound tells that the token can only be used with a DPoP proof for each
// request (RFC 9449).
func (t *Token) DPoPBound() bool { return strings.EqualFold(t.TokenType, "DPoP") }

// storedToken is Token in the clear, for stores that seal what they are given.
type storedToken struct {
	AccessToken      string    `json:"access_token"`
	TokenType        string    `json:"token_type,omitempty"`
	RequestedAt      time.Time `json:"requested_at"`
	ExpiresIn        int64     `json:"expires_in,omitempty"`
	ExpiresAt        time.Time `json:"expires_at,omitzero"`
	Scopes           []string  `json:"scopes,omitempty"`
	RefreshToken     string    `json:"refresh_token,omitempty"`
	RefreshExpiresIn int64     `json:"refresh_expires_in,omitempty"`
	Response         any       `json:"response"`
}

// Marshal encodes the token with its secrets in the clear. The result must not
// leave the process unsealed.
func (t *Token) Marshal() ([]byte, error) {
	return json.Marshal(storedToken{
		AccessToken:      t.AccessToken.Reveal(),
		TokenType:        t.TokenType,
		RequestedAt:      t.RequestedAt,
		ExpiresIn:        t.ExpiresIn,
		ExpiresAt:        t.ExpiresAt,
		Scopes:           t.Scopes,
		RefreshToken:     t.RefreshToken.Reveal(),
		RefreshExpiresIn: t.RefreshExpiresIn,
		Response:         t.Response,
	})
}

// UnmarshalToken is the inverse of [Token.Marshal].
func UnmarshalToken(data []byte) (*Token, error) {
	var stored storedToken
	if err := decodeStored(data, &stored); err != nil {
		return nil, fmt.Errorf("a stored token cannot be read: %w", err)
	}
	return &Token{
		AccessToken:      secret.New(stored.AccessToken),
		TokenType:        stored.TokenType,
		RequestedAt:      stored.RequestedAt,
		ExpiresIn:        stored.ExpiresIn,
		ExpiresAt:        stored.ExpiresAt,
		Scopes:           stored.Scopes,
		RefreshToken:     secret.New(stored.RefreshToken),
		RefreshExpiresIn: stored.RefreshExpiresIn,
		Response:         stored.Response,
	}, nil
}
