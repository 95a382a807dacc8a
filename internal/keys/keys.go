// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package keys reads private keys and makes signers of them, whatever form they are
// kept in: PEM or JWK.
//
// It refuses keys that cannot sign a JWT, or are too weak to (RFC 7518), and says
// which kind they are. Its errors never quote a key.
package keys

import (
	"crypto"
	"crypto/ecdh"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Key is a private key that signs.
type Key struct {
	crypto.Signer
	// ID and Algorithm are those that a JWK names (RFC 7517 sections 4.4 and 4.5);
	// empty where it names none.
	ID, Algorithm string
}

// byteOrderMark is what some editors and shells put before a text.
const byteOrderMark = "\uFEFF"

// Parse reads a private key: PEM in PKCS#1, PKCS#8 or SEC 1, a JWK, or a JWK Set
// from which id chooses one.
func Parse(text secret.String, id string) (Key, error) {
	trimmed := strings.TrimSpace(strings.TrimPrefix(text.Reveal(), byteOrderMark))
	switch {
	case trimmed == "":
		return Key{}, errors.New("the key is empty")
	case strings.HasPrefix(trimmed, "{"):
		return parseJWK([]byte(trimmed), id)
	case strings.Contains(trimmed, "-----BEGIN "):
		return parsePEM([]byte(trimmed))
	default:
		return Key{}, errors.New("the text is neither PEM, which begins with \"-----BEGIN\", nor a JWK, which begins with \"{\"; give the text of the key and not the name of its file")
	}
}

// parsePEM reads the first private key in PEM text. Parameters of elliptic curves
// and certificates, which tools write beside a key, are skipped.
func parsePEM(text []byte) (Key, error) {
	var found string
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Headers["DEK-Info"] != "" || block.Type == "ENCRYPTED PRIVATE KEY" {
			return Key{}, errors.New("the key is protected by a passphrase; decrypt it with \"openssl pkey -in key.pem\" and give the result")
		}
		if parse := pemParser(block.Type); parse != nil {
			parsed, err := parse(block.Bytes)
			if err != nil {
				return Key{}, unsupportedKey(block.Bytes)
			}
			return newKey(parsed)
		}
		found = block.Type
	}
	switch found {
	case "":
		return Key{}, errors.New("the PEM text is damaged: its lines, base64 or END line are wrong")
	case "OPENSSH PRIVATE KEY":
		return Key{}, errors.New("the key is in OpenSSH's format; convert a copy of an RSA or ECDSA key with \"ssh-keygen -p -m PKCS8 -N '' -f copy\", " +
			"and in place of an Ed25519 key, which stays in that format, make one with \"openssl genpkey -algorithm ED25519\"")
	default:
		return Key{}, fmt.Errorf("the PEM text holds a %.40q, not a private key", found)
	}
}

// pemParser is the parser for a type of PEM block, nil where it is no private key.
func pemParser(kind string) func([]byte) (any, error) {
	switch kind {
	case "PRIVATE KEY": // RFC 5208, RFC 5958
		return x509.ParsePKCS8PrivateKey
	case "RSA PRIVATE KEY": // RFC 8017 appendix A.1.2
		return func(der []byte) (any, error) { return x509.ParsePKCS1PrivateKey(der) }
	case "EC PRIVATE KEY": // RFC 5915
		return func(der []byte) (any, error) { return x509.ParseECPrivateKey(der) }
	default:
		return nil
	}
}

// newKey wraps a parsed key, if it can sign.
func newKey(parsed any) (Key, error) {
	if _, ok := parsed.(*ecdh.PrivateKey); ok {
		return Key{}, fmt.Errorf("it is an X25519 key, which cannot sign; %s", supportedKinds)
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return Key{}, fmt.Errorf("a key of this kind cannot sign; %s", supportedKinds)
	}
	if _, err := algorithmsOf(signer.Public()); err != nil {
		return Key{}, err
	}
	return Key{Signer: signer}, nil
}
