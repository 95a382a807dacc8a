// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"crypto/x509"
	"fmt"
	"time"
)

// maxSkew is how far this machine's clock may differ from the server's.
const maxSkew = time.Minute

// CheckValidity reports whether a certificate has expired or is not valid yet (RFC
// 5280 section 4.1.2.5). The error says since or until when, and what to do.
func CheckValidity(certificate *x509.Certificate, now time.Time) error {
	switch {
	case now.After(certificate.NotAfter.Add(maxSkew)):
		return fmt.Errorf("the certificate expired at %s; renew it, or correct this machine's clock", certificate.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(certificate.NotBefore.Add(-maxSkew)):
		return fmt.Errorf("the certificate is not valid before %s; check this machine's clock", certificate.NotBefore.UTC().Format(time.RFC3339))
	default:
		return nil
	}
}
