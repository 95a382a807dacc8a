// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// certificateLifetime is longer than any run.
const certificateLifetime = 30 * 24 * time.Hour

// newCertificate returns a certificate for loopback and that of its authority in PEM. The
// authority signs nothing else: its key is dropped. Some TLS libraries refuse a certificate
// that is its own authority.
func newCertificate(now time.Time) (certificate tls.Certificate, authority string, err error) {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	root := template("oauth2cc_proxy authority", now)
	root.IsCA, root.BasicConstraintsValid, root.KeyUsage = true, true, x509.KeyUsageCertSign
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, authorityKey.Public(), authorityKey)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	if root, err = x509.ParseCertificate(rootDER); err != nil { // for its key identifier
		return tls.Certificate{}, "", err
	}
	leaf := template("oauth2cc_proxy", now)
	leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.DNSNames = []string{"localhost"}
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), authorityKey)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	authority = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}))
	return tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key}, authority, nil
}

// template returns what all certificates of a run have in common.
func template(name string, now time.Time) *x509.Certificate {
	serial := make([]byte, 16)
	_, _ = rand.Read(serial) // never fails
	serial[0] &= 0x7f        // it is positive (RFC 5280 section 4.1.2.2)
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour), // the caller may be in a virtual machine whose clock differs
		NotAfter:     now.Add(certificateLifetime),
	}
}
