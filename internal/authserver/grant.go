// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/rand"
	"net/url"
	"slices"
	"strings"
)

// Token types of RFC 8693 §3 that can be exchanged or requested.
const (
	accessTokenURN = "urn:ietf:params:oauth:token-type:access_token"
	idTokenURN     = "urn:ietf:params:oauth:token-type:id_token"
	jwtURN         = "urn:ietf:params:oauth:token-type:jwt"
)

// grant is what a request is granted. The authorizations differ when a refresh
// asks for less: the refresh token keeps its scope (RFC 6749 §6).
type grant struct {
	access     authorization
	refresh    authorization
	issuedType string // issued_token_type (RFC 8693 §2.2.1), if any
}

// grant handles the request by its grant type, if the client may use it.
func (s *Server) grant(q *request, c Client) (grant, error) {
	grantType := q.get("grant_type")
	switch {
	case slices.Contains(c.Grants, grantType):
	case grantType == "":
		return grant{}, refuse(invalidRequest, "grant_type is missing")
	case !slices.Contains(s.grantTypes(), grantType):
		return grant{}, refuse(unsupportedGrantType, "the grant type is not supported")
	default:
		return grant{}, refuse(unauthorizedClient, "the client may not use this grant type")
	}
	switch grantType {
	case RefreshToken:
		return s.refresh(q, c)
	case JWTBearer:
		return s.jwtBearer(q, c)
	case TokenExchange:
		return s.tokenExchange(q, c)
	}
	return s.newGrant(q, c, c.ID)
}

// grantTypes returns the server's own and those registered for clients.
func (s *Server) grantTypes() []string {
	types := append(s.clients.collect(func(c Client) []string { return c.Grants }), ClientCredentials, RefreshToken)
	slices.Sort(types)
	return slices.DeleteFunc(slices.Compact(types), func(grantType string) bool { return grantType == "" })
}

// newGrant grants what the request asks for, as far as the client may have it,
// on behalf of subject.
func (s *Server) newGrant(q *request, c Client, subject string) (grant, error) {
	scopes, err := chooseScopes(q.get("scope"), c.Scopes)
	if err != nil {
		return grant{}, err
	}
	if c.Granted != nil {
		scopes = slices.DeleteFunc(scopes, func(scope string) bool { return !slices.Contains(c.Granted, scope) })
	}
	audience, err := requestedAudience(q)
	if err != nil {
		return grant{}, err
	}
	if audience == nil {
		audience = []string{s.config.Issuer}
	}
	a := authorization{
		grantID: rand.Text(), clientID: c.ID, subject: subject,
		scopes: scopes, audience: audience, thumbprint: q.bound, jkt: q.jkt,
	}
	return grant{access: a, refresh: a}, nil
}

// refresh is the grant of RFC 6749 §6. The refresh token can be used once.
func (s *Server) refresh(q *request, c Client) (grant, error) {
	token := q.get("refresh_token")
	if token == "" {
		return grant{}, refuse(invalidRequest, "refresh_token is missing")
	}
	held, ok := s.tokens.find(token, refreshToken, s.config.Now())
	if !ok || held.clientID != c.ID {
		return grant{}, refuse(invalidGrant, "the refresh token is unknown, expired, revoked or another client's")
	}
	// RFC 8705 §4: nothing else binds it to a client that does not authenticate.
	if c.AuthMethod == None && held.thumbprint != q.bound {
		return grant{}, refuse(invalidGrant, "the refresh token is bound to another certificate")
	}
	if c.AuthMethod == None && held.jkt != q.jkt { // RFC 9449 §5
		return grant{}, refuse(invalidGrant, "the refresh token is bound to another key")
	}
	access, err := narrow(q, held)
	if err != nil {
		return grant{}, err
	}
	// Last, so that a refused request does not use up the token.
	if !s.tokens.use(token) {
		return grant{}, refuse(invalidGrant, "the refresh token has been used")
	}
	return grant{access: access, refresh: held}, nil
}

// narrow reduces an authorization to what the request asks for.
func narrow(q *request, held authorization) (authorization, error) {
	scopes, err := chooseScopes(q.get("scope"), held.scopes)
	if err != nil {
		return authorization{}, err
	}
	audience, err := requestedAudience(q)
	if err != nil {
		return authorization{}, err
	}
	for _, requested := range audience { // RFC 8707 §2.2
		if !slices.Contains(held.audience, requested) {
			return authorization{}, refuse(invalidTarget, "the grant does not cover that resource")
		}
	}
	held.scopes, held.thumbprint, held.jkt = scopes, q.bound, q.jkt
	if audience != nil {
		held.audience = audience
	}
	return held, nil
}

// jwtBearer is the grant of RFC 7523 §2.1.
func (s *Server) jwtBearer(q *request, c Client) (grant, error) {
	if q.get("assertion") == "" {
		return grant{}, refuse(invalidRequest, "assertion is missing")
	}
	subject, err := s.verifyTrusted(q.get("assertion"), c)
	if err != nil {
		return grant{}, refuse(invalidGrant, "assertion: "+err.Error())
	}
	return s.newGrant(q, c, subject)
}

// verifyTrusted returns the subject of a third-party JWT that the client may use.
func (s *Server) verifyTrusted(assertion string, c Client) (string, error) {
	issuer, subject := unverified(assertion)
	want, err := s.federatedRequirements(c.Assertions, issuer, subject)
	if err != nil {
		return "", err
	}
	return s.verifyAssertion(assertion, want)
}

func isJWTBearer(q *request) bool {
	return q.get("grant_type") == JWTBearer && q.get("assertion") != ""
}

// tokenExchange is the grant of RFC 8693 §2.1, impersonation only: the new token
// has the subject of the subject token.
func (s *Server) tokenExchange(q *request, c Client) (grant, error) {
	if q.parameters.Has("actor_token") || q.parameters.Has("actor_token_type") {
		return grant{}, refuse(invalidRequest, "delegation is not supported")
	}
	issuedType := q.get("requested_token_type")
	switch {
	case issuedType == "":
		issuedType = accessTokenURN
	case issuedType != accessTokenURN && (issuedType != jwtURN || c.TokenFormat != JWT):
		return grant{}, refuse(invalidRequest, "requested_token_type is not supported")
	}
	subject, err := s.subjectToken(q, c)
	if err != nil {
		return grant{}, err
	}
	granted, err := s.newGrant(q, c, subject)
	granted.issuedType = issuedType
	return granted, err
}

// subjectToken returns the subject of the subject token. An invalid one is an
// invalid_request (RFC 8693 §2.2.2).
func (s *Server) subjectToken(q *request, c Client) (string, error) {
	token, tokenType := q.get("subject_token"), q.get("subject_token_type")
	if token == "" || tokenType == "" {
		return "", refuse(invalidRequest, "subject_token and subject_token_type are required")
	}
	switch tokenType {
	case accessTokenURN:
		held, ok := s.findAccessToken(token)
		if !ok {
			return "", refuse(invalidRequest, "subject_token is unknown, expired or revoked")
		}
		return held.subject, nil
	case idTokenURN, jwtURN:
		subject, err := s.verifyTrusted(token, c)
		if err != nil {
			return "", refuse(invalidRequest, "subject_token: "+err.Error())
		}
		return subject, nil
	}
	return "", refuse(invalidRequest, "subject_token_type is not supported")
}

// chooseScopes returns the requested scopes (RFC 6749 §3.3), or all allowed ones
// if the parameter is empty. Scopes that are not allowed are an error.
func chooseScopes(scope string, allowed []string) ([]string, error) {
	if scope == "" {
		return slices.Clone(allowed), nil
	}
	invalid := func(r rune) bool { return r < 0x21 || r > 0x7e || r == '"' || r == '\\' }
	var granted []string
	for token := range strings.SplitSeq(scope, " ") {
		if token == "" || strings.ContainsFunc(token, invalid) {
			return nil, refuse(invalidScope, "the scope is malformed")
		}
		if !slices.Contains(allowed, token) {
			return nil, refuse(invalidScope, "a requested scope is not allowed")
		}
		if !slices.Contains(granted, token) {
			granted = append(granted, token)
		}
	}
	return granted, nil
}

// requestedAudience returns the resource (RFC 8707) and audience parameters, in
// that order; nil if there are none.
func requestedAudience(q *request) ([]string, error) {
	var audience []string
	for _, resource := range q.parameters["resource"] {
		if resource == "" {
			continue
		}
		uri, err := url.Parse(resource)
		if err != nil || !uri.IsAbs() || strings.Contains(resource, "#") {
			return nil, refuse(invalidTarget, "resource must be an absolute URI without a fragment")
		}
		audience = append(audience, resource)
	}
	for _, value := range q.parameters["audience"] {
		if value != "" {
			audience = append(audience, value)
		}
	}
	return audience, nil
}
