// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Values of AssertionRules.Audience. Servers disagree about the required aud
// (RFC 7523 §3, draft-ietf-oauth-rfc7523bis §4).
const (
	AudienceEither        = "either"         // the URL of the token endpoint or the issuer
	AudienceTokenEndpoint = "token_endpoint" // the URL of the token endpoint
	AudienceIssuer        = "issuer"         // the issuer
	AudienceIssuerOnly    = "issuer_only"    // the issuer as the only value
)

// AssertionRules are the requirements on JWTs made for this server.
type AssertionRules struct {
	// Audience is AudienceEither (default) or one of the other constants.
	Audience string

	// Type is the required typ in the header, such as
	// "client-authentication+jwt". When empty: "JWT" or none.
	Type string

	// MaxLifetime limits how far exp may be in the future. Default five minutes.
	MaxLifetime time.Duration

	// Reusable accepts the same JWT more than once, as Microsoft Entra ID does.
	// Otherwise each needs a new jti.
	Reusable bool
}

// grantAssertionRules apply to assertions that are a grant (RFC 7523 §2.1).
var grantAssertionRules = AssertionRules{Audience: AudienceEither, MaxLifetime: time.Hour}

// requirements are what one assertion must satisfy (RFC 7523 §3).
type requirements struct {
	issuer       string
	subject      string        // empty: any
	audiences    []string      // one of them must be in aud
	soleAudience bool          // aud must have no other value
	typ          string        // empty: "JWT" or none
	maxLifetime  time.Duration // zero: unlimited
	algorithms   []string
	key          jwt.Keyfunc
	reusable     bool // no jti is needed
}

// requirements returns the part of the requirements that follows from rules.
func (s *Server) requirements(rules AssertionRules) requirements {
	want := requirements{
		typ: rules.Type, maxLifetime: rules.MaxLifetime, soleAudience: rules.Audience == AudienceIssuerOnly,
		reusable: rules.Reusable,
	}
	if rules.Audience == AudienceEither || rules.Audience == AudienceTokenEndpoint {
		want.audiences = []string{s.TokenURL()}
		if s.mtlsBase != "" {
			want.audiences = append(want.audiences, s.MTLSTokenURL())
		}
	}
	if rules.Audience != AudienceTokenEndpoint {
		want.audiences = append(want.audiences, s.config.Issuer)
	}
	return want
}

// assertionError is the reason for refusing an assertion. It quotes nothing of it.
type assertionError string

func (e assertionError) Error() string { return string(e) }

// verifyAssertion returns the subject of an assertion that meets the
// requirements, or an assertionError. It accepts an assertion once, unless it is
// reusable.
func (s *Server) verifyAssertion(assertion string, want requirements) (string, error) {
	// encoding/base64 would ignore line breaks.
	if strings.ContainsFunc(assertion, func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("-_.", r) }) {
		return "", assertionError("it is not a compact JWS")
	}
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(
		jwt.WithStrictDecoding(),
		jwt.WithValidMethods(want.algorithms),
		jwt.WithTimeFunc(s.config.Now),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithIssuer(want.issuer),
		jwt.WithSubject(want.subject),
	)
	token, err := parser.ParseWithClaims(assertion, claims, want.key)
	if err != nil {
		return "", describe(err)
	}
	if err := want.checkHeader(token.Header); err != nil {
		return "", err
	}
	if err := want.checkClaims(claims, s.config.Now()); err != nil {
		return "", err
	}
	id, _ := claims["jti"].(string)
	switch {
	case want.reusable:
	case id == "":
		return "", assertionError("jti is missing")
	case !s.used.add(want.issuer, id):
		return "", assertionError("jti has been used before")
	}
	return claims.GetSubject()
}

func (want requirements) checkHeader(header map[string]any) error {
	if _, ok := header["crit"]; ok { // RFC 7515 §4.1.11: no extension is supported
		return assertionError("crit names an unsupported extension")
	}
	typ, sent := header["typ"]
	text, _ := typ.(string)
	switch {
	case want.typ == "" && (!sent || strings.EqualFold(text, "JWT")):
	case want.typ != "" && strings.EqualFold(text, want.typ):
	default:
		return assertionError("typ is not the required one")
	}
	return nil
}

// checkClaims checks what the JWT library does not.
func (want requirements) checkClaims(claims jwt.MapClaims, now time.Time) error {
	audience, err := claims.GetAudience()
	accepted := slices.ContainsFunc(audience, func(one string) bool { return slices.Contains(want.audiences, one) })
	if err != nil || !accepted || want.soleAudience && len(audience) > 1 {
		return assertionError("aud is not the required one")
	}
	if subject, err := claims.GetSubject(); err != nil || subject == "" {
		return assertionError("sub is missing")
	}
	expires, err := claims.GetExpirationTime()
	if err != nil || want.maxLifetime > 0 && expires.After(now.Add(want.maxLifetime)) {
		return assertionError("exp is too far in the future")
	}
	return nil
}

// describe replaces the JWT library's error, which may quote the JWT.
func describe(err error) error {
	if described, ok := errors.AsType[assertionError](err); ok {
		return described
	}
	for _, known := range []struct {
		err         error
		description assertionError
	}{
		{jwt.ErrTokenMalformed, "it is not a JWT"},
		{jwt.ErrTokenUnverifiable, "alg is not supported"},
		{jwt.ErrTokenSignatureInvalid, "the signature or its algorithm does not match the registered key"},
		{jwt.ErrTokenExpired, "it has expired"},
		{jwt.ErrTokenNotValidYet, "nbf is in the future"},
		{jwt.ErrTokenUsedBeforeIssued, "iat is in the future"},
		{jwt.ErrTokenInvalidIssuer, "iss is not the required one"},
		{jwt.ErrTokenInvalidSubject, "sub is not the required one"},
		{jwt.ErrTokenRequiredClaimMissing, "a required claim is missing"},
	} {
		if errors.Is(err, known.err) {
			return known.description
		}
	}
	return assertionError("a claim is invalid")
}

// unverified returns the issuer and the subject that a JWT claims.
func unverified(token string) (issuer, subject string) {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		return "", ""
	}
	issuer, _ = claims["iss"].(string)
	subject, _ = claims["sub"].(string)
	return issuer, subject
}

// TrustedIssuer is a third party whose JWTs the server can verify: the platform
// of a pipeline, or a client that signs its own grants.
type TrustedIssuer struct {
	Issuer string
	Keys   []Key

	// Reusable accepts the same JWT more than once, for platforms that issue
	// one for the whole life of a job. Otherwise each needs a new jti.
	Reusable bool
}

// Trust selects the JWTs of a [TrustedIssuer] that are valid for a client.
type Trust struct {
	Issuer   string
	Subject  string // empty: any, where that is allowed
	Audience string // required in aud; empty: the token endpoint or the issuer
}

func (t Trust) matches(issuer, subject string) bool {
	return t.Issuer == issuer && (t.Subject == "" || t.Subject == subject)
}

// trusts reports whether list has an entry for the issuer and the subject.
func trusts(list []Trust, issuer, subject string) bool {
	return slices.ContainsFunc(list, func(t Trust) bool { return t.matches(issuer, subject) })
}

// federatedRequirements returns those of the entry in list that a JWT with this
// issuer and subject matches.
func (s *Server) federatedRequirements(list []Trust, issuer, subject string) (requirements, error) {
	i := slices.IndexFunc(list, func(t Trust) bool { return t.matches(issuer, subject) })
	if i < 0 {
		return requirements{}, assertionError("its issuer and subject are not trusted")
	}
	from, ok := s.trustedIssuer(issuer)
	if !ok {
		return requirements{}, assertionError("the server has no keys for its issuer")
	}
	want := s.requirements(grantAssertionRules)
	if list[i].Audience != "" { // made by the platform's rules, not by ours
		want = requirements{audiences: []string{list[i].Audience}}
	}
	want.issuer, want.subject, want.reusable = issuer, list[i].Subject, from.Reusable
	want.algorithms, want.key = algorithmsOf(from.Keys), registeredKey(from.Keys)
	return want, nil
}

func (s *Server) trustedIssuer(issuer string) (TrustedIssuer, bool) {
	i := slices.IndexFunc(s.config.TrustedIssuers, func(t TrustedIssuer) bool { return t.Issuer == issuer })
	if i < 0 {
		return TrustedIssuer{}, false
	}
	return s.config.TrustedIssuers[i], true
}

// usedIDs remembers the jti of every accepted assertion. The zero value is empty.
type usedIDs struct {
	mu   sync.Mutex
	seen map[[2]string]bool // by issuer and jti
}

// add reports whether the jti is new.
func (u *usedIDs) add(issuer, id string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen == nil {
		u.seen = make(map[[2]string]bool)
	}
	key := [2]string{issuer, id}
	replayed := u.seen[key]
	u.seen[key] = true
	return !replayed
}
