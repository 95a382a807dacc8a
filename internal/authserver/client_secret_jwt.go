// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"errors"
	"fmt"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// ClientSecretJWT authenticates with a JWT that the client secret signs
// (RFC 7523 §2.2, OpenID Connect Core §9).
const ClientSecretJWT = "client_secret_jwt"

type clientSecretJWT struct{}

func (clientSecretJWT) carrier() carrier { return assertionParameter{} }

func (clientSecretJWT) suits(c Client) error {
	fitting := secretAlgorithms(c.Secret)
	if len(fitting) == 0 {
		return errors.New("a secret that signs has 32 bytes at least")
	}
	return wantAlgorithms(c.SigningAlgorithms, fitting)
}

func (clientSecretJWT) verify(s *Server, q *request, c Client) error {
	t := s.clientTerms(c)
	t.key = func(*jwt.Token) (any, error) { return []byte(c.Secret), nil }
	return s.verifyClientAssertion(q, t)
}

// secretAlgorithms are those the secret is long enough for: as long as the
// hash (RFC 7518 §3.2).
func secretAlgorithms(secret string) []string {
	var algorithms []string
	for _, bits := range []int{256, 384, 512} {
		if len(secret) >= bits/8 {
			algorithms = append(algorithms, fmt.Sprintf("HS%d", bits))
		}
	}
	return algorithms
}

// wantAlgorithms refuses a registered algorithm that nothing could verify.
func wantAlgorithms(registered, fitting []string) error {
	for _, algorithm := range registered {
		if !slices.Contains(fitting, algorithm) {
			return fmt.Errorf("signing algorithm %q does not fit its secret or keys", algorithm)
		}
	}
	return nil
}
