// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// accessTokenType is the typ header of JWT access tokens (RFC 9068 §2.1).
const accessTokenType = "at+jwt"

// accessClaims are the claims of RFC 9068 §2.2. The subject of client
// credentials is the client.
type accessClaims struct {
	jwt.RegisteredClaims
	ClientID string `json:"client_id"`
	Scope    string `json:"scope,omitempty"`

	Confirmation *confirmation `json:"cnf,omitempty"`
}

func (s *Server) signJWT(c Client, a authorization, now time.Time) (string, error) {
	claims := accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:   s.config.Issuer,
			Subject:  a.subject,
			Audience: a.audience,
			IssuedAt: jwt.NewNumericDate(now),
			ID:       rand.Text(),
		},
		ClientID: c.ID,
		Scope:    strings.Join(a.scopes, " "),
	}
	if a.thumbprint != "" {
		claims.Confirmation = &confirmation{Thumbprint: a.thumbprint}
	}
	if c.Lifetime != 0 {
		claims.ExpiresAt = jwt.NewNumericDate(now.Add(c.Lifetime))
	}
	token := jwt.NewWithClaims(s.signer.method, claims)
	token.Header["typ"] = accessTokenType
	token.Header["kid"] = s.signer.keyID
	return token.SignedString(s.signer.key)
}

var errNotAccessToken = errors.New("the JWT is no access token")

// verifyJWT is how a resource server reads a token by its signature alone
// (RFC 9068 §4); whether it was revoked is asked elsewhere.
func (s *Server) verifyJWT(token string) (authorization, error) {
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{s.signer.method.Alg()}),
		jwt.WithIssuer(s.config.Issuer),
		jwt.WithTimeFunc(s.config.Now),
	)
	var claims accessClaims
	parsed, err := parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) {
		return s.signer.key.Public(), nil
	})
	if err != nil {
		return authorization{}, err
	}
	if parsed.Header["typ"] != accessTokenType {
		return authorization{}, errNotAccessToken
	}
	a := authorization{
		clientID: claims.ClientID,
		subject:  claims.Subject,
		scopes:   strings.Fields(claims.Scope),
		audience: claims.Audience,
	}
	if claims.Confirmation != nil {
		a.thumbprint = claims.Confirmation.Thumbprint
	}
	return a, nil
}
