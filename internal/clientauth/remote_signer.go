// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth

import (
	"crypto"
	"errors"

	"github.com/go-jose/go-jose/v4"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
)

// remoteSigner signs by the command of an assertion. It implements [jose.OpaqueSigner].
type remoteSigner struct {
	run       func(input []byte) ([]byte, error)
	algorithm string
	// algorithms are those of the certificate's key, or all if there is no certificate.
	algorithms []string
	// public verifies what is signed; nil if there is no certificate.
	public crypto.PublicKey
}

// remoteSigner returns a signer, and adds the certificate's thumbprints to the header.
func (a SignedAssertion) remoteSigner(run func(input []byte) ([]byte, error), options *jose.SignerOptions) (*remoteSigner, error) {
	signer := &remoteSigner{run: run, algorithm: a.Algorithm, algorithms: keys.Algorithms()}
	if a.Algorithm == "" {
		return nil, signedError("algorithm", errors.New("it is required with "+keys.MemberCommand+", as the key is not known"))
	}
	if a.Certificate == "" {
		return signer, nil
	}
	chain, err := keys.ParseCertificates(a.Certificate)
	if err == nil {
		signer.public = chain[0].PublicKey
		signer.algorithms, err = keys.AlgorithmsOf(signer.public)
	}
	if err == nil {
		err = a.addThumbprints(options, chain[0])
	}
	if err != nil {
		return nil, signedError("certificate", err)
	}
	return signer, nil
}

// Public returns nil, since nothing of the key is sent.
func (*remoteSigner) Public() *jose.JSONWebKey { return nil }

// Algs returns the algorithm.
func (r *remoteSigner) Algs() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.SignatureAlgorithm(r.algorithm)}
}

// SignPayload signs a JWS signing input (RFC 7515 section 5.1).
func (r *remoteSigner) SignPayload(input []byte, _ jose.SignatureAlgorithm) ([]byte, error) {
	output, err := r.run(input)
	if err != nil {
		return nil, signedError(keys.MemberCommand, err)
	}
	signature, err := keys.ParseSignature(output, r.algorithm)
	if err == nil && r.public != nil {
		err = keys.Verify(r.public, r.algorithm, input, signature)
	}
	if err != nil {
		return nil, signedError(keys.MemberCommand, err)
	}
	return signature, nil
}
