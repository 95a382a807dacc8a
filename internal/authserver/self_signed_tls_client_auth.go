// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"errors"
	"slices"
)

// SelfSignedTLSClientAuth authenticates with a certificate that is registered
// itself, or whose public key is: nobody has to have issued it (RFC 8705 §2.2).
const SelfSignedTLSClientAuth = "self_signed_tls_client_auth"

type selfSignedTLSClientAuth struct{}

func (selfSignedTLSClientAuth) carrier() carrier { return identifierAlone{} }

func (selfSignedTLSClientAuth) suits(c Client) error {
	if len(c.Keys) == 0 {
		return errors.New("self_signed_tls_client_auth needs keys or certificates")
	}
	return usesNoSecret(c)
}

func (selfSignedTLSClientAuth) verify(_ *Server, q *request, c Client) error {
	certificate, err := clientCertificate(q)
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
