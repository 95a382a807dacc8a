// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys_test

import (
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// FuzzParse wants every text either to be a key that signs, or to be refused with an error that does not quote it.
func FuzzParse(f *testing.F) {
	for _, file := range []string{rsaJWK, ecJWK, ed25519JWK} {
		path := filepath.Join("testdata", "rfc", file)
		f.Add(seed(f, path), "")
		f.Add(`{"keys":[`+seed(f, path)+`]}`, "a")
	}
	for _, marker := range []string{"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY", "CERTIFICATE"} {
		f.Add("-----BEGIN "+marker+"-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END "+marker+"-----\n", "")
	}
	f.Fuzz(func(t *testing.T, text, id string) {
		key, err := keys.Parse(secret.New(text), id)
		if err != nil {
			// What is quoted is at most a PEM label, or the ids in a JWK Set.
			if !strings.Contains(text, "BEGIN") && !strings.Contains(text, "kid") && quotes(err.Error(), text) != "" {
				t.Errorf("the error quotes the text: %v", err)
			}
			return
		}
		if !verifies(t, key, key.Public()) || len(key.Algorithms) == 0 {
			t.Error("a key that was accepted does not sign")
		}
	})
}

// FuzzSource wants every file either to have a key that signs, or to be refused, and none to
// take the process down.
func FuzzSource(f *testing.F) {
	for _, name := range append(files(f, "*.pem"), files(f, "*.p12")...) {
		text := []byte(contents(f, filepath.Join(encryptedKeys, name)))
		if block, _ := pem.Decode(text); block == nil {
			f.Add("PKCS#12", text)
		} else {
			f.Add("PEM", text)
			f.Add("PKCS#8", block.Bytes)
		}
	}
	f.Fuzz(func(t *testing.T, format string, file []byte) {
		source := keys.Source{Passphrase: secret.New(passphrase), Password: secret.New(passphrase)}
		switch format {
		case "PKCS#12":
			source.PKCS12 = secret.New(base64.StdEncoding.EncodeToString(file))
		case "PKCS#8":
			source.PrivateKey = secret.New(string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: file})))
		default:
			source.PrivateKey = secret.New(string(file))
		}
		key, err := source.Open("")
		if err == nil && !verifies(t, key, key.Public()) {
			t.Error("a key that was accepted does not sign")
		}
	})
}

func seed(f *testing.F, file string) string {
	f.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	return string(text)
}
