// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// signer is a private key that signs JWTs.
type signer struct {
	method jwt.SigningMethod
	key    crypto.Signer
	keyID  string
}

// newES256Signer generates the key of a server.
func newES256Signer() (signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return signer{method: jwt.SigningMethodES256, key: key, keyID: rand.Text()}, err
}

func (s signer) sign(typ string, claims jwt.Claims) (string, error) {
	token := jwt.NewWithClaims(s.method, claims)
	token.Header["typ"] = typ
	token.Header["kid"] = s.keyID
	return token.SignedString(s.key)
}

// serveJWKS serves the key set of RFC 7517 §5.
func (s *Server) serveJWKS(w http.ResponseWriter, _ *http.Request) {
	point, err := s.signer.key.Public().(*ecdsa.PublicKey).Bytes() // 0x04, X, Y (SEC 1 §2.3.3)
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "EC", "crv": "P-256", "x": base64url(point[1:33]), "y": base64url(point[33:]),
		"kid": s.signer.keyID, "use": "sig", "alg": s.signer.method.Alg(),
	}}})
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// accessTokenType is the typ header of JWT access tokens (RFC 9068 §2.1).
const accessTokenType = "at+jwt"

// accessClaims are the claims of RFC 9068 §2.2.
type accessClaims struct {
	jwt.RegisteredClaims
	ClientID string `json:"client_id"`
	Scope    string `json:"scope,omitempty"`

	Confirmation *confirmation `json:"cnf,omitempty"`
}

// confirmation is the cnf claim of a bound token (RFC 8705 §3.1, RFC 9449 §6.1).
type confirmation struct {
	Thumbprint    string `json:"x5t#S256,omitempty"`
	KeyThumbprint string `json:"jkt,omitempty"`
}

func (s *Server) newAccessToken(c Client, a authorization, now time.Time) (string, error) {
	if c.TokenFormat == Opaque {
		return rand.Text(), nil
	}
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
	if a.thumbprint+a.jkt != "" {
		claims.Confirmation = &confirmation{Thumbprint: a.thumbprint, KeyThumbprint: a.jkt}
	}
	if c.Lifetime != 0 {
		claims.ExpiresAt = jwt.NewNumericDate(now.Add(c.Lifetime))
	}
	return s.signer.sign(accessTokenType, claims)
}

// findAccessToken returns the authorization behind a valid access token.
func (s *Server) findAccessToken(token string) (authorization, bool) {
	if strings.Count(token, ".") != 2 {
		return s.tokens.find(token, accessToken, s.config.Now())
	}
	// A JWT is verified as a resource server would, not looked up.
	allowed, err := s.verifyJWT(token)
	return allowed, err == nil && !s.tokens.isRevoked(token)
}

// verifyJWT verifies an access token by its signature alone (RFC 9068 §4).
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
		return authorization{}, errors.New("the JWT is not an access token")
	}
	a := authorization{
		clientID: claims.ClientID,
		subject:  claims.Subject,
		scopes:   strings.Fields(claims.Scope),
		audience: claims.Audience,
	}
	if claims.Confirmation != nil {
		a.thumbprint, a.jkt = claims.Confirmation.Thumbprint, claims.Confirmation.KeyThumbprint
	}
	return a, nil
}
