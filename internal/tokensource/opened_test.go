// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// encryptedClient has a key that takes 16 MiB and some 50 ms to decrypt, as openssl writes it
// with -scrypt.
func encryptedClient(t testing.TB) ClientConfig {
	t.Helper()
	text, err := os.ReadFile("../keys/testdata/encrypted/rsa-scrypt-default.pem")
	if err != nil {
		t.Fatal(err)
	}
	config := ClientConfig{Server: Server{TokenEndpoint: "https://auth.example.com/token"}}
	config.ClientID = "client"
	config.SignedAssertion = &clientauth.SignedAssertion{Key: keys.Source{PrivateKey: secret.New(string(text)), Passphrase: secret.New("pässwörd €")}}
	return config
}

// signer is the key that signs a client's assertions.
func signer(t testing.TB, source *Source, config ClientConfig) any {
	t.Helper()
	client, err := source.resolve(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	key, err := client.SignedAssertion.Key.Open("")
	if err != nil {
		t.Fatal(err)
	}
	return key.Signer
}

// TestKeyIsDecryptedOnce: all requests of a client sign with the key that the first decrypted.
func TestKeyIsDecryptedOnce(t *testing.T) {
	t.Parallel()
	source, config := New(Config{}), encryptedClient(t)
	first := signer(t, source, config)
	config.Request.Scopes = []string{"another"}
	if signer(t, source, config) != first {
		t.Error("the second request decrypted the key anew")
	}
	if signer(t, New(Config{}), config) == first {
		t.Error("the keys of two sources cannot be told apart by this test")
	}
}

// BenchmarkResolve measures how a client is completed: for the first time, where a key that
// other clients have too is decrypted already, or from memory.
func BenchmarkResolve(b *testing.B) {
	plain := ClientConfig{Server: Server{TokenEndpoint: "https://auth.example.com/token"}}
	plain.ClientID, plain.ClientSecret = "client", secret.New("gX1fBat3bV")
	for name, config := range map[string]ClientConfig{"secret": plain, "key": encryptedClient(b)} {
		for _, known := range []bool{false, true} {
			b.Run(fmt.Sprintf("client=%s/known=%t", name, known), func(b *testing.B) {
				source, config := New(Config{}), config
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if !known {
						config.Request.Audience = strconv.Itoa(i)
					}
					if _, err := source.resolve(b.Context(), config); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
