// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authservertest

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"testing"
	"time"
)

// Certificate says what certificate a TLS server shows.
type Certificate int

// Certificates, all issued by the server's own CA.
const (
	Valid     Certificate = iota // for 127.0.0.1, ::1, localhost and TestHost
	WrongHost                    // for wrong.test alone
	Expired                      // for the hosts of Valid, until yesterday
)

// TestHost is a name that resolves nowhere but in [Proxy.Route]. Go's proxy
// settings from the environment spare loopback, so tests of them need a name.
const TestHost = "authserver.test"

// issue makes a server certificate with its own key.
func (a *Authority) issue(t testing.TB, kind Certificate) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "authservertest"},
		NotBefore:   time.Now().Add(-47 * time.Hour),
		NotAfter:    a.certificate.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", TestHost},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	switch kind {
	case Valid:
	case WrongHost:
		template.DNSNames, template.IPAddresses = []string{"wrong.test"}, nil
	case Expired:
		template.NotAfter = time.Now().Add(-24 * time.Hour)
	}
	return a.Issue(t, NewKey(t, P256), template)
}
