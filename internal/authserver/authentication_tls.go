// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
)

func validateTLSClientAuth(c Client) error {
	if c.SubjectDN == "" {
		return errors.New("tls_client_auth needs a subject") // RFC 8705 §2.1.2
	}
	return forbidSecret(c)
}

func verifyTLSClientAuth(s *Server, q *request, c Client) error {
	certificate, err := requireCertificate(q)
	if err != nil {
		return err
	}
	intermediates := x509.NewCertPool()
	for _, issuer := range q.certificates[1:] {
		intermediates.AddCert(issuer)
	}
	_, err = certificate.Verify(x509.VerifyOptions{
		Roots: s.config.ClientCAs, Intermediates: intermediates,
		CurrentTime: s.config.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return refuse(invalidClient, "the client certificate is not issued by a trusted CA, not valid now or not for clients")
	}
	if c.SubjectDN != subjectDN(certificate) {
		return refuse(invalidClient, "the client certificate has another name")
	}
	return nil
}

// subjectDN returns the complete subject in the string form of RFC 4514:
// [pkix.Name] drops the order and attributes it does not know.
func subjectDN(c *x509.Certificate) string {
	var subject pkix.RDNSequence
	if _, err := asn1.Unmarshal(c.RawSubject, &subject); err != nil {
		return ""
	}
	return subject.String()
}

func validateSelfSigned(c Client) error {
	if len(c.Keys) == 0 {
		return errors.New("self_signed_tls_client_auth needs keys or certificates")
	}
	return forbidSecret(c)
}

func verifySelfSigned(_ *Server, q *request, c Client) error {
	certificate, err := requireCertificate(q)
	if err != nil {
		return err
	}
	registered := slices.ContainsFunc(c.Keys, func(k Key) bool {
		if k.Certificate != nil {
			return k.Certificate.Equal(certificate)
		}
		return samePublicKey(k.Public, certificate.PublicKey)
	})
	if !registered {
		return refuse(invalidClient, "the client certificate is not a registered one")
	}
	return nil
}

func requireCertificate(q *request) (*x509.Certificate, error) {
	if q.certificate() == nil {
		return nil, refuse(invalidClient, "no client certificate in the TLS handshake")
	}
	return q.certificate(), nil
}

// binding returns the thumbprint of the certificate that tokens for the request
// are bound to, or "" for clients without bound tokens (RFC 8705 §3).
func binding(q *request, c Client) (string, error) {
	switch {
	case !c.CertificateBound:
		return "", nil
	case q.certificate() == nil:
		return "", refuse(invalidRequest, "certificate-bound tokens need a client certificate")
	}
	return thumbprint(q.certificate()), nil
}

// matches reports whether the connection has the certificate that the token is
// bound to, if it is bound.
func (a authorization) matches(connection *tls.ConnectionState) bool {
	if a.thumbprint == "" {
		return true
	}
	certificates := peerCertificates(connection)
	return len(certificates) > 0 && thumbprint(certificates[0]) == a.thumbprint
}

// peerCertificates returns the client's certificates; nil without TLS.
func peerCertificates(connection *tls.ConnectionState) []*x509.Certificate {
	if connection == nil {
		return nil
	}
	return connection.PeerCertificates
}
