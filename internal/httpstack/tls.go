// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

func newTLSConfig(config Config) (*tls.Config, error) {
	roots, err := rootCertificates(config.CACertificates)
	if err != nil {
		return nil, err
	}
	tlsConfig := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		RootCAs:            roots,
		ServerName:         config.ServerName,
		InsecureSkipVerify: config.InsecureSkipVerify, //nolint:gosec // the user's explicit choice, off by default
	}
	if certificate := config.ClientCertificate; certificate != nil {
		// Unlike Certificates this ignores the authorities that the server lists,
		// which never include that of a self-signed certificate (RFC 8705 section 2.2).
		tlsConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return certificate, nil
		}
	}
	return tlsConfig, nil
}

// rootCertificates returns the system's pool and the certificates in text; nil, which
// crypto/tls takes for the system's pool, if text is empty.
func rootCertificates(text string) (*x509.CertPool, error) {
	if text == "" {
		return nil, nil
	}
	certificates, err := ParseCertificates(text)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without roots of its own
	}
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	return pool, nil
}

const pemBegin = "-----BEGIN "

// ParseCertificates reads PEM text of certificates. Other blocks are errors:
// x509.CertPool would skip silently what it cannot use, and the user would meet that as
// an unknown authority.
func ParseCertificates(text string) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("the PEM text has a %.40q block; only CERTIFICATE blocks are allowed", block.Type)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(certificates)+1, err)
		}
		certificates = append(certificates, certificate)
	}
	switch begun := strings.Count(text, pemBegin); {
	case begun > len(certificates):
		return nil, errors.New("a PEM block is damaged: its lines, base64 or END line are wrong")
	case begun == 0:
		return nil, errors.New(`not a PEM certificate, which begins with "-----BEGIN CERTIFICATE-----" (a file name or DER is not accepted)`)
	}
	return certificates, nil
}

// ClientCertificate pairs the certificates in a PEM text, the client's own first,
// with its key, for Config.ClientCertificate.
func ClientCertificate(text string, key crypto.Signer) (*tls.Certificate, error) {
	chain, err := ParseCertificates(text)
	if err != nil {
		return nil, err
	}
	public, ok := key.Public().(interface{ Equal(x crypto.PublicKey) bool })
	if !ok || !public.Equal(chain[0].PublicKey) {
		return nil, errors.New("the certificate does not match the key; in a chain the client's own certificate comes first")
	}
	certificate := &tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, link := range chain {
		certificate.Certificate = append(certificate.Certificate, link.Raw)
	}
	return certificate, nil
}
