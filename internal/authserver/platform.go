// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// usualLifetime is that of a platform's JWTs.
const usualLifetime = 10 * time.Minute

// PlatformConfig says for whom a [Platform] signs. Issuer, Subject and
// RequestToken are required.
type PlatformConfig struct {
	Issuer  string // iss of its JWTs
	Subject string // sub of its JWTs: the job they are for

	// RequestToken is the bearer token with which the job asks.
	RequestToken string

	// ServiceConnectionID is the only one Azure DevOps knows. Any when empty.
	ServiceConnectionID string

	// Lifetime of its JWTs, ten minutes by default. With a negative one they
	// have expired before they are handed out.
	Lifetime time.Duration

	// Now is the platform's clock, time.Now when nil.
	Now func() time.Time
}

// Platform plays the platform that a pipeline runs on: it signs, with a key of
// its own, JWTs that say which job is asking (RFC 7523 §3, issued by a third
// party). It is safe for concurrent use; its [Recorder] and [Script] are like
// the server's.
type Platform struct {
	Recorder
	Script

	config PlatformConfig
	signer signer

	mu       sync.Mutex
	lifetime time.Duration
}

// NewPlatform returns a platform, or an error when config lacks something.
func NewPlatform(config PlatformConfig) (*Platform, error) {
	if config.Issuer == "" || config.Subject == "" || config.RequestToken == "" {
		return nil, errors.New("a platform needs an issuer, a subject and a request token")
	}
	if config.Lifetime == 0 {
		config.Lifetime = usualLifetime
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	key, err := newRS256() // what all of them sign with
	if err != nil {
		return nil, fmt.Errorf("the platform's key: %w", err)
	}
	return &Platform{config: config, signer: key, lifetime: config.Lifetime}, nil
}

// TrustedIssuer is the platform as an authorization server registers it.
func (p *Platform) TrustedIssuer() TrustedIssuer {
	return TrustedIssuer{
		Issuer: p.config.Issuer,
		Keys:   []Key{{ID: p.signer.keyID, Public: p.signer.key.Public()}},
	}
}

// SetLifetime changes the lifetime of the JWTs to come.
func (p *Platform) SetLifetime(lifetime time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lifetime = lifetime
}

// Token is a new JWT for audience, as platforms put into a variable or a file.
func (p *Platform) Token(audience string) (string, error) {
	p.mu.Lock()
	lifetime := p.lifetime
	p.mu.Unlock()
	now := p.config.Now()
	issued := now
	if lifetime < 0 {
		issued = now.Add(lifetime - usualLifetime) // before it expired
	}
	token := jwt.NewWithClaims(p.signer.method, jwt.MapClaims{
		"iss": p.config.Issuer, "sub": p.config.Subject, "aud": audience, "jti": rand.Text(),
		"iat": issued.Unix(), "nbf": issued.Unix(), "exp": now.Add(lifetime).Unix(),
	})
	token.Header["kid"] = p.signer.keyID
	return token.SignedString(p.signer.key)
}

// handler records requests to endpoint, and answers them from the script or with
// what answer returns.
func (p *Platform) handler(endpoint Endpoint, answer func(*http.Request) (map[string]any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recording, err := p.record(endpoint, p.config.Now(), w, r)
		if err != nil {
			http.Error(w, "the body could not be read", http.StatusBadRequest)
			return
		}
		if !p.play(endpoint, recording, r) {
			p.answer(recording, r, answer)
		}
		recording.finish()
	})
}

// answer asks for the job's token first, as both platforms do.
func (p *Platform) answer(w http.ResponseWriter, r *http.Request, answer func(*http.Request) (map[string]any, error)) {
	token, err := bearerToken(r.Header.Values("Authorization"))
	if err != nil || subtle.ConstantTimeCompare([]byte(token), []byte(p.config.RequestToken)) != 1 {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"message": "the job's token is missing or wrong"})
		return
	}
	document, err := answer(r)
	if refusal, ok := errors.AsType[*platformError](err); ok {
		writeJSON(w, refusal.status, map[string]any{"message": refusal.message})
		return
	}
	if err != nil {
		http.Error(w, "the platform failed", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, document)
}

// platformError is a request that the platform does not grant.
type platformError struct {
	status  int
	message string
}

func (e *platformError) Error() string { return e.message }
