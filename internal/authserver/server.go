// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config configures a [Server]. Only Issuer is required.
type Config struct {
	// Issuer is the issuer identifier: an absolute URL without query or
	// fragment. It may have a path; every endpoint is below it.
	Issuer string

	// Clients are the registered clients; see also [Server.Register].
	Clients []Client

	// Routes maps patterns of [http.ServeMux] on the protected API to the
	// scope each requires, "" for none. Other paths require a valid token and
	// no scope. When nil, /orders requires api:read and /admin api:admin.
	Routes map[string]string

	// NoMetadata and NoOpenIDMetadata each disable one well-known document.
	NoMetadata       bool // /.well-known/oauth-authorization-server[/path]
	NoOpenIDMetadata bool // <issuer>/.well-known/openid-configuration

	// ClientAssertion has the requirements on client assertions (RFC 7523 §2.2).
	ClientAssertion AssertionRules

	// DPoP has the requirements on proofs (RFC 9449).
	DPoP DPoPRules

	// TrustedIssuers are the third parties whose JWTs clients can be
	// registered to use.
	TrustedIssuers []TrustedIssuer

	// ClientCAs verify client certificates for TLSClientAuth. None when nil.
	ClientCAs *x509.CertPool

	// MTLSOrigin is the scheme and authority of a second listener of this server
	// that requests client certificates. It is published in
	// mtls_endpoint_aliases (RFC 8705 §5).
	MTLSOrigin string

	// Metadata modifies both discovery documents before they are sent.
	Metadata []Mutation

	// Now is the server's clock, time.Now when nil.
	Now func() time.Time

	// Logger receives one line per request with its method, path, endpoint and
	// status, but no query, header or body. Nothing is logged when it is nil.
	Logger *slog.Logger
}

// Server is the authorization server, an [http.Handler]. The protected API that
// accepts its tokens is [Server.API]. Both are safe for concurrent use. The
// [Recorder] has the requests to both; the [Script] overrides endpoints of both.
type Server struct {
	Recorder
	Script

	config   Config
	base     string // issuer without a trailing slash
	mtlsBase string // the same at MTLSOrigin; empty without
	routes   map[string]route
	clients  registry
	tokens   tokenStore
	signer   signer
	used     usedIDs
	nonces   nonceSource
}

type route struct {
	endpoint Endpoint
	handler  http.HandlerFunc
}

// New returns a server, or an error if the issuer, a client, a trusted issuer or
// the assertion rules are invalid.
func New(config Config) (*Server, error) {
	issuer, err := url.Parse(config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	if !issuer.IsAbs() || issuer.Host == "" || issuer.RawQuery != "" || issuer.Fragment != "" {
		return nil, fmt.Errorf("issuer %q is not an absolute URL without query and fragment", config.Issuer)
	}
	s := &Server{base: strings.TrimSuffix(config.Issuer, "/"), config: config.withDefaults()}
	if err := s.config.validate(); err != nil {
		return nil, err
	}
	path := strings.TrimSuffix(issuer.EscapedPath(), "/")
	if config.MTLSOrigin != "" {
		s.mtlsBase = config.MTLSOrigin + path
	}
	if s.signer, err = newES256Signer(); err != nil {
		return nil, err
	}
	for _, c := range config.Clients {
		if err := s.Register(c); err != nil {
			return nil, err
		}
	}
	s.routes = s.endpoints(path)
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.Routes == nil {
		c.Routes = map[string]string{"/orders": "api:read", "/admin": "api:admin"}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.ClientCAs == nil {
		c.ClientCAs = x509.NewCertPool() // nil would mean the system's CAs
	}
	if c.ClientAssertion.Audience == "" {
		c.ClientAssertion.Audience = AudienceEither
	}
	if len(c.DPoP.Algorithms) == 0 {
		c.DPoP.Algorithms = asymmetricAlgorithms()
	}
	if c.ClientAssertion.MaxLifetime == 0 {
		c.ClientAssertion.MaxLifetime = 5 * time.Minute
	}
	return c
}

func (c Config) validate() error {
	audiences := []string{AudienceEither, AudienceTokenEndpoint, AudienceIssuer, AudienceIssuerOnly}
	if !slices.Contains(audiences, c.ClientAssertion.Audience) {
		return fmt.Errorf("unknown client assertion audience %q", c.ClientAssertion.Audience)
	}
	for _, issuer := range c.TrustedIssuers {
		if issuer.Issuer == "" || len(issuer.Keys) == 0 {
			return errors.New("a trusted issuer needs a name and keys")
		}
		if err := validateKeys(issuer.Keys); err != nil {
			return fmt.Errorf("trusted issuer %q: %w", issuer.Issuer, err)
		}
	}
	return nil
}

// endpoints maps exact paths. A ServeMux would clean paths and redirect, which
// would hide a client that builds its URLs carelessly.
func (s *Server) endpoints(path string) map[string]route {
	routes := map[string]route{
		path + "/token":  {TokenEndpoint, s.serveToken},
		path + "/revoke": {RevocationEndpoint, s.serveRevocation},
		path + "/jwks":   {JWKS, getOnly(s.serveJWKS)},
	}
	if !s.config.NoMetadata {
		routes["/.well-known/oauth-authorization-server"+path] = route{Metadata, getOnly(s.serveMetadata)}
	}
	if !s.config.NoOpenIDMetadata {
		routes[path+"/.well-known/openid-configuration"] = route{OpenIDMetadata, getOnly(s.serveMetadata)}
	}
	return routes
}

// ServeHTTP serves the authorization server's endpoints.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	matched, ok := s.routes[r.URL.EscapedPath()]
	if !ok {
		matched = route{OtherPath, http.NotFound}
	}
	s.serve(matched.endpoint, matched.handler, w, r)
}

// serve records the request and responds from the script or with handler.
func (s *Server) serve(endpoint Endpoint, handler http.HandlerFunc, w http.ResponseWriter, r *http.Request) {
	recording, err := s.record(endpoint, s.config.Now(), w, r)
	if err != nil {
		http.Error(w, "the body could not be read", http.StatusBadRequest)
		return
	}
	// Deferred because a fault may panic with http.ErrAbortHandler.
	defer func() {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		s.config.Logger.InfoContext(r.Context(), r.Method+" "+path, "endpoint", endpoint, "status", recording.status())
	}()
	if !s.play(endpoint, recording, r) {
		handler(recording, r)
	}
	recording.finish()
}

// Issuer returns the issuer identifier as configured.
func (s *Server) Issuer() string { return s.config.Issuer }

// TokenURL returns the URL of the token endpoint.
func (s *Server) TokenURL() string { return s.base + "/token" }

// MTLSTokenURL returns the URL of the token endpoint for clients with
// certificates, or "" without Config.MTLSOrigin.
func (s *Server) MTLSTokenURL() string {
	if s.mtlsBase == "" {
		return ""
	}
	return s.mtlsBase + "/token"
}

// RevocationURL returns the URL of the revocation endpoint.
func (s *Server) RevocationURL() string { return s.base + "/revoke" }

// JWKSURL returns the URL of the JSON Web Key Set for JWT access tokens.
func (s *Server) JWKSURL() string { return s.base + "/jwks" }
