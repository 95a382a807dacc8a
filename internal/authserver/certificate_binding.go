// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/tls"
	"crypto/x509"
)

// confirmation is the cnf claim of a certificate-bound token (RFC 8705 §3.1).
type confirmation struct {
	Thumbprint string `json:"x5t#S256"`
}

// binding is the thumbprint that tokens for the request are bound to, for
// clients that are to have such tokens (RFC 8705 §3).
func binding(q *request, c Client) (string, error) {
	switch {
	case !c.CertificateBound:
		return "", nil
	case q.certificate() == nil:
		return "", refuse(invalidRequest, "certificate-bound tokens need a client certificate")
	}
	return thumbprint(q.certificate()), nil
}

// shownBy reports whether a token comes over a connection with the certificate
// it is bound to, if it is bound.
func (a authorization) shownBy(connection *tls.ConnectionState) bool {
	if a.thumbprint == "" {
		return true
	}
	certificates := peerCertificates(connection)
	return len(certificates) > 0 && thumbprint(certificates[0]) == a.thumbprint
}

// peerCertificates are what the client showed; none without TLS.
func peerCertificates(connection *tls.ConnectionState) []*x509.Certificate {
	if connection == nil {
		return nil
	}
	return connection.PeerCertificates
}
