// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package authservertest puts the mock authorization server, its protected API,
// the platform of a pipeline and a forward proxy on loopback for the length of a
// test, and makes the keys and certificates that clients show there.
//
// It listens nowhere else, and what it starts ends with the test.
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

// Server is an authorization server and its API, each at its own origin.
type Server struct {
	*authserver.Server

	URL    string // origin of the authorization server, without the issuer's path
	APIURL string // origin of the protected API
	CAPEM  string // the CA's certificate; empty for plain HTTP

	ca *Authority
}

// Start serves config over plain HTTP. Config.Issuer is a path ("" or
// "/tenant/a"), put behind the server's URL.
func Start(t testing.TB, config authserver.Config) *Server {
	t.Helper()
	return start(t, config, nil, origins{})
}

// StartTLS is [Start] over HTTPS, with a certificate of a CA made for this test.
func StartTLS(t testing.TB, config authserver.Config, certificate Certificate) *Server {
	t.Helper()
	ca := NewAuthority(t)
	tlsConfig := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, certificate)}}
	return start(t, config, ca, origins{auth: tlsConfig, api: tlsConfig})
}

// StartMTLS is [StartTLS] where the authorization server asks for a client
// certificate in the way of clientAuth. With [tls.VerifyClientCertIfGiven] and
// [tls.RequireAndVerifyClientCert] the handshake fails for certificates that
// Config.ClientCAs did not issue; otherwise the token endpoint refuses them. The
// API asks for a certificate, and does without.
func StartMTLS(t testing.TB, config authserver.Config, clientAuth tls.ClientAuthType) *Server {
	t.Helper()
	ca := NewAuthority(t)
	plain := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, Valid)}}
	return start(t, config, ca, origins{
		auth: asking(plain, clientAuth, config.ClientCAs),
		api:  asking(plain, tls.RequestClientCert, nil),
	})
}

// StartMTLSAliases is [StartMTLS] with client certificates at another origin
// than the issuer's, which the metadata names in mtls_endpoint_aliases: a
// certificate, of whomever, is required there and not asked for at the issuer's.
func StartMTLSAliases(t testing.TB, config authserver.Config) *Server {
	t.Helper()
	ca := NewAuthority(t)
	plain := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, Valid)}}
	return start(t, config, ca, origins{
		auth: plain,
		api:  asking(plain, tls.RequestClientCert, nil),
		mtls: asking(plain, tls.RequireAnyClientCert, nil),
	})
}

// asking is config for a listener that asks for client certificates. It names
// the CAs only where it insists on them: clients show no others then.
func asking(config *tls.Config, clientAuth tls.ClientAuthType, cas *x509.CertPool) *tls.Config {
	config = config.Clone()
	config.ClientAuth = clientAuth
	if clientAuth >= tls.VerifyClientCertIfGiven {
		if config.ClientCAs = cas; cas == nil {
			config.ClientCAs = x509.NewCertPool() // nil would be the system's
		}
	}
	return config
}

// origins are the TLS settings of each listener, nil for plain HTTP. There is
// one for mtls only where it has some.
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
// no redirect. It shows the certificate, if one is given, to whoever asks.
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
