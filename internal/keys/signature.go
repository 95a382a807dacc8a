// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// This file reads and verifies the signatures of a key that is kept elsewhere.

// vaultPrefix is what HashiCorp Vault writes before a signature: the version of the key.
var vaultPrefix = regexp.MustCompile(`^vault:v[0-9]+:`)

// isHexadecimal reports whether a text is an RSA signature in hexadecimal, whose letters are
// also base64's.
func isHexadecimal(text string) bool {
	digits := strings.Join(strings.Fields(text), "")
	return len(digits) >= 2*minRSASignature && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}

// ParseSignature returns a signature as RFC 7518 has it. It reads what signers write: binary,
// or base64 of either alphabet with line breaks and the prefix of HashiCorp Vault; ECDSA as
// two numbers or in DER. The error says which lengths the algorithm has.
func ParseSignature(output []byte, algorithm string) ([]byte, error) {
	written := output
	text := vaultPrefix.ReplaceAllString(strings.TrimSpace(string(output)), "")
	if text == "" {
		return nil, errors.New("there is no signature: the output is empty")
	}
	decoded, isBase64 := decodeBase64(text)
	if isHexadecimal(text) {
		return nil, errors.New("the output is hexadecimal; write the signature in base64, or as it is")
	}
	if isBase64 {
		if signature, ok := sized(decoded, algorithm); ok {
			return signature, nil
		}
		written = decoded
	}
	// Binary may happen to consist of base64's letters, which its length tells apart. It is never
	// other text as long as an RSA signature, which JSON may be.
	if signature, ok := sized(output, algorithm); ok && (isBase64 || !isText(output)) {
		return signature, nil
	}
	if isText(output) && !isBase64 {
		return nil, errors.New("the output is text and not base64; it must be the signature alone")
	}
	return nil, fmt.Errorf("the signature has %d bytes, and %s has %s", len(written), algorithm, describeSize(algorithm))
}

// decodeBase64 decodes text of either alphabet (RFC 4648 sections 4 and 5), padded or not.
func decodeBase64(text string) ([]byte, bool) {
	text = strings.TrimRight(strings.NewReplacer("\r", "", "\n", "").Replace(text), "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if decoded, err := encoding.DecodeString(text); err == nil {
			return decoded, true
		}
	}
	return nil, false
}

// isText reports whether an output is printable, and longer than any signature of another kind
// than RSA.
func isText(output []byte) bool {
	return len(output) >= minRSASignature && !bytes.ContainsFunc(output, func(char rune) bool {
		return (char < ' ' || char > '~') && !strings.ContainsRune("\t\r\n", char)
	})
}

// Lengths of RSA signatures in bytes: that of the modulus (RFC 8017), of 2048 (RFC 7518
// section 3.3) to 16384 bits.
const (
	minRSASignature = 256
	maxRSASignature = 2048
)

// coordinates are the lengths in bytes of each of the two numbers of an ECDSA signature
// (RFC 7518 section 3.4).
var coordinates = map[string]int{"ES256": 32, "ES384": 48, "ES512": 66}

// sized returns a signature if its length is one of the algorithm's, without DER.
func sized(signature []byte, algorithm string) ([]byte, bool) {
	size, isECDSA := coordinates[algorithm]
	switch {
	case isECDSA && len(signature) == 2*size:
		return signature, true
	case isECDSA:
		return withoutDER(signature, size)
	case algorithm == "EdDSA":
		return signature, len(signature) == ed25519.SignatureSize
	default:
		return signature, minRSASignature <= len(signature) && len(signature) <= maxRSASignature
	}
}

func describeSize(algorithm string) string {
	size, isECDSA := coordinates[algorithm]
	switch {
	case isECDSA:
		return fmt.Sprintf("%d, or is in DER", 2*size)
	case algorithm == "EdDSA":
		return fmt.Sprint(ed25519.SignatureSize)
	default:
		return fmt.Sprintf("as many as the key, %d or more", minRSASignature)
	}
}

// withoutDER returns the two numbers of an ECDSA signature in DER (RFC 3279 section 2.2.3),
// each in so many bytes.
func withoutDER(der []byte, size int) ([]byte, bool) {
	var numbers struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &numbers)
	if err != nil || len(rest) > 0 {
		return nil, false
	}
	signature := make([]byte, 2*size)
	for i, number := range []*big.Int{numbers.R, numbers.S} {
		if number.Sign() <= 0 || number.BitLen() > 8*size {
			return nil, false
		}
		number.FillBytes(signature[i*size : (i+1)*size])
	}
	return signature, true
}

var errNotVerified = errors.New("the signature is not that of the certificate's key, or not of the JWT: check which key signs, and with which algorithm")

// Verify verifies a signature that [ParseSignature] returned, of a key that has the algorithm.
// Salts of PSS must be as long as the hash (RFC 7518 section 3.5).
func Verify(public crypto.PublicKey, algorithm string, input, signature []byte) error {
	var hash crypto.Hash
	var digest []byte
	if algorithm != "EdDSA" {
		hash = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[algorithm[2:]]
		hashed := hash.New()
		hashed.Write(input)
		digest = hashed.Sum(nil)
	}
	verified := false
	switch key := public.(type) {
	case *rsa.PublicKey:
		if strings.HasPrefix(algorithm, "RS") {
			verified = rsa.VerifyPKCS1v15(key, hash, digest, signature) == nil
			break
		}
		verified = rsa.VerifyPSS(key, hash, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		if !verified && rsa.VerifyPSS(key, hash, digest, signature, nil) == nil {
			return fmt.Errorf("the salt of the signature is not as long as the hash, %d bytes, which RFC 7518 section 3.5 requires", hash.Size())
		}
	case *ecdsa.PublicKey:
		r, s := new(big.Int), new(big.Int)
		r.SetBytes(signature[:len(signature)/2])
		s.SetBytes(signature[len(signature)/2:])
		verified = ecdsa.Verify(key, digest, r, s)
	case ed25519.PublicKey:
		verified = ed25519.Verify(key, input, signature)
	}
	if !verified {
		return errNotVerified
	}
	return nil
}
