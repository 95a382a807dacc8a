// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// defaultPlatformLifetime is the lifetime of a platform's JWTs.
const defaultPlatformLifetime = 10 * time.Minute

// azureAudience is the aud of every JWT that Azure DevOps issues.
const azureAudience = "api://AzureADTokenExchange"

// PlatformConfig configures a [Platform]. Issuer, Subject and RequestToken are
// required.
type PlatformConfig struct {
	Issuer  string // iss of its JWTs
	Subject string // sub of its JWTs: the job they are for

	// RequestToken is the bearer token with which the job requests a JWT.
	RequestToken string

	// ServiceConnectionID is the only one known to Azure DevOps. Empty: any.
	ServiceConnectionID string

	// Lifetime of its JWTs, ten minutes by default. With a negative lifetime they
	// are already expired when issued.
	Lifetime time.Duration

	// Now is the platform's clock, time.Now when nil.
	Now func() time.Time
}

// Platform is a mock of the platform that a pipeline runs on. It signs JWTs that
// identify the job (RFC 7523 §3, issued by a third party). It is safe for concurrent
// use.
type Platform struct {
	Recorder
	Script

	config PlatformConfig
	signer signer

	mu       sync.Mutex
	lifetime time.Duration
}

// platformKey returns the key of all platforms in this process: RSA keys are slow to
// generate, and all known platforms use RS256.
var platformKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// NewPlatform returns a platform, or an error if config is incomplete.
func NewPlatform(config PlatformConfig) (*Platform, error) {
	if config.Issuer == "" || config.Subject == "" || config.RequestToken == "" {
		return nil, errors.New("a platform needs an issuer, a subject and a request token")
	}
	if config.Lifetime == 0 {
		config.Lifetime = defaultPlatformLifetime
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	key, err := platformKey()
	if err != nil {
		return nil, fmt.Errorf("generate the platform's key: %w", err)
	}
	return &Platform{
		config:   config,
		signer:   signer{method: jwt.SigningMethodRS256, key: key, keyID: rand.Text()},
		lifetime: config.Lifetime,
	}, nil
}

// TrustedIssuer returns the platform as an authorization server registers it.
func (p *Platform) TrustedIssuer() TrustedIssuer {
	return TrustedIssuer{
		Issuer: p.config.Issuer,
		Keys:   []Key{{ID: p.signer.keyID, Public: p.signer.key.Public()}},
	}
}

// SetLifetime changes the lifetime of JWTs issued from now on.
func (p *Platform) SetLifetime(lifetime time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lifetime = lifetime
}

// Token returns a new JWT for audience, for platforms that put it into a variable
// or a file.
func (p *Platform) Token(audience string) (string, error) {
	p.mu.Lock()
	lifetime := p.lifetime
	p.mu.Unlock()
	now := p.config.Now()
	issued := now
	if lifetime < 0 {
		issued = now.Add(lifetime - defaultPlatformLifetime) // before exp
	}
	return p.signer.sign("JWT", jwt.MapClaims{
		"iss": p.config.Issuer, "sub": p.config.Subject, "aud": audience, "jti": rand.Text(),
		"iat": issued.Unix(), "nbf": issued.Unix(), "exp": now.Add(lifetime).Unix(),
	})
}

// GitHubActions returns the handler for ACTIONS_ID_TOKEN_REQUEST_URL, a URL with
// the query "api-version=2.0":
//
//	GET ?api-version=2.0&audience=https%3A%2F%2Fas.example
//	Authorization: Bearer <ACTIONS_ID_TOKEN_REQUEST_TOKEN>
//
//	{"count": <length of value>, "value": "<JWT>"}
//
// Without audience, the JWT is for the owner of the repository.
func (p *Platform) GitHubActions() http.Handler {
	return p.handler(GitHubActions, func(r *http.Request) (map[string]any, error) {
		query := r.URL.Query()
		switch {
		case r.Method != http.MethodGet:
			return nil, &platformError{http.StatusMethodNotAllowed, "the method must be GET"}
		case query.Get("api-version") != "2.0":
			return nil, &platformError{http.StatusBadRequest, "the query of the request URL is missing"}
		case len(query["audience"]) > 1:
			return nil, &platformError{http.StatusBadRequest, "audience is repeated"}
		}
		audience := query.Get("audience")
		if audience == "" {
			audience = "https://github.com/octo-org"
		}
		token, err := p.Token(audience)
		return map[string]any{"count": len(token), "value": token}, err
	})
}

// AzureDevOps returns the handler for SYSTEM_OIDCREQUESTURI:
//
//	POST ?api-version=7.1&serviceConnectionId=<id>
//	Authorization: Bearer <SYSTEM_ACCESSTOKEN>
//
//	{"oidcToken": "<JWT>"}
//
// The audience is always api://AzureADTokenExchange.
func (p *Platform) AzureDevOps() http.Handler {
	return p.handler(AzureDevOps, func(r *http.Request) (map[string]any, error) {
		query := r.URL.Query()
		connection, version := query.Get("serviceConnectionId"), query.Get("api-version")
		known := p.config.ServiceConnectionID == "" || connection == p.config.ServiceConnectionID
		switch {
		case r.Method != http.MethodPost:
			return nil, &platformError{http.StatusMethodNotAllowed, "the method must be POST"}
		case version != "7.1" && !strings.HasPrefix(version, "7.1-preview"):
			return nil, &platformError{http.StatusBadRequest, "api-version must be 7.1"}
		case connection == "" || !known:
			return nil, &platformError{http.StatusNotFound, "there is no such service connection"}
		}
		token, err := p.Token(azureAudience)
		return map[string]any{"oidcToken": token}, err
	})
}

// handler records requests to endpoint, and responds from the script or, if the
// job's token is valid, with the document that respond returns.
func (p *Platform) handler(endpoint Endpoint, respond func(*http.Request) (map[string]any, error)) http.Handler {
	return p.Handler(endpoint, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.play(endpoint, w, r) {
			return
		}
		scheme, token, err := credentials(r.Header.Values("Authorization"))
		if err != nil || scheme != schemeBearer || subtle.ConstantTimeCompare([]byte(token), []byte(p.config.RequestToken)) != 1 {
			writeJSON(w, http.StatusUnauthorized, map[string]any{"message": "the job's token is missing or wrong"})
			return
		}
		document, err := respond(r)
		if refused, ok := errors.AsType[*platformError](err); ok {
			writeJSON(w, refused.status, map[string]any{"message": refused.message})
			return
		}
		if err != nil {
			http.Error(w, "the platform failed", http.StatusInternalServerError)
			return
		}
		writeJSON(w, http.StatusOK, document)
	}))
}

// platformError is an error response of the platform.
type platformError struct {
	status  int
	message string
}

func (e *platformError) Error() string { return e.message }
