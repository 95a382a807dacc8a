// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authservertest

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// Certificate selects the certificate of a TLS server.
type Certificate int

// Server certificates, all issued by the server's own CA.
const (
	Valid     Certificate = iota // for 127.0.0.1, ::1, localhost and TestHost
	WrongHost                    // for wrong.test only
	Expired                      // for the hosts of Valid, expired since yesterday
)

// TestHost is a name that resolves in [Proxy.Route] only. Go does not apply proxy
// settings from the environment to loopback, so tests of them need a name.
const TestHost = "authserver.test"

// Authority is a CA for one test.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// NewAuthority creates a CA.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "authservertest CA"},
		NotBefore:             time.Now().Add(-48 * time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	key := NewKey(t, P256)
	return &Authority{certificate: sign(t, template, template, key, key), key: key}
}

// PEM returns the CA's own certificate.
func (a *Authority) PEM() string { return encodePEM("CERTIFICATE", a.certificate.Raw) }

// Pool returns a pool with the CA alone, for Config.ClientCAs or to trust a server.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// Issue issues a certificate from template, with a random serial number if template
// has none.
func (a *Authority) Issue(t testing.TB, key crypto.Signer, template *x509.Certificate) tls.Certificate {
	t.Helper()
	return pair(sign(t, withSerialNumber(t, template), a.certificate, key, a.key), key)
}

func (a *Authority) issueServer(t testing.TB, kind Certificate) tls.Certificate {
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

// SelfSigned creates a self-signed certificate from template.
func SelfSigned(t testing.TB, key crypto.Signer, template *x509.Certificate) tls.Certificate {
	t.Helper()
	template = withSerialNumber(t, template)
	return pair(sign(t, template, template, key, key), key)
}

// ClientTemplate returns the template of a client certificate that is valid today,
// with the subject CN=name.
func ClientTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		NotBefore:   time.Now().Add(-time.Hour),
		NotAfter:    time.Now().Add(23 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

// CertificatePEM returns the certificate with its chain.
func CertificatePEM(certificate tls.Certificate) string {
	var chain strings.Builder
	for _, der := range certificate.Certificate {
		chain.WriteString(encodePEM("CERTIFICATE", der))
	}
	return chain.String()
}

func pair(leaf *x509.Certificate, key crypto.Signer) tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
}

func withSerialNumber(t testing.TB, template *x509.Certificate) *x509.Certificate {
	t.Helper()
	if template.SerialNumber != nil {
		return template
	}
	number, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		t.Fatalf("serial number: %v", err)
	}
	copied := *template
	copied.SerialNumber = number
	return &copied
}

func sign(t testing.TB, template, parent *x509.Certificate, key, signer crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatalf("certificate: %v", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatalf("certificate: %v", err)
	}
	return certificate
}

func encodePEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
