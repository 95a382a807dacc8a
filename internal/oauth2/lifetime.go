// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import "time"

// setLifetime finds out how long the token is valid. expires_in counts first
// (RFC 6749 section 5.1), then expires_at, then the exp claim of a token that is
// a JWT, then what the user assumes. An answer that says nothing leaves the
// lifetime unknown; it never means for ever.
func (t *Token) setLifetime(fields Fields, assumed time.Duration) {
	if seconds := fields.seconds(t.Response, FieldExpiresIn); seconds > 0 && !t.isInstant(seconds) {
		t.expireIn(seconds)
		return
	}
	for _, at := range []time.Time{fields.instant(t.Response, FieldExpiresAt), t.claimedExpiry()} {
		if !at.IsZero() {
			t.expireAt(at)
			return
		}
	}
	if assumed > 0 {
		t.expireIn(int64(assumed / time.Second))
	}
}

// UnreadableLifetime reports which of expires_in and expires_at cannot be read, if that
// leaves the lifetime unknown, and describes what is there instead. Both are empty if
// the lifetime is known, or the response names none. Zero and less name none.
func (t *Token) UnreadableLifetime(fields Fields) (name, held string) {
	if !t.ExpiresAt.IsZero() {
		return "", ""
	}
	for _, name := range []string{FieldExpiresIn, FieldExpiresAt} {
		value, found := fields.lookup(t.Response, name)
		_, mapped := fields[name]
		number, isNumber := float(value)
		switch {
		case mapped && !found:
			return name, "missing"
		case value != nil && (!isNumber || number > 0):
			return name, describeValue(value)
		}
	}
	return "", ""
}

// isInstant tells whether a lifetime is rather a point in time in the wrong member,
// in seconds since 1970: one from a year ago to ten years from now. As a lifetime
// it would be decades, and believing it would keep a token for ever.
func (t *Token) isInstant(seconds int64) bool {
	const year = 365 * 24 * 60 * 60
	fromNow := seconds - t.RequestedAt.Unix()
	return -year <= fromNow && fromNow <= 10*year
}

// expireIn sets a lifetime in seconds.
func (t *Token) expireIn(seconds int64) {
	t.ExpiresIn = seconds
	t.ExpiresAt = t.RequestedAt.Add(time.Duration(seconds) * time.Second).UTC()
}

// expireAt sets the end of the lifetime. A token that ended before it was asked
// for has a lifetime of zero seconds and an end that says so.
func (t *Token) expireAt(at time.Time) {
	t.ExpiresAt = at
	t.ExpiresIn = max(0, int64(at.Sub(t.RequestedAt).Round(time.Second)/time.Second))
}

// claimedExpiry is the exp claim of a token that is a JWT (RFC 7519 section
// 4.1.4), the zero time where there is none. It is not verified: the token is
// the resource server's to judge, and the worst that a wrong claim can do is to
// make this client ask for a token too often or too late.
func (t *Token) claimedExpiry() time.Time {
	decoded, err := DecodeJWT(t.AccessToken.Reveal())
	if err != nil {
		return time.Time{}
	}
	return decoded.ExpiresAt()
}
