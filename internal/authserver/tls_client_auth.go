// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
)

// TLSClientAuth authenticates with a certificate of a CA in [Config.ClientCAs]
// that has the registered name (RFC 8705 §2.1).
const TLSClientAuth = "tls_client_auth"

type tlsClientAuth struct{}

func (tlsClientAuth) carrier() carrier { return identifierAlone{} }

func (tlsClientAuth) suits(c Client) error {
	if (c.SubjectDN == "") == (c.SANDNS == "") {
		return errors.New("tls_client_auth needs either a subject or a DNS name") // RFC 8705 §2.1.2
	}
	return usesNoSecret(c)
}

func (tlsClientAuth) verify(s *Server, q *request, c Client) error {
	certificate, err := clientCertificate(q)
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
		return refuse(invalidClient, "the client certificate is not of a trusted CA, not valid now or not for clients")
	}
	if c.SubjectDN != "" && c.SubjectDN != subjectDN(certificate) || c.SANDNS != "" && !slices.Contains(certificate.DNSNames, c.SANDNS) {
		return refuse(invalidClient, "the client certificate has another name")
	}
	return nil
}

// subjectDN is the subject in the string form of RFC 4514, all of it:
// [pkix.Name] drops the order and the attributes it does not know.
func subjectDN(c *x509.Certificate) string {
	var subject pkix.RDNSequence
	if _, err := asn1.Unmarshal(c.RawSubject, &subject); err != nil {
		return ""
	}
	return subject.String()
}

// clientCertificate is the certificate shown in the handshake.
func clientCertificate(q *request) (*x509.Certificate, error) {
	if q.certificate() == nil {
		return nil, refuse(invalidClient, "no client certificate in the TLS handshake")
	}
	return q.certificate(), nil
}
