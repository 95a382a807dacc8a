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

// Token is a successful response of a token endpoint (RFC 6749 section 5.1).
type Token struct {
	// AccessToken is not empty and has no spaces or control characters.
	AccessToken secret.String `json:"-"`
	// TokenType is spelled as the server does; empty if absent.
	TokenType string `json:"token_type,omitempty"`
	// RequestedAt is when the request was sent. Lifetimes count from there, so that
	// neither a slow response nor the server's clock extends them.
	RequestedAt time.Time `json:"requested_at"`
	// ExpiresIn is the lifetime in seconds as issued; zero if unknown.
	ExpiresIn int64 `json:"expires_in,omitempty"`
	// ExpiresAt is RequestedAt plus ExpiresIn; the zero time if unknown.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Scopes are the granted ones; nil if the response has none, which means the
	// requested ones (RFC 6749 section 3.3).
	Scopes []string `json:"scopes,omitempty"`
	// RefreshToken is empty if none was issued.
	RefreshToken secret.String `json:"-"`
	// RefreshExpiresIn is the refresh token's lifetime in seconds; zero if unknown or
	// unlimited.
	RefreshExpiresIn int64 `json:"refresh_expires_in,omitempty"`
	// Response is the decoded body, numbers as json.Number.
	Response any `json:"response"`
}

// Remaining returns how long the token is still valid, and whether that is known.
func (t *Token) Remaining(now time.Time) (time.Duration, bool) {
	if t.ExpiresAt.IsZero() {
		return 0, false
	}
	return t.ExpiresAt.Sub(now), true
}

// RefreshExpiresAt returns when the refresh token expires; the zero time if there is
// none, or if that is unknown.
func (t *Token) RefreshExpiresAt() time.Time {
	if t.RefreshToken.IsZero() || t.RefreshExpiresIn == 0 {
		return time.Time{}
	}
	return t.RequestedAt.Add(time.Duration(t.RefreshExpiresIn) * time.Second).UTC()
}

func (t *Token) keepRefreshToken(previous *Token) {
	t.RefreshToken = previous.RefreshToken
	if end := previous.RefreshExpiresAt(); t.RefreshExpiresIn == 0 && !end.IsZero() {
		t.RefreshExpiresIn = max(1, int64(end.Sub(t.RequestedAt)/time.Second))
	}
}

// Refreshable reports whether there is a refresh token that is not known to have
// expired.
func (t *Token) Refreshable(now time.Time) bool {
	end := t.RefreshExpiresAt()
	return !t.RefreshToken.IsZero() && (end.IsZero() || now.Before(end))
}

// AuthorizationHeader returns the value of the Authorization header field. Its scheme is
// Bearer whatever the token type, which servers spell in many ways, except for DPoP (RFC
// 6750 section 2.1, RFC 9449 section 7.1).
func (t *Token) AuthorizationHeader() secret.String {
	scheme := "Bearer"
	if t.DPoPBound() {
		scheme = "DPoP"
	}
	return secret.New(scheme + " " + t.AccessToken.Reveal())
}

// DPoPBound reports whether each use of the token needs a DPoP proof (RFC 9449).
func (t *Token) DPoPBound() bool { return strings.EqualFold(t.TokenType, "DPoP") }

// storedToken is the JSON form of a token with its secrets in the clear.
type storedToken struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	*Token
}

// Marshal encodes the token with its secrets in the clear. The result must be sealed
// before it leaves the process.
func (t *Token) Marshal() ([]byte, error) {
	return json.Marshal(storedToken{t.AccessToken.Reveal(), t.RefreshToken.Reveal(), t}) //nolint:gosec // the purpose of Marshal
}

// UnmarshalToken is the inverse of [Token.Marshal].
func UnmarshalToken(data []byte) (*Token, error) {
	stored := storedToken{Token: &Token{}}
	if err := decodeStored(data, &stored); err != nil {
		return nil, fmt.Errorf("the stored token is unreadable: %w", err)
	}
	stored.Token.AccessToken, stored.Token.RefreshToken = secret.New(stored.AccessToken), secret.New(stored.RefreshToken)
	return stored.Token, nil
}

// setLifetime sets the lifetime from expires_in (RFC 6749 section 5.1), or else from
// expires_at, the exp claim of a JWT, or the user's assumption. Otherwise it stays
// unknown, which does not mean unlimited.
func (t *Token) setLifetime(fields Fields, assumed time.Duration) {
	var expires time.Time
	if seconds := fields.seconds(t.Response, FieldExpiresIn); seconds > 0 && !t.isTimestamp(seconds) {
		expires = t.RequestedAt.Add(time.Duration(seconds) * time.Second)
	} else if expires = fields.instant(t.Response, FieldExpiresAt); expires.IsZero() {
		if jwt, err := DecodeJWT(t.AccessToken.Reveal()); err == nil {
			expires = jwt.ExpiresAt()
		}
	}
	if expires.IsZero() && assumed > 0 {
		expires = t.RequestedAt.Add(assumed.Truncate(time.Second))
	}
	if !expires.IsZero() {
		t.ExpiresAt = expires.UTC()
		t.ExpiresIn = max(0, int64(expires.Sub(t.RequestedAt).Round(time.Second)/time.Second))
	}
}

// isTimestamp reports whether expires_in holds a Unix time by mistake: one from a year
// ago to ten years from now. As a lifetime it would be decades.
func (t *Token) isTimestamp(seconds int64) bool {
	const year = 365 * 24 * 60 * 60
	fromNow := seconds - t.RequestedAt.Unix()
	return -year <= fromNow && fromNow <= 10*year
}

// UnreadableLifetime names the one of expires_in and expires_at that leaves the lifetime
// unknown because it cannot be read, and describes its value. Both are empty if the
// lifetime is known or the response has none. Zero and negative numbers are none.
func (t *Token) UnreadableLifetime(fields Fields) (name, value string) {
	if !t.ExpiresAt.IsZero() {
		return "", ""
	}
	for _, name := range []string{FieldExpiresIn, FieldExpiresAt} {
		value, found := fields.lookup(t.Response, name)
		_, mapped := fields[name]
		number, isNumber := parseNumber(value)
		switch {
		case mapped && !found:
			return name, "missing"
		case value != nil && (!isNumber || number > 0):
			return name, describeValue(value)
		}
	}
	return "", ""
}
