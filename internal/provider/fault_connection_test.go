// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// front stands between the provider and a server, and is what breaks where the
// connection is at fault.
type front struct {
	url    string // origin
	ca     string // the certificate to trust, empty where there is none
	strike func() // lets the fault begin
}

// refusing is a front that is gone when the fault begins.
func refusing(t *testing.T, server http.Handler) *front {
	t.Helper()
	listener := startFront(t, server, nil)
	return &front{url: listener.URL, strike: listener.Close}
}

// unnamed is a front that no name server knows, nor is asked for as a label is empty.
func unnamed(*testing.T, http.Handler) *front {
	return &front{url: "https://login..invalid", strike: func() {}}
}

// withoutTLS is a front on http at an address for https.
func withoutTLS(t *testing.T, server http.Handler) *front {
	t.Helper()
	listener := startFront(t, server, nil)
	return &front{url: strings.Replace(listener.URL, "http:", "https:", 1), strike: func() {}}
}

// wrongTLS returns a kind of front whose TLS settings are in order until the fault
// begins, and then are as change makes them.
func wrongTLS(change func(*testing.T, *authservertest.Authority, *tls.Config)) func(*testing.T, http.Handler) *front {
	return func(t *testing.T, server http.Handler) *front {
		t.Helper()
		ca := authservertest.NewAuthority(t)
		right := &tls.Config{Certificates: certificates(t, ca, func(*x509.Certificate) {})}
		wrong := right.Clone()
		change(t, ca, wrong)
		var struck atomic.Bool
		listener := startFront(t, server, func(*tls.ClientHelloInfo) (*tls.Config, error) {
			if struck.Load() {
				return wrong, nil
			}
			return right, nil
		})
		return &front{url: listener.URL, ca: ca.PEM(), strike: func() { struck.Store(true) }}
	}
}

// unknownAuthority has a certificate that nobody trusts.
func unknownAuthority(t *testing.T, _ *authservertest.Authority, config *tls.Config) {
	t.Helper()
	config.Certificates = certificates(t, authservertest.NewAuthority(t), func(*x509.Certificate) {})
}

// expiredCertificate has one that was valid.
func expiredCertificate(t *testing.T, ca *authservertest.Authority, config *tls.Config) {
	t.Helper()
	config.Certificates = certificates(t, ca, func(template *x509.Certificate) {
		template.NotAfter = template.NotBefore.Add(time.Minute)
	})
}

// wrongName has one for another host.
func wrongName(t *testing.T, ca *authservertest.Authority, config *tls.Config) {
	t.Helper()
	config.Certificates = certificates(t, ca, func(template *x509.Certificate) {
		template.DNSNames, template.IPAddresses = []string{"wrong.test"}, nil
	})
}

// clientCertificateWanted ends the handshake with an alert.
func clientCertificateWanted(_ *testing.T, _ *authservertest.Authority, config *tls.Config) {
	config.ClientAuth = tls.RequireAnyClientCert
}

// certificates are those of a server on loopback, with something changed.
func certificates(t *testing.T, ca *authservertest.Authority, change func(*x509.Certificate)) []tls.Certificate {
	t.Helper()
	template := authservertest.ClientTemplate("front")
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	change(template)
	return []tls.Certificate{ca.Issue(t, authservertest.NewKey(t, authservertest.P256), template)}
}

// startFront serves on loopback, with TLS where there are settings for it. It keeps
// no connection, so that each request meets the settings of its time.
func startFront(t *testing.T, server http.Handler, settings func(*tls.ClientHelloInfo) (*tls.Config, error)) *httptest.Server {
	t.Helper()
	listener := httptest.NewUnstartedServer(server)
	listener.Config.SetKeepAlivesEnabled(false)
	listener.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes that fail
	if settings != nil {
		listener.TLS = &tls.Config{GetConfigForClient: settings}
		listener.StartTLS()
	} else {
		listener.Start()
	}
	t.Cleanup(listener.Close)
	return listener
}
