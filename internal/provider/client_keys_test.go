// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// keptKeys are the ways in which a key is kept encrypted, as members of an object.
func keptKeys(t *testing.T, key crypto.Signer) map[string]attributes {
	t.Helper()
	return map[string]attributes{
		"encrypted PEM":            {"private_key": encryptedPEM(t, key, "passphrase"), "private_key_passphrase": "passphrase"},
		"PKCS#12":                  {"pkcs12": pkcs12Of(t, key, "pässwörd"), "pkcs12_password": "pässwörd"},
		"PKCS#12, no password":     {"pkcs12": pkcs12Of(t, key, "")},
		"PKCS#12, empty password":  {"pkcs12": pkcs12Of(t, key, ""), "pkcs12_password": ""},
		"PKCS#12, lines of base64": {"pkcs12": strings.ReplaceAll(pkcs12Of(t, key, ""), "A", "A\n")},
	}
}

// ofTLS has the names that keptKeys have in the attribute tls.
func ofTLS(members attributes) attributes {
	renamed := attributes{}
	for name, value := range members {
		renamed["client_"+strings.TrimPrefix(name, "private_")] = value
	}
	return renamed
}

// TestEncryptedKeys holds that an encrypted key authenticates the client, by an assertion,
// with the thumbprint if the key brings its certificate, and by its certificate.
func TestEncryptedKeys(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	for name, members := range keptKeys(t, key) {
		t.Run("signed_assertion/"+name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, withKey(key, ""), func(client *authserver.Client) {
				if text, ok := members["pkcs12"].(string); ok {
					client.Keys = []authserver.Key{{Certificate: certificateOf(t, text, members["pkcs12_password"]).Leaf}}
				}
			})
			block := attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID, "signed_assertion": members}
			header := mustBeFresh(t, srv, mustAuthenticate(t, srv, block)).header
			if isPKCS12 := members["pkcs12"] != nil; isPKCS12 != (header["x5t"] != nil) || isPKCS12 != (header["x5t#S256"] != nil) {
				t.Errorf("the header is %v", header)
			}
		})
		t.Run("tls/"+name, func(t *testing.T) {
			t.Parallel()
			settings := ofTLS(members)
			certificate := selfSigned(t, key)
			if text, ok := members["pkcs12"].(string); ok {
				certificate = certificateOf(t, text, members["pkcs12_password"])
			} else {
				settings["client_certificate"] = authservertest.CertificatePEM(certificate)
			}
			srv := startSelfSigned(t, certificate)
			settings["ca_certificate"] = srv.CAPEM
			mustAuthenticate(t, srv, attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID, "tls": settings})
		})
	}
}

// TestValidateKeys holds that what is wrong with a key, or beside it, is found without a
// server.
func TestValidateKeys(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	text, p12 := encryptedPEM(t, key, "passphrase"), pkcs12Of(t, key, "password")
	certificate := authservertest.CertificatePEM(selfSigned(t, key))
	expired, err := pkcs12.Modern.Encode(key, authservertest.SelfSigned(t, key, expiredTemplate()).Leaf, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		members         attributes
		attribute, want string
		assertion       bool // whether it is wrong in signed_assertion alone
	}{
		"wrong passphrase":           {attributes{"private_key": text, "private_key_passphrase": "wrong"}, "private_key_passphrase", "passphrase is wrong", false},
		"no passphrase":              {attributes{"private_key": text}, "private_key", "passphrase", false},
		"passphrase not needed":      {attributes{"private_key": authservertest.PKCS8(t, key), "private_key_passphrase": "x"}, "private_key_passphrase", "not encrypted", false},
		"wrong password":             {attributes{"pkcs12": p12, "pkcs12_password": "wrong"}, "pkcs12_password", "password is wrong", false},
		"no password":                {attributes{"pkcs12": p12}, "pkcs12", "password", false},
		"truncated":                  {attributes{"pkcs12": p12[:len(p12)/8*4], "pkcs12_password": "password"}, "pkcs12", "truncated", false},
		"name of a file":             {attributes{"pkcs12": "client.p12"}, "pkcs12", "filebase64", false},
		"passphrase without key":     {attributes{"private_key_passphrase": "x"}, "private_key_passphrase", "private_key_passphrase belongs to private_key", true},
		"password without file":      {attributes{"pkcs12_password": "x"}, "pkcs12_password", "pkcs12_password belongs to pkcs12", true},
		"passphrase of the file":     {attributes{"pkcs12": p12, "pkcs12_password": "password", "private_key_passphrase": "x"}, "private_key_passphrase", "belongs to", false},
		"two keys":                   {attributes{"pkcs12": p12, "pkcs12_password": "password", "private_key": authservertest.PKCS8(t, key)}, "pkcs12", "pkcs12 holds a key", true},
		"two keys, one with another": {attributes{"pkcs12": p12, "private_key_passphrase": unknown, "private_key": text}, "pkcs12", "Remove it, or ", true},
		"certificate twice":          {attributes{"pkcs12": p12, "pkcs12_password": "password", "certificate": certificate}, "pkcs12", "Remove it, or ", false},
		"expired":                    {attributes{"pkcs12": base64.StdEncoding.EncodeToString(expired)}, "pkcs12", "expired at", false},
	} {
		t.Run("signed_assertion/"+name, func(t *testing.T) {
			t.Parallel()
			wrong := invalid{attributes{"signed_assertion": test.members}, "signed_assertion." + test.attribute, test.want}
			wrong.mustBeFound(t, newSession(t).validateProvider(wrong.config))
			wrong.mustBeFound(t, newSession(t).validateEphemeral(tokenType, wrong.config))
		})
		if test.assertion {
			continue
		}
		t.Run("tls/"+name, func(t *testing.T) {
			t.Parallel()
			settings := ofTLS(test.members)
			if settings["client_pkcs12"] == nil {
				settings["client_certificate"] = certificate
			}
			attribute := "tls.client_" + strings.TrimPrefix(test.attribute, "private_")
			wrong := invalid{attributes{"tls": settings}, attribute, test.want}
			if strings.Contains(test.want, "belongs to") {
				wrong.says = "client_key_passphrase belongs to client_key"
			}
			wrong.mustBeFound(t, newSession(t).validateProvider(wrong.config))
		})
	}
}

// TestValidateKeysAccepts holds that what is not known yet is no mistake.
func TestValidateKeysAccepts(t *testing.T) {
	t.Parallel()
	key := authservertest.NewKey(t, authservertest.P256)
	text, p12 := encryptedPEM(t, key, "passphrase"), pkcs12Of(t, key, "password")
	for name, members := range map[string]attributes{
		"unknown passphrase":             {"private_key": text, "private_key_passphrase": unknown},
		"unknown key":                    {"private_key": unknown, "private_key_passphrase": "x"},
		"unknown password":               {"pkcs12": p12, "pkcs12_password": unknown},
		"unknown file":                   {"pkcs12": unknown, "pkcs12_password": "x"},
		"unknown key beside a file":      {"private_key": unknown, "pkcs12": p12, "pkcs12_password": "password"},
		"unknown certificate beside one": {"certificate": unknown, "pkcs12": p12, "pkcs12_password": "password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newSession(t).validateProvider(attributes{"signed_assertion": members}).mustBeEmpty(t)
			settings := ofTLS(members)
			if settings["client_pkcs12"] == nil {
				settings["client_certificate"] = authservertest.CertificatePEM(selfSigned(t, key))
			}
			newSession(t).validateProvider(attributes{"tls": settings}).mustBeEmpty(t)
		})
	}
}

// certificateOf is the certificate in a PKCS#12 file.
func certificateOf(t *testing.T, text string, password any) tls.Certificate {
	t.Helper()
	file, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := password.(string)
	_, certificate, err := pkcs12.Decode(file, plain)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{certificate.Raw}, Leaf: certificate}
}

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
