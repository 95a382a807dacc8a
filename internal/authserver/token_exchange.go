// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

// Token types of RFC 8693 §3 that can be exchanged or asked for.
const (
	accessTokenURN = "urn:ietf:params:oauth:token-type:access_token"
	idTokenURN     = "urn:ietf:params:oauth:token-type:id_token"
	jwtURN         = "urn:ietf:params:oauth:token-type:jwt"
)

// tokenExchange is the grant of RFC 8693 §2.1, for impersonation: the new token
// has the subject of the one shown. It knows no actors.
func (s *Server) tokenExchange(q *request, c Client) (issuance, error) {
	if q.parameters.Has("actor_token") || q.parameters.Has("actor_token_type") {
		return issuance{}, refuse(invalidRequest, "delegation is not supported")
	}
	kind, err := requestedTokenType(q, c)
	if err != nil {
		return issuance{}, err
	}
	subject, err := s.subjectToken(q, c)
	if err != nil {
		return issuance{}, err
	}
	allowed, err := s.allow(q, c, subject)
	allowed.kind = kind
	return allowed, err
}

// requestedTokenType is what the answer names as issued_token_type.
func requestedTokenType(q *request, c Client) (string, error) {
	switch requested := q.get("requested_token_type"); {
	case requested == "" || requested == accessTokenURN:
		return accessTokenURN, nil
	case requested == jwtURN && c.TokenFormat == JWT:
		return jwtURN, nil
	}
	return "", refuse(invalidRequest, "requested_token_type is not supported")
}

// subjectToken returns the subject of the token shown. A token that is no good
// is an invalid request (RFC 8693 §2.2.2).
func (s *Server) subjectToken(q *request, c Client) (string, error) {
	token, kind := q.get("subject_token"), q.get("subject_token_type")
	if token == "" || kind == "" {
		return "", refuse(invalidRequest, "subject_token and subject_token_type are required")
	}
	switch kind {
	case accessTokenURN:
		held, ok := s.lookUp(token)
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
