// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// encryptedPEM is an EC key, encrypted with a passphrase in OpenSSL's own format.
func encryptedPEM(t *testing.T, key crypto.Signer, passphrase string) string {
	t.Helper()
	plain, _ := pem.Decode([]byte(authservertest.SEC1(t, key)))
	block, err := x509.EncryptPEMBlock(rand.Reader, plain.Type, plain.Bytes, []byte(passphrase), x509.PEMCipherAES256) //nolint:staticcheck // such keys are accepted
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

// pkcs12Of is a PKCS#12 file in base64, with a key and a certificate of its own.
func pkcs12Of(t *testing.T, key crypto.Signer, password string) string {
	t.Helper()
	certificate := authservertest.SelfSigned(t, key, authservertest.ClientTemplate("client"))
	file, err := pkcs12.Modern.WithIterations(1).Encode(key, certificate.Leaf, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(file)
}
