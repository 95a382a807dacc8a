// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package authservertest puts the mock authorization server, its protected API
// and a forward proxy on loopback for the length of a test.
//
// It listens nowhere else, and what it starts ends with the test.
package authservertest

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// Server is an authorization server and its API, each at its own origin.
type Server struct {
	*authserver.Server

	URL    string // origin of the authorization server, without the issuer's path
	APIURL string // origin of the protected API
	CAPEM  string // the CA's certificate; empty for plain HTTP

	ca *authority
}

// Start serves config over plain HTTP. Config.Issuer is a path ("" or
// "/tenant/a"), put behind the server's URL.
func Start(t testing.TB, config authserver.Config) *Server {
	t.Helper()
	return start(t, config, nil, nil)
}

// StartTLS is [Start] over HTTPS, with a certificate of a CA made for this test.
func StartTLS(t testing.TB, config authserver.Config, certificate Certificate) *Server {
	t.Helper()
	ca := newAuthority(t)
	return start(t, config, ca, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, certificate)}})
}

func start(t testing.TB, config authserver.Config, ca *authority, tlsConfig *tls.Config) *Server {
	t.Helper()
	auth, authURL := listen(tlsConfig)
	api, apiURL := listen(tlsConfig)
	config.Issuer = authURL + config.Issuer
	server, err := authserver.New(config)
	if err != nil {
		t.Fatalf("authorization server: %v", err)
	}
	serve(t, auth, server)
	serve(t, api, server.API())
	s := &Server{Server: server, URL: authURL, APIURL: apiURL, ca: ca}
	if ca != nil {
		s.CAPEM = ca.pem()
	}
	return s
}

// listen opens a port, whose URL must be known before there is a handler.
func listen(tlsConfig *tls.Config) (*httptest.Server, string) {
	l := httptest.NewUnstartedServer(nil)
	l.TLS = tlsConfig
	if tlsConfig == nil {
		return l, "http://" + l.Listener.Addr().String()
	}
	// Failed handshakes are what such tests are about, and no news.
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
		l.CloseClientConnections() // ends what a fault left hanging
		l.Close()
	})
}

// Client is an HTTP client that trusts this server, uses no proxy and follows
// no redirect.
func (s *Server) Client(t testing.TB) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	if s.ca != nil {
		transport.TLSClientConfig = &tls.Config{RootCAs: s.ca.pool(), MinVersion: tls.VersionTLS12}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
