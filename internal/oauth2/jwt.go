// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// JWT is a decoded JSON Web Token. It is not verified.
type JWT struct {
	Header, Claims map[string]any
}

// ExpiresAt returns the exp claim (RFC 7519 section 4.1.4), or the zero time.
func (t *JWT) ExpiresAt() time.Time { return t.timeClaim("exp") }

// Lifetime returns the time from iat to exp (RFC 7519 section 4.1), or zero if one of
// them is missing.
func (t *JWT) Lifetime() time.Duration {
	issued, expires := t.timeClaim("iat"), t.ExpiresAt()
	if issued.IsZero() || expires.IsZero() {
		return 0
	}
	return expires.Sub(issued)
}

func (t *JWT) timeClaim(name string) time.Time {
	seconds, _ := parseNumber(t.Claims[name]) // zero is no time either
	return unixTime(seconds)
}

// DecodeJWT decodes a JWT in the compact serialization (RFC 7515 section 7.1) without
// verifying it. Numbers are json.Number. Errors never quote the token.
func DecodeJWT(token string) (*JWT, error) {
	const maxLength = 1 << 20
	if len(token) > maxLength {
		return nil, fmt.Errorf("the text has %d bytes, more than the limit of %d", len(token), maxLength)
	}
	parts := strings.Split(token, ".")
	switch len(parts) {
	case 3: // header, payload and signature (RFC 7515 section 7.1)
	case 5: // RFC 7516 section 7.1
		return nil, errors.New("the text is an encrypted JWT (JWE), which only its recipient can read")
	default:
		return nil, fmt.Errorf("the text is not a JWT: a signed JWT has 3 parts separated by dots, and this has %d", len(parts))
	}
	header, err := decodePart("header", parts[0])
	if err != nil {
		return nil, err
	}
	claims, err := decodePart("payload", parts[1])
	if err != nil {
		return nil, err
	}
	return &JWT{Header: header, Claims: claims}, nil
}

func decodePart(name, part string) (map[string]any, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil || strings.ContainsAny(part, "\r\n") { // Go's decoder ignores line breaks
		return nil, fmt.Errorf("the text is not a JWT: its %s is not base64url without padding", name)
	}
	var object map[string]any
	if err := DecodeJSON(data, &object); err != nil || object == nil {
		return nil, fmt.Errorf("the text is not a JWT: its %s is not a JSON object", name)
	}
	return object, nil
}
