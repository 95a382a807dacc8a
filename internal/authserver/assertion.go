// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/rsa"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Values of AssertionRules.Audience: what has to be in aud, because servers
// disagree (RFC 7523 §3, draft-ietf-oauth-rfc7523bis §4).
const (
	AudienceEither        = "either"         // the URL of the token endpoint or the issuer
	AudienceTokenEndpoint = "token_endpoint" // the URL of the token endpoint
	AudienceIssuer        = "issuer"         // the issuer
	AudienceIssuerOnly    = "issuer_only"    // the issuer, and nothing beside it
)

// AssertionRules say what the server asks of a JWT made for it.
type AssertionRules struct {
	// Audience is AudienceEither (default) or one of the other constants.
	Audience string

	// Type is the required typ in the header, such as
	// "client-authentication+jwt". When empty: "JWT" or none.
	Type string

	// MaxLifetime is how far in the future exp may be: five minutes by default
	// for client assertions, an hour for those that are a grant.
	MaxLifetime time.Duration

	// Skew is how far exp, nbf and iat may be off. Default zero.
	Skew time.Duration
}

func (r AssertionRules) withDefaults(maxLifetime time.Duration) (AssertionRules, error) {
	if r.Audience == "" {
		r.Audience = AudienceEither
	}
	if r.MaxLifetime == 0 {
		r.MaxLifetime = maxLifetime
	}
	if !slices.Contains([]string{AudienceEither, AudienceTokenEndpoint, AudienceIssuer, AudienceIssuerOnly}, r.Audience) {
		return r, errors.New("an audience of assertions that is not known")
	}
	return r, nil
}

// terms are what one assertion is held to (RFC 7523 §3).
type terms struct {
	issuer     string
	subject    string        // any when empty
	audiences  []string      // one of them has to be in aud
	sole       bool          // and no other may
	typ        string        // "JWT" or none when empty
	lifetime   time.Duration // unlimited when zero
	skew       time.Duration
	algorithms []string
	key        jwt.Keyfunc
	reusable   bool // jti does not matter
}

// ownTerms are the rules' part of the terms.
func (s *Server) ownTerms(rules AssertionRules) terms {
	t := terms{typ: rules.Type, lifetime: rules.MaxLifetime, skew: rules.Skew, sole: rules.Audience == AudienceIssuerOnly}
	if rules.Audience == AudienceEither || rules.Audience == AudienceTokenEndpoint {
		t.audiences = s.tokenURLs()
	}
	if rules.Audience != AudienceTokenEndpoint {
		t.audiences = append(t.audiences, s.config.Issuer)
	}
	return t
}

// assertionError is why an assertion is refused. It echoes nothing.
type assertionError string

func (f assertionError) Error() string { return string(f) }

// verifyAssertion returns the subject of an assertion that keeps the terms, and
// an assertionError for any other. What it accepts it accepts once.
func (s *Server) verifyAssertion(assertion string, t terms) (string, error) {
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(
		jwt.WithStrictDecoding(),
		jwt.WithValidMethods(t.algorithms),
		jwt.WithTimeFunc(s.config.Now),
		jwt.WithLeeway(t.skew),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithIssuer(t.issuer),
		jwt.WithSubject(t.subject),
	)
	// encoding/base64 would skip the line break that ends a file.
	if strings.ContainsFunc(assertion, notCompact) {
		return "", assertionError("it is not a compact JWS")
	}
	token, err := parser.ParseWithClaims(assertion, claims, t.key)
	if err != nil {
		return "", explain(err)
	}
	if err := t.checkHeader(token.Header); err != nil {
		return "", err
	}
	if err := t.checkClaims(claims, s.config.Now()); err != nil {
		return "", err
	}
	id, _ := claims["jti"].(string)
	switch {
	case t.reusable:
	case id == "":
		return "", assertionError("jti is missing")
	case !s.used.first(t.issuer, id):
		return "", assertionError("jti has been used before")
	}
	return claims.GetSubject()
}

func notCompact(r rune) bool {
	alphanumeric := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !alphanumeric && !strings.ContainsRune("-_.", r)
}

func (t terms) checkHeader(header map[string]any) error {
	if _, ok := header["crit"]; ok { // RFC 7515 §4.1.11: no extension is understood
		return assertionError("crit names an extension that is not understood")
	}
	typ, sent := header["typ"]
	text, _ := typ.(string)
	switch {
	case t.typ == "" && (!sent || strings.EqualFold(text, "JWT")):
	case t.typ != "" && strings.EqualFold(text, t.typ):
	default:
		return assertionError("typ is not the required one")
	}
	return nil
}

// checkClaims is what the JWT library leaves to check.
func (t terms) checkClaims(claims jwt.MapClaims, now time.Time) error {
	audience, err := claims.GetAudience()
	accepted := slices.ContainsFunc(audience, func(one string) bool { return slices.Contains(t.audiences, one) })
	if err != nil || !accepted || t.sole && len(audience) > 1 {
		return assertionError("aud is not the required one")
	}
	if subject, err := claims.GetSubject(); err != nil || subject == "" {
		return assertionError("sub is missing")
	}
	expires, err := claims.GetExpirationTime()
	if err != nil || t.lifetime > 0 && expires.After(now.Add(t.lifetime+t.skew)) {
		return assertionError("exp is too far in the future")
	}
	return nil
}

// explain says what the JWT library found in words that hold nothing of the JWT.
func explain(err error) error {
	if fault, ok := errors.AsType[assertionError](err); ok {
		return fault
	}
	for _, known := range []struct {
		err   error
		fault assertionError
	}{
		{jwt.ErrTokenMalformed, "it is not a JWT"},
		{jwt.ErrTokenUnverifiable, "alg is not supported"},
		{jwt.ErrTokenSignatureInvalid, "the signature or its algorithm is not the registered key's"},
		{jwt.ErrTokenExpired, "it has expired"},
		{jwt.ErrTokenNotValidYet, "nbf is in the future"},
		{jwt.ErrTokenUsedBeforeIssued, "iat is in the future"},
		{jwt.ErrTokenInvalidIssuer, "iss is not the required one"},
		{jwt.ErrTokenInvalidSubject, "sub is not the required one"},
		{jwt.ErrTokenRequiredClaimMissing, "a required claim is missing"},
	} {
		if errors.Is(err, known.err) {
			return known.fault
		}
	}
	return assertionError("a claim is invalid")
}

// registeredKey finds the key the header names, for an algorithm that fits it:
// the library would verify ES256 with any curve, and PS256 with any salt.
func registeredKey(keys []Key) jwt.Keyfunc {
	return func(token *jwt.Token) (any, error) {
		key, ok := selectKey(keys, token.Header)
		if !ok {
			return nil, assertionError("the header does not name a registered key")
		}
		if !slices.Contains(key.algorithms(), token.Method.Alg()) {
			return nil, assertionError("alg does not fit the key")
		}
		if pss, ok := token.Method.(*jwt.SigningMethodRSAPSS); ok {
			strict := *pss
			strict.VerifyOptions = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash} // RFC 7518 §3.5
			token.Method = &strict
		}
		return key.public(), nil
	}
}

// unverified reads who a JWT says it is from and about.
func unverified(token string) (issuer, subject string) {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		return "", ""
	}
	issuer, _ = claims["iss"].(string)
	subject, _ = claims["sub"].(string)
	return issuer, subject
}
