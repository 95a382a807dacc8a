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
	"strings"
	"testing"
	"time"
)

// Authority is a CA made for one test.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// NewAuthority makes a CA that nobody knows yet.
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

// PEM is the CA's own certificate.
func (a *Authority) PEM() string { return encodePEM("CERTIFICATE", a.certificate.Raw) }

// Pool holds the CA alone: for Config.ClientCAs, or to trust a server.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// Issue makes a certificate of the CA from template; a serial number is added
// where it has none.
func (a *Authority) Issue(t testing.TB, key crypto.Signer, template *x509.Certificate) tls.Certificate {
	t.Helper()
	return pair(sign(t, numbered(t, template), a.certificate, key, a.key), key)
}

// SelfSigned makes a certificate from template that its own key signs.
func SelfSigned(t testing.TB, key crypto.Signer, template *x509.Certificate) tls.Certificate {
	t.Helper()
	template = numbered(t, template)
	return pair(sign(t, template, template, key, key), key)
}

// ClientTemplate is a client certificate for today, with subject CN=name and,
// where there are any, DNS names.
func ClientTemplate(name string, dnsNames ...string) *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		NotBefore:   time.Now().Add(-time.Hour),
		NotAfter:    time.Now().Add(23 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		DNSNames:    dnsNames,
	}
}

// CertificatePEM is the certificate, with the chain it is shown with.
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

func numbered(t testing.TB, template *x509.Certificate) *x509.Certificate {
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
