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

// maxJWT bounds the texts that DecodeJWT reads, in bytes.
const maxJWT = 1 << 20

// JWT is a decoded JSON Web Token. Nothing of it is verified.
type JWT struct {
	Header, Claims map[string]any
}

// ExpiresAt is the exp claim (RFC 7519 section 4.1.4), the zero time where there is
// none.
func (t *JWT) ExpiresAt() time.Time {
	seconds, ok := float(t.Claims["exp"])
	return epoch(seconds, ok)
}

// Lifetime is the time from iat to exp (RFC 7519 section 4.1), zero if one of them is
// missing.
func (t *JWT) Lifetime() time.Duration {
	seconds, ok := float(t.Claims["iat"])
	issued, expires := epoch(seconds, ok), t.ExpiresAt()
	if issued.IsZero() || expires.IsZero() {
		return 0
	}
	return expires.Sub(issued)
}

// DecodeJWT decodes a JWT in the JWS compact serialisation (RFC 7515 section
// 7.1) without verifying it. Numbers are kept as json.Number. Errors never quote
// the token.
func DecodeJWT(token string) (*JWT, error) {
	if len(token) > maxJWT {
		return nil, fmt.Errorf("the text is %d bytes long, more than the %d allowed", len(token), maxJWT)
	}
	parts := strings.Split(token, ".")
	switch len(parts) {
	case 3: // header, payload and signature (RFC 7515 section 7.1)
	case 5: // RFC 7516 section 7.1
		return nil, errors.New("the text is an encrypted JWT (JWE), which only its recipient can read")
	default:
		return nil, fmt.Errorf("the text is no JWT: a signed one has 3 parts separated by dots, this has %d", len(parts))
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

// decodePart decodes a base64url-encoded JSON object.
func decodePart(name, part string) (map[string]any, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil || strings.ContainsAny(part, "\r\n") { // which Go's decoder passes over
		return nil, fmt.Errorf("the text is no JWT: its %s is not base64url without padding", name)
	}
	var object map[string]any
	if err := DecodeJSON(data, &object); err != nil || object == nil {
		return nil, fmt.Errorf("the text is no JWT: its %s is not a JSON object", name)
	}
	return object, nil
}
