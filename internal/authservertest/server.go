// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package authservertest starts the mock authorization server with its API, the mock
// platform of a pipeline, and a forward proxy for the duration of a test, and creates
// keys and certificates for their clients. It listens on loopback only.
package authservertest

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// Server is an authorization server and its API, each with its own origin.
type Server struct {
	*authserver.Server

	URL    string // origin of the authorization server, without the issuer's path
	APIURL string // origin of the protected API
	CAPEM  string // certificate of the server's CA; empty for plain HTTP

	ca *Authority
}

// Start starts a server over plain HTTP. Config.Issuer is a path ("" or "/tenant/a")
// that is appended to the server's URL.
func Start(t testing.TB, config authserver.Config) *Server {
	t.Helper()
	return start(t, config, nil, origins{})
}

// StartTLS is like [Start] over HTTPS, with a certificate of a new CA.
func StartTLS(t testing.TB, config authserver.Config, certificate Certificate) *Server {
	t.Helper()
	ca := NewAuthority(t)
	tlsConfig := &tls.Config{Certificates: []tls.Certificate{ca.issueServer(t, certificate)}}
	return start(t, config, ca, origins{auth: tlsConfig, api: tlsConfig})
}

// StartMTLS is like [StartTLS] with an authorization server that requests client
// certificates according to clientAuth. With [tls.VerifyClientCertIfGiven] and
// [tls.RequireAndVerifyClientCert] the handshake fails for certificates that are not
// issued by Config.ClientCAs; otherwise the token endpoint refuses them. At the API,
// certificates are optional.
func StartMTLS(t testing.TB, config authserver.Config, clientAuth tls.ClientAuthType) *Server {
	t.Helper()
	ca := NewAuthority(t)
	plain := &tls.Config{Certificates: []tls.Certificate{ca.issueServer(t, Valid)}}
	return start(t, config, ca, origins{
		auth: requesting(plain, clientAuth, config.ClientCAs),
		api:  requesting(plain, tls.RequestClientCert, nil),
	})
}

// StartMTLSAliases is like [StartMTLS] with a second origin for client certificates,
// published in mtls_endpoint_aliases. Any certificate is accepted there, and none is
// requested at the issuer's origin.
func StartMTLSAliases(t testing.TB, config authserver.Config) *Server {
	t.Helper()
	ca := NewAuthority(t)
	plain := &tls.Config{Certificates: []tls.Certificate{ca.issueServer(t, Valid)}}
	return start(t, config, ca, origins{
		auth: plain,
		api:  requesting(plain, tls.RequestClientCert, nil),
		mtls: requesting(plain, tls.RequireAnyClientCert, nil),
	})
}

// requesting returns config for a listener that requests client certificates. It
// names the CAs only if certificates are verified: clients send no others then.
func requesting(config *tls.Config, clientAuth tls.ClientAuthType, cas *x509.CertPool) *tls.Config {
	config = config.Clone()
	config.ClientAuth = clientAuth
	if clientAuth >= tls.VerifyClientCertIfGiven {
		if config.ClientCAs = cas; cas == nil {
			config.ClientCAs = x509.NewCertPool() // nil would mean the system's
		}
	}
	return config
}

// origins has the TLS configuration of each listener, nil for plain HTTP. Without a
// configuration there is no listener for mtls.
type origins struct{ auth, api, mtls *tls.Config }

func start(t testing.TB, config authserver.Config, ca *Authority, at origins) *Server {
	t.Helper()
	auth, authURL := listen(at.auth)
	api, apiURL := listen(at.api)
	var mtls *httptest.Server
	if at.mtls != nil {
		mtls, config.MTLSOrigin = listen(at.mtls)
	}
	config.Issuer = authURL + config.Issuer
	server, err := authserver.New(config)
	if err != nil {
		t.Fatalf("authorization server: %v", err)
	}
	serve(t, auth, server)
	serve(t, api, server.API())
	if mtls != nil {
		serve(t, mtls, server)
	}
	s := &Server{Server: server, URL: authURL, APIURL: apiURL, ca: ca}
	if ca != nil {
		s.CAPEM = ca.PEM()
	}
	return s
}

// listen opens a port. The handler comes later, since it needs to know the URL.
func listen(tlsConfig *tls.Config) (*httptest.Server, string) {
	l := httptest.NewUnstartedServer(nil)
	l.TLS = tlsConfig
	if tlsConfig == nil {
		return l, "http://" + l.Listener.Addr().String()
	}
	// Tests expect failed handshakes.
	l.Config.ErrorLog = log.New(io.Discard, "", 0)
	return l, "https://" + l.Listener.Addr().String()
}

func serve(t testing.TB, l *httptest.Server, handler http.Handler) {
	t.Helper()
	l.Config.Handler = handler
	if l.TLS != nil {
		l.StartTLS()
	} else {
		l.Start()
	}
	t.Cleanup(func() {
		l.CloseClientConnections() // ends faults that hang
		l.Close()
	})
}

// Client returns an HTTP client that trusts this server, uses no proxy and follows no
// redirects. It sends the certificate, if given, to any server that requests one.
func (s *Server) Client(t testing.TB, certificate ...tls.Certificate) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	if s.ca != nil {
		transport.TLSClientConfig = &tls.Config{RootCAs: s.ca.Pool(), MinVersion: tls.VersionTLS12}
		if len(certificate) > 0 {
			transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return &certificate[0], nil
			}
		}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Platform is a platform that issues JWTs to its jobs, over plain HTTP.
type Platform struct {
	*authserver.Platform

	GitHubActionsURL string // for ACTIONS_ID_TOKEN_REQUEST_URL, with a query of its own
	AzureDevOpsURL   string // for SYSTEM_OIDCREQUESTURI
}

// StartPlatform starts a platform. Defaults in config are an iss and a sub like
// GitHub's, and "request-token" as RequestToken.
func StartPlatform(t testing.TB, config authserver.PlatformConfig) *Platform {
	t.Helper()
	setDefault := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	setDefault(&config.Issuer, "https://token.actions.githubusercontent.com")
	setDefault(&config.Subject, "repo:octo-org/octo-repo:ref:refs/heads/main")
	setDefault(&config.RequestToken, "request-token")
	platform, err := authserver.NewPlatform(config)
	if err != nil {
		t.Fatalf("platform: %v", err)
	}
	gitHub, gitHubURL := listen(nil)
	azure, azureURL := listen(nil)
	serve(t, gitHub, platform.GitHubActions())
	serve(t, azure, platform.AzureDevOps())
	return &Platform{
		Platform:         platform,
		GitHubActionsURL: gitHubURL + "/idtoken?api-version=2.0",
		AzureDevOpsURL:   azureURL + "/oidctoken",
	}
}
