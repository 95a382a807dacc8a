// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config says what a [Server] is. Only Issuer is required.
type Config struct {
	// Issuer is the issuer identifier: an absolute URL without query or
	// fragment. It may have a path, and every endpoint lies under it.
	Issuer string

	// Clients are registered from the start; see also [Server.Register].
	Clients []Client

	// SigningAlgorithm signs JWT access tokens: "ES256" (default) or "RS256".
	SigningAlgorithm string

	// Resource identifies the protected API (RFC 8707). It is the audience of
	// tokens asked for without one, and the API refuses tokens that are not
	// meant for it. When empty the audience defaults to the issuer, and the
	// API takes any.
	Resource string

	// Routes maps patterns of [http.ServeMux] on the protected API to the
	// scope each requires, "" for none. A path that no pattern matches wants a
	// valid token alone. When nil, /orders requires api:read and /admin
	// requires api:admin.
	Routes map[string]string

	// NoMetadata and NoOpenIDMetadata switch one well-known document off: 404.
	NoMetadata       bool // /.well-known/oauth-authorization-server[/path]
	NoOpenIDMetadata bool // <issuer>/.well-known/openid-configuration

	// ClientAssertion is what client assertions are held to (RFC 7523 §2.2), and
	// GrantAssertion what assertions are that are a grant (§2.1).
	ClientAssertion AssertionRules
	GrantAssertion  AssertionRules

	// TrustedIssuers are those whose JWTs clients may be registered to use.
	TrustedIssuers []TrustedIssuer

	// ClientCAs issue the certificates of TLSClientAuth. None when nil.
	ClientCAs *x509.CertPool

	// MTLSOrigin is where the same server listens for clients with certificates,
	// as scheme and authority; published as mtls_endpoint_aliases (RFC 8705 §5).
	MTLSOrigin string

	// Metadata changes both discovery documents before they are sent.
	Metadata []Mutation

	// Now is the server's clock, time.Now when nil.
	Now func() time.Time

	// Logger takes one line per request: method, path, endpoint and status,
	// never a query, a header or a body. Nothing is logged when it is nil.
	Logger *slog.Logger
}

// Server is the authorization server, an [http.Handler]; the protected API that
// takes its tokens is [Server.API]. Both are safe for concurrent use. Its
// [Recorder] knows every request that reached either, and its [Script] what
// answers in an endpoint's place.
type Server struct {
	Recorder
	Script

	config   Config
	base     string // issuer without a terminating slash
	mtlsBase string // the same at MTLSOrigin; empty without
	routes   map[string]route
	clients  registry
	tokens   tokenStore
	signer   signer
	used     usedIDs
}

type route struct {
	endpoint Endpoint
	handler  http.HandlerFunc
}

// New returns a server for config, or an error when the issuer, a client or the
// signing algorithm is not one it can stand for.
func New(config Config) (*Server, error) {
	issuer, err := url.Parse(config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	if !issuer.IsAbs() || issuer.Host == "" || issuer.RawQuery != "" || issuer.Fragment != "" {
		return nil, fmt.Errorf("issuer %q is not an absolute URL without query and fragment", config.Issuer)
	}
	s := &Server{base: strings.TrimSuffix(config.Issuer, "/")}
	if s.config, err = config.withDefaults(); err != nil {
		return nil, err
	}
	if config.MTLSOrigin != "" {
		s.mtlsBase = config.MTLSOrigin + strings.TrimSuffix(issuer.EscapedPath(), "/")
	}
	if s.signer, err = newSigner(s.config.SigningAlgorithm); err != nil {
		return nil, err
	}
	for _, c := range config.Clients {
		if err := s.Register(c); err != nil {
			return nil, err
		}
	}
	s.routes = s.endpoints(strings.TrimSuffix(issuer.EscapedPath(), "/"))
	return s, nil
}

func (c Config) withDefaults() (Config, error) {
	if c.SigningAlgorithm == "" {
		c.SigningAlgorithm = "ES256"
	}
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
		c.ClientCAs = x509.NewCertPool() // nil would be the system's
	}
	for _, issuer := range c.TrustedIssuers {
		if err := issuer.validate(); err != nil {
			return c, fmt.Errorf("trusted issuer %q: %w", issuer.Issuer, err)
		}
	}
	var err error
	if c.ClientAssertion, err = c.ClientAssertion.withDefaults(5 * time.Minute); err != nil {
		return c, err
	}
	c.GrantAssertion, err = c.GrantAssertion.withDefaults(time.Hour)
	return c, err
}

// endpoints are looked up by their exact path: a mux would clean the path and
// redirect, and so hide a client that builds its URLs carelessly.
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

// ServeHTTP answers for the authorization server's endpoints.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, ok := s.routes[r.URL.EscapedPath()]
	if !ok {
		at = route{Elsewhere, http.NotFound}
	}
	s.serve(at.endpoint, at.handler, w, r)
}

// serve records the request and answers it from the script or else by handler.
func (s *Server) serve(endpoint Endpoint, handler http.HandlerFunc, w http.ResponseWriter, r *http.Request) {
	recording, err := s.record(endpoint, s.config.Now(), w, r)
	if err != nil {
		http.Error(w, "the body could not be read", http.StatusBadRequest)
		return
	}
	// Deferred because a fault may leave by panic(http.ErrAbortHandler).
	defer func() {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		s.config.Logger.InfoContext(r.Context(), r.Method+" "+path, "endpoint", endpoint, "status", recording.status())
	}()
	if !s.play(endpoint, recording, r) {
		handler(recording, r)
	}
	recording.finish()
}

// Issuer is the issuer identifier, as configured.
func (s *Server) Issuer() string { return s.config.Issuer }

// TokenURL is the URL of the token endpoint.
func (s *Server) TokenURL() string { return s.base + "/token" }

// MTLSTokenURL is the URL of the token endpoint for clients with certificates,
// empty without Config.MTLSOrigin.
func (s *Server) MTLSTokenURL() string {
	if s.mtlsBase == "" {
		return ""
	}
	return s.mtlsBase + "/token"
}

// tokenURLs are all URLs of the token endpoint.
func (s *Server) tokenURLs() []string {
	if s.mtlsBase == "" {
		return []string{s.TokenURL()}
	}
	return []string{s.TokenURL(), s.MTLSTokenURL()}
}

// RevocationURL is the URL of the revocation endpoint.
func (s *Server) RevocationURL() string { return s.base + "/revoke" }

// JWKSURL is the URL of the JSON Web Key Set that verifies JWT access tokens.
func (s *Server) JWKSURL() string { return s.base + "/jwks" }

// RevokeAll revokes every access and refresh token issued so far, as a restarted
// server without a database would. The next API call with one is a 401.
func (s *Server) RevokeAll() { s.tokens.revokeAll() }
