// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
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
	certificates, err := keys.ParseCertificates(text)
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
