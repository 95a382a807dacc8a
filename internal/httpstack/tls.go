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

// rootCertificates returns the system's pool with the certificates in text added,
// or nil, which is the system's pool to crypto/tls, if text is empty.
func rootCertificates(text string) (*x509.CertPool, error) {
	if text == "" {
		return nil, nil
	}
	certificates, err := parseCertificates(text)
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

// parseCertificates reads PEM text that must hold certificates and nothing else
// but comments. x509.CertPool would skip in silence whatever it cannot use, and
// the user would meet that as an unknown authority.
func parseCertificates(text string) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("the PEM text holds a %.40q block; only CERTIFICATE blocks belong here", block.Type)
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
		return nil, errors.New(`there is no PEM certificate: give the text that begins with "-----BEGIN CERTIFICATE-----", not a file name or DER`)
	}
	return certificates, nil
}

// ClientCertificate pairs the certificates in a PEM text, the client's own first,
// with its key, for Config.ClientCertificate.
func ClientCertificate(text string, key crypto.Signer) (*tls.Certificate, error) {
	chain, err := parseCertificates(text)
	if err != nil {
		return nil, err
	}
	public, ok := key.Public().(interface{ Equal(x crypto.PublicKey) bool })
	if !ok || !public.Equal(chain[0].PublicKey) {
		return nil, errors.New("it is not the certificate of the key; where there are several, the client's own comes first")
	}
	certificate := &tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, link := range chain {
		certificate.Certificate = append(certificate.Certificate, link.Raw)
	}
	return certificate, nil
}
