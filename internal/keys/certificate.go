// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

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
	switch begun := strings.Count(text, "-----BEGIN "); {
	case begun > len(certificates):
		return nil, errors.New("a PEM block is damaged: its lines, base64 or END line are wrong")
	case begun == 0:
		return nil, errors.New(`not a PEM certificate, which begins with "-----BEGIN CERTIFICATE-----" (a file name or DER is not accepted)`)
	}
	return certificates, nil
}

// Pair pairs a key with its certificate: the first in PEM text, which may go on with those of
// its issuers. Without text they are those of the key.
func Pair(text string, key Key) (*tls.Certificate, error) {
	chain := key.Certificates
	if text != "" || chain == nil {
		var err error
		if chain, err = ParseCertificates(text); err != nil {
			return nil, err
		}
	}
	if !belongs(chain[0], key) {
		return nil, errors.New("the certificate is not that of the private key; in a chain the client's own comes first")
	}
	pair := &tls.Certificate{PrivateKey: key.Signer, Leaf: chain[0]}
	for _, certificate := range chain {
		pair.Certificate = append(pair.Certificate, certificate.Raw)
	}
	return pair, nil
}

// CheckValidity reports whether a certificate has expired or is not valid yet (RFC 5280
// section 4.1.2.5), allowing a minute of clock skew. The error says since or until when,
// and what to do.
func CheckValidity(certificate *x509.Certificate, now time.Time) error {
	const maxSkew = time.Minute
	switch {
	case now.After(certificate.NotAfter.Add(maxSkew)):
		return fmt.Errorf("the certificate expired at %s; renew it, or correct this machine's clock", certificate.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(certificate.NotBefore.Add(-maxSkew)):
		return fmt.Errorf("the certificate is not valid before %s; check this machine's clock", certificate.NotBefore.UTC().Format(time.RFC3339))
	default:
		return nil
	}
}
