// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// encryptedKeys is the directory of keys that its make.sh makes with openssl and ssh-keygen.
var encryptedKeys = filepath.Join("testdata", "encrypted")

// passphrase is that of all of them. What is not ASCII is UTF-8, and UTF-16 in PKCS#12.
const passphrase = "pässwörd €"

// kept returns a file as it is configured, with a passphrase or password.
func kept(t testing.TB, name, passphrase string) keys.Source {
	t.Helper()
	text := contents(t, filepath.Join(encryptedKeys, name))
	if filepath.Ext(name) == ".p12" {
		return keys.Source{PKCS12: secret.New(base64.StdEncoding.EncodeToString([]byte(text))), Password: secret.New(passphrase)}
	}
	return keys.Source{PrivateKey: secret.New(text), Passphrase: secret.New(passphrase)}
}

// files lists those that a pattern matches.
func files(t testing.TB, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(encryptedKeys, pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("no file is like %s: %v", pattern, err)
	}
	for i, file := range found {
		found[i] = filepath.Base(file)
	}
	return found
}

// TestEncryptedKeysThatWork opens each key, and compares it with what openssl says is its
// public key. A wrong passphrase is reported as one.
func TestEncryptedKeysThatWork(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"rsa", "ec", "ed25519"} {
		block, _ := pem.Decode([]byte(contents(t, filepath.Join(encryptedKeys, kind+".pub"))))
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range append(files(t, kind+"-*.pem"), files(t, kind+"-*.p12")...) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				right, wrong, missing := passphrase, "password", `none is set`
				if name == "rsa-empty-password.p12" {
					right, missing = "", ""
				}
				key, err := kept(t, name, right).Open("")
				if err != nil {
					t.Fatal(err)
				}
				if !verifies(t, key, public) {
					t.Error("it is another key")
				}
				if pkcs12 := filepath.Ext(name) == ".p12"; pkcs12 != (len(key.Certificates) > 0) {
					t.Errorf("it has %d certificates", len(key.Certificates))
				}
				_, err = kept(t, name, wrong).Open("")
				about(t, err, map[bool]string{true: "pkcs12_password", false: "private_key_passphrase"}[filepath.Ext(name) == ".p12"], "is wrong")
				if missing != "" {
					_, err = kept(t, name, "").Open("")
					about(t, err, map[bool]string{true: "pkcs12", false: "private_key"}[filepath.Ext(name) == ".p12"], missing)
				}
			})
		}
	}
}

// about checks which member an error is about, and what it says.
func about(t *testing.T, err error, member, want string) {
	t.Helper()
	found, ok := errors.AsType[*keys.Error](err)
	if !ok || found.Member != member || !strings.Contains(found.Err.Error(), want) {
		t.Errorf("the error is %v, not that %s %q", err, member, want)
	}
	if err != nil && strings.Contains(err.Error(), passphrase) {
		t.Errorf("the error quotes the passphrase: %v", err)
	}
}

// TestWrongPassphrase tries many: with one of 200 the padding is right by chance, and what
// follows is not a key.
func TestWrongPassphrase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ec-traditional-aes128.pem", "rsa-traditional-des.pem", "ec-pbkdf2-aes-128-cbc-hmacWithSHA1.pem", "ec-scrypt-des3.pem", "rsa-PBE-SHA1-RC2-40.p12"} {
		source := kept(t, name, "")
		for i := range 1000 {
			wrong := secret.New(strings.Repeat("x", i+1))
			source.Passphrase, source.Password = wrong, wrong
			if _, err := source.Open(""); err == nil || !strings.Contains(err.Error(), "is wrong") {
				t.Fatalf("%s, passphrase %d: %v", name, i, err)
			}
		}
	}
}

func TestEncryptionThatIsRefused(t *testing.T) {
	t.Parallel()
	plain := contents(t, filepath.Join("testdata", "rfc", ecJWK))
	traditional := contents(t, filepath.Join(encryptedKeys, "ec-traditional-aes128.pem"))
	pkcs8 := contents(t, filepath.Join(encryptedKeys, "ec-default.pem"))
	p12 := kept(t, "rsa-default.p12", "").PKCS12.Reveal()
	text := func(text string) keys.Source {
		return keys.Source{PrivateKey: secret.New(text), Passphrase: secret.New(passphrase)}
	}
	file := func(text string) keys.Source {
		return keys.Source{PKCS12: secret.New(text), Password: secret.New(passphrase)}
	}
	tests := map[string]struct {
		source       keys.Source
		member, want string
	}{
		"PKCS#12 PBE":                 {kept(t, "refused-pbe-sha1-3des.pem", passphrase), "private_key", "PKCS#12 PBE with SHA-1 and 3DES"},
		"PBES1":                       {kept(t, "refused-pbes1-md5-des.pem", passphrase), "private_key", "PBES1 with MD5 and DES"},
		"Camellia":                    {kept(t, "refused-camellia.pem", passphrase), "private_key", "Camellia-256-CBC"},
		"too many iterations":         {kept(t, "refused-iterations.pem", passphrase), "private_key", "10000001 iterations"},
		"traditional, Camellia":       {kept(t, "refused-traditional-camellia.pem", passphrase), "private_key", "CAMELLIA-256-CBC"},
		"Ed448":                       {kept(t, "refused-ed448.pem", passphrase), "private_key", "an Ed448 key"},
		"not encrypted":               {text(pkcs8Of(t, "ec-default.pem")), "private_key_passphrase", "not encrypted"},
		"JWK":                         {text(plain), "private_key_passphrase", "not encrypted"},
		"truncated":                   {text(traditional[:len(traditional)/2]), "private_key", "damaged"},
		"truncated, PKCS#8":           {text(truncatedPEM(pkcs8)), "private_key", "damaged"},
		"empty":                       {text(" "), "private_key", "empty"},
		"PKCS#12, Camellia":           {kept(t, "refused-camellia.p12", passphrase), "pkcs12", "Camellia-256-CBC"},
		"PKCS#12, PBES2 and 3DES":     {kept(t, "refused-pbes2-des3.p12", passphrase), "pkcs12", "3DES-CBC"},
		"PKCS#12, too many":           {kept(t, "refused-iterations.p12", passphrase), "pkcs12", "10000001 iterations"},
		"PKCS#12 without a key":       {kept(t, "refused-nokeys.p12", passphrase), "pkcs12", "no private key"},
		"PKCS#12 without certificate": {kept(t, "refused-nocerts.p12", passphrase), "pkcs12", "no certificate"},
		"PKCS#12 without MAC":         {kept(t, "refused-nomac.p12", passphrase), "pkcs12", "no MAC"},
		"PKCS#12 truncated":           {file(p12[:len(p12)/8*4]), "pkcs12", "truncated"},
		"PKCS#12, not base64":         {file("client.p12"), "pkcs12", "filebase64"},
		"PEM for PKCS#12":             {file(pkcs8), "pkcs12", "is PEM"},
		"password with an emoji":      {kept(t, "rsa-default.p12", "🔑"), "pkcs12_password", "Basic Multilingual Plane"},
		"PKCS#12 in BER":              {file("MIACAQMAAA=="), "pkcs12", "BER"},
		"PKCS#12, empty":              {file(" "), "pkcs12", "truncated"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := test.source.Open("")
			about(t, err, test.member, test.want)
		})
	}
}

// pkcs8Of is a key of a file as plain PEM.
func pkcs8Of(t *testing.T, name string) string {
	t.Helper()
	opened, err := kept(t, name, passphrase).Opened("")
	if err != nil {
		t.Fatal(err)
	}
	return opened.PrivateKey.Reveal()
}

// truncatedPEM is PEM that is whole, of DER that is not.
func truncatedPEM(text string) string {
	block, _ := pem.Decode([]byte(text))
	block.Bytes = block.Bytes[:len(block.Bytes)-16]
	return string(pem.EncodeToMemory(block))
}

// TestOpened: however a key is encrypted, what is left is the key alone.
func TestOpened(t *testing.T) {
	t.Parallel()
	want := pkcs8Of(t, "rsa-default.p12")
	for _, name := range []string{"rsa-pbkdf2.pem", "rsa-traditional-aes256.pem", "rsa-legacy.p12"} {
		if pkcs8Of(t, name) != want {
			t.Errorf("%s gives another text", name)
		}
	}
	if pkcs8Of(t, "ec-default.pem") == want {
		t.Error("another key gives the same text")
	}
}
