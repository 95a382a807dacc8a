// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
)

// fill is a signature of so many bytes that has bytes which are no text.
func fill(size int) string { return strings.Repeat("\xfb\xef\xfe", size/3+1)[:size] }

func unhex(t *testing.T, text string) string {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// lines breaks lines as base64 and openssl do.
func lines(text string) string {
	var broken strings.Builder
	for line := range slices.Chunk([]byte(text), 64) {
		broken.Write(append(line, "\r\n"...))
	}
	return broken.String()
}

func TestParseSignature(t *testing.T) {
	t.Parallel()
	standard, urlSafe := base64.StdEncoding.EncodeToString, base64.URLEncoding.EncodeToString
	zeros := strings.Repeat("\x00", 31)
	tests := map[string]struct{ algorithm, output, want string }{
		"RSA, binary":                            {"RS256", fill(256), fill(256)},
		"RSA, base64":                            {"PS384", standard([]byte(fill(384))), fill(384)},
		"RSA, base64url":                         {"RS512", urlSafe([]byte(fill(512))), fill(512)},
		"RSA, base64, line end":                  {"RS256", standard([]byte(fill(256))) + "\n", fill(256)},
		"RSA, base64, lines":                     {"RS256", lines(standard([]byte(fill(256)))), fill(256)},
		"RSA, base64, not padded":                {"RS256", strings.TrimRight(standard([]byte(fill(256))), "="), fill(256)},
		"RSA, Vault Transit":                     {"RS256", "vault:v1:" + standard([]byte(fill(256))), fill(256)},
		"RSA, binary that is letters":            {"RS256", strings.Repeat("a", 256), strings.Repeat("a", 256)},
		"RSA of 2056 bits":                       {"RS256", fill(257), fill(257)},
		"ECDSA, two numbers":                     {"ES256", fill(64), fill(64)},
		"ECDSA, two numbers, base64":             {"ES384", standard([]byte(fill(96))), fill(96)},
		"ECDSA, two numbers, P-521":              {"ES512", fill(132), fill(132)},
		"ECDSA, Vault Transit with jws":          {"ES256", "vault:v12:" + urlSafe([]byte(fill(64))) + "\n", fill(64)},
		"ECDSA, DER, small numbers":              {"ES256", unhex(t, "3006 020101 020102"), zeros + "\x01" + zeros + "\x02"},
		"ECDSA, DER, base64":                     {"ES256", standard([]byte(unhex(t, "3006 020101 020102"))), zeros + "\x01" + zeros + "\x02"},
		"ECDSA, DER, as long as two numbers":     {"ES256", "0>\x02\x1d" + strings.Repeat("a", 29) + "\x02\x1d" + strings.Repeat("a", 29), "0>\x02\x1d" + strings.Repeat("a", 29) + "\x02\x1d" + strings.Repeat("a", 29)},
		"ECDSA, binary that is letters":          {"ES256", strings.Repeat("a", 64), strings.Repeat("a", 64)},
		"ECDSA, binary with a line end in it":    {"ES256", fill(63) + "\n", fill(63) + "\n"},
		"ECDSA, binary that is letters and ends": {"ES256", strings.Repeat("a", 63) + "\n", strings.Repeat("a", 63) + "\n"},
		"EdDSA, binary":                          {"EdDSA", fill(64), fill(64)},
		"EdDSA, base64":                          {"EdDSA", standard([]byte(fill(64))), fill(64)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := keys.ParseSignature([]byte(test.output), test.algorithm)
			if err != nil || string(got) != test.want {
				t.Errorf("got %q, error %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestParseSignatureRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ algorithm, output, want string }{
		"nothing":                       {"RS256", "", "the output is empty"},
		"a line end":                    {"RS256", "\n", "the output is empty"},
		"RSA of 1024 bits":              {"RS256", fill(128), "the signature has 128 bytes, and RS256 has as many as the key, 256 or more"},
		"RSA, too long":                 {"RS256", fill(2049), "2049 bytes"},
		"ES256 instead of RSA":          {"PS256", fill(64), "the signature has 64 bytes, and PS256 has as many as the key, 256 or more"},
		"RSA instead of ES256":          {"ES256", fill(256), "the signature has 256 bytes, and ES256 has 64, or is in DER"},
		"ES384 instead of ES256":        {"ES256", fill(96), "the signature has 96 bytes, and ES256 has 64, or is in DER"},
		"P-521 without leading zeros":   {"ES512", fill(131), "ES512 has 132"},
		"DER, number too long":          {"ES256", "\x30\x26\x02\x21\x01" + strings.Repeat("\x01", 32) + "\x02\x01\x01", "in DER"},
		"DER, negative":                 {"ES256", "\x30\x06\x02\x01\xff\x02\x01\x01", "in DER"},
		"DER, zero":                     {"ES256", "\x30\x06\x02\x01\x00\x02\x01\x01", "in DER"},
		"DER, more after it":            {"ES256", "\x30\x06\x02\x01\x01\x02\x01\x01x", "in DER"},
		"EdDSA with context, in DER":    {"EdDSA", "\x30\x06\x02\x01\x01\x02\x01\x01", "the signature has 8 bytes, and EdDSA has 64"},
		"JSON":                          {"RS256", `{"Signature": "AAAA"}`, "the signature has 21 bytes"},
		"JSON as long as RSA":           {"RS256", `{"Signature": "` + strings.Repeat("A", 344) + `"}`, "the output is text and not base64"},
		"hexadecimal":                   {"ES256", strings.Repeat("0f", 64), "the signature has 96 bytes, and ES256 has 64"},
		"hexadecimal, RSA":              {"RS256", lines(strings.Repeat("0f", 256)), "the output is hexadecimal"},
		"both alphabets of base64":      {"ES256", "+-" + strings.Repeat("a", 84), "the signature has 86 bytes"},
		"base64 of another length":      {"ES256", "vault:v1:AAAA", "the signature has 3 bytes"},
		"prefix of another kind":        {"ES256", "vault:x:" + strings.Repeat("a", 86), "the signature has 94 bytes"},
		"base64 of what looks like DER": {"ES256", "MAYCAQECAQJ4", "the signature has 9 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := keys.ParseSignature([]byte(test.output), test.algorithm); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, error %v, want %q", got, err, test.want)
			}
		})
	}
}

// FuzzParseSignature wants every output either to be a signature as long as the algorithm
// requires, or to be refused with an error that does not quote it.
func FuzzParseSignature(f *testing.F) {
	for _, output := range []string{
		"", fill(64), fill(256), "vault:v1:" + strings.Repeat("a", 86), "\x30\x06\x02\x01\x01\x02\x01\x01", strings.Repeat("YWFh\r\n", 30), "====", "MAYCAQECAQI=\n",
	} {
		for i := range keys.Algorithms() {
			f.Add([]byte(output), byte(i))
		}
	}
	f.Fuzz(func(t *testing.T, output []byte, index byte) {
		algorithm := keys.Algorithms()[int(index)%len(keys.Algorithms())]
		signature, err := keys.ParseSignature(output, algorithm)
		if err != nil {
			if len(output) > 12 && strings.Contains(err.Error(), string(output)) { // longer than its words
				t.Errorf("the error quotes the output: %v", err)
			}
			return
		}
		want := map[string]int{"ES256": 64, "ES384": 96, "ES512": 132, "EdDSA": 64}[algorithm]
		if want != 0 && len(signature) != want || want == 0 && (len(signature) < 256 || len(signature) > len(output)) {
			t.Errorf("%s has a signature of %d bytes", algorithm, len(signature))
		}
		again, err := keys.ParseSignature([]byte(base64.RawURLEncoding.EncodeToString(signature)), algorithm)
		if err != nil || !bytes.Equal(again, signature) {
			t.Errorf("%x is %x when it is read again, error %v", signature, again, err)
		}
	})
}

// TestVerify verifies what the standard library signs.
func TestVerify(t *testing.T) {
	t.Parallel()
	input := []byte("eyJhbGciOiJSUzI1NiJ9.e30")
	digest := sha256.Sum256(input)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	salted := func(length int) crypto.SignerOpts { return &rsa.PSSOptions{SaltLength: length, Hash: crypto.SHA256} }
	tests := map[string]struct {
		algorithm string
		key       crypto.Signer
		signed    []byte
		options   crypto.SignerOpts
		public    crypto.PublicKey
		want      string // "" if it is verified
	}{
		"RS256":               {"RS256", rsaKey, digest[:], crypto.SHA256, rsaKey.Public(), ""},
		"PS256":               {"PS256", rsaKey, digest[:], salted(32), rsaKey.Public(), ""},
		"ES256":               {"ES256", ecKey, digest[:], crypto.SHA256, ecKey.Public(), ""},
		"EdDSA":               {"EdDSA", edKey, input, crypto.Hash(0), public, ""},
		"PS256, longest salt": {"PS256", rsaKey, digest[:], salted(222), rsaKey.Public(), "the salt of the signature is not as long as the hash, 32 bytes"},
		"PS256 as RS256":      {"RS256", rsaKey, digest[:], salted(32), rsaKey.Public(), "not that of the certificate's key"},
		"RS256 as PS256":      {"PS256", rsaKey, digest[:], crypto.SHA256, rsaKey.Public(), "not that of the certificate's key"},
		"RS256 of a hash":     {"RS256", rsaKey, sha256Of(digest[:]), crypto.SHA256, rsaKey.Public(), "not that of the certificate's key"},
		"RS256 as RS512":      {"RS512", rsaKey, digest[:], crypto.SHA256, rsaKey.Public(), "not that of the certificate's key"},
		"EdDSA of a hash":     {"EdDSA", edKey, digest[:], crypto.Hash(0), public, "not that of the certificate's key"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signature, err := test.key.Sign(rand.Reader, test.signed, test.options)
			if err == nil {
				signature, err = keys.ParseSignature(signature, test.algorithm)
			}
			if err != nil {
				t.Fatal(err)
			}
			err = keys.Verify(test.public, test.algorithm, input, signature)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func sha256Of(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:]
}
