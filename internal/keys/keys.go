// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package keys reads private keys in PEM, JWK or PKCS#12, encrypted or not, makes signers of
// them, and pairs them with their certificates.
//
// It refuses keys that cannot sign a JWT or are too weak for it (RFC 7518), and names
// their kind. Its errors never quote a key.
package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Key is a private key that signs.
type Key struct {
	crypto.Signer
	// Algorithms are those that the key can sign with, by their IANA names, in order of
	// preference.
	Algorithms []string
	// ID and Algorithm are kid and alg of a JWK (RFC 7517 sections 4.4 and 4.5); empty if
	// absent.
	ID, Algorithm string
	// Certificates are those that PKCS#12 brings: the key's own, then those of its issuers.
	Certificates []*x509.Certificate
}

// rsaAlgorithms are in order of preference: what most servers accept comes first.
func rsaAlgorithms() []string {
	return []string{"RS256", "PS256", "RS384", "PS384", "RS512", "PS512"}
}

// Algorithms lists all signature algorithms by their IANA names (RFC 7518 section 3.1,
// RFC 8037 section 3.1).
func Algorithms() []string { return append(rsaAlgorithms(), "ES256", "ES384", "ES512", "EdDSA") }

// supported ends the errors about other keys.
const supported = "RSA (rsaEncryption), EC (P-256, P-384, P-521) and Ed25519 keys work"

// errDamaged is for a key that cannot be read, and whose kind is not known.
var errDamaged = fmt.Errorf("the key is damaged or of an unknown kind; %s", supported)

// Parse reads a private key: PEM in PKCS#1, PKCS#8 or SEC 1, a JWK, or the JWK with an id
// from a JWK Set.
func Parse(text secret.String, id string) (Key, error) {
	key, err := parse(text, secret.String{}, id)
	if errors.Is(err, errPassphraseMissing) {
		err = errors.New("the key is protected by a passphrase; decrypt it with \"openssl pkey -in key.pem\" and set the result")
	}
	return key, err
}

func parse(text, passphrase secret.String, id string) (Key, error) {
	const byteOrderMark = "\uFEFF" // some editors and shells write one
	trimmed := strings.TrimSpace(strings.TrimPrefix(text.Reveal(), byteOrderMark))
	switch {
	case trimmed == "":
		return Key{}, errors.New("the key is empty")
	case strings.HasPrefix(trimmed, "{"):
		if !passphrase.IsZero() {
			return Key{}, errPassphraseUnused
		}
		return parseJWK([]byte(trimmed), id)
	case strings.Contains(trimmed, "-----BEGIN "):
		return parsePEM([]byte(trimmed), []byte(passphrase.Reveal()))
	default:
		return Key{}, errors.New("the text is neither PEM, which begins with \"-----BEGIN\", nor a JWK, which begins with \"{\"; set the text of the key, not the name of its file")
	}
}

// parsePEM reads the first private key in PEM text. It skips EC parameters and
// certificates, which tools write beside a key.
func parsePEM(text, passphrase []byte) (Key, error) {
	var other string
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
			return parseBlock(block, passphrase)
		default:
			other = block.Type
		}
	}
	switch other {
	case "":
		if bytes.Contains(text, []byte(`\n`)) {
			return Key{}, errors.New(`the line breaks of the PEM text are written as "\n"; replace them, for example with replace(var.key, "\\n", "\n")`)
		}
		return Key{}, errors.New("the PEM text is damaged: its lines, base64 or END line are wrong")
	case "OPENSSH PRIVATE KEY":
		return Key{}, errors.New("the key is in OpenSSH's format; convert a copy of an RSA or ECDSA key with \"ssh-keygen -p -m PKCS8 -N '' -f copy\", " +
			"and replace an Ed25519 key, which cannot be converted, by one of \"openssl genpkey -algorithm ED25519\"")
	default:
		return Key{}, fmt.Errorf("the PEM text holds a %.40q, not a private key", other)
	}
}

// parseBlock decrypts a private key if it is encrypted, and reads it.
func parseBlock(block *pem.Block, passphrase []byte) (Key, error) {
	der, traditional := block.Bytes, block.Headers["DEK-Info"] != ""
	var err error
	switch encrypted := traditional || block.Type == "ENCRYPTED PRIVATE KEY"; {
	case encrypted && len(passphrase) == 0:
		return Key{}, errPassphraseMissing
	case !encrypted && len(passphrase) > 0:
		return Key{}, errPassphraseUnused
	case traditional:
		der, err = decryptTraditional(block, passphrase)
	case encrypted:
		der, err = decryptPKCS8(der, passphrase)
	}
	if err != nil {
		return Key{}, err
	}
	var parsed any
	switch block.Type {
	case "RSA PRIVATE KEY": // RFC 8017 appendix A.1.2
		parsed, err = x509.ParsePKCS1PrivateKey(der)
	case "EC PRIVATE KEY": // RFC 5915
		parsed, err = x509.ParseECPrivateKey(der)
	default: // RFC 5208, RFC 5958
		parsed, err = x509.ParsePKCS8PrivateKey(der)
	}
	if err == nil {
		return newKey(parsed)
	}
	// A wrong passphrase decrypts to noise, whose padding is right by chance in one of 200.
	if len(passphrase) > 0 && !unmarshal(der, &struct{ Version int }{}) {
		return Key{}, errPassphraseWrong
	}
	return Key{}, unsupportedKey(der)
}

func newKey(parsed any) (Key, error) {
	signer, ok := parsed.(crypto.Signer)
	if _, agrees := parsed.(*ecdh.PrivateKey); agrees {
		return Key{}, fmt.Errorf("the key is an X25519 key, which cannot sign; %s", supported)
	}
	if !ok {
		return Key{}, errCannotSign
	}
	algorithms, err := AlgorithmsOf(signer.Public())
	if err != nil {
		return Key{}, err
	}
	return Key{Signer: signer, Algorithms: algorithms}, nil
}

var errCannotSign = fmt.Errorf("a key of this kind cannot sign; %s", supported)

// AlgorithmsOf returns the algorithms of a key by their IANA names, in order of preference.
func AlgorithmsOf(public crypto.PublicKey) ([]string, error) {
	const minRSABits = 2048 // RFC 7518 section 3.3
	switch key := public.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return nil, fmt.Errorf("the RSA key has %d bits; RFC 7518 section 3.3 requires %d", key.N.BitLen(), minRSABits)
		}
		return rsaAlgorithms(), nil
	case *ecdsa.PublicKey:
		curve := key.Curve.Params().Name
		algorithm, ok := map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[curve]
		if !ok {
			return nil, fmt.Errorf("no signature algorithm is defined for EC keys on the curve %s; P-256, P-384 and P-521 work", curve)
		}
		return []string{algorithm}, nil
	case ed25519.PublicKey:
		return []string{"EdDSA"}, nil
	default:
		return nil, errCannotSign
	}
}

// unsupportedKinds are keys that Go does not parse, by the object identifier of their
// algorithm or curve.
var unsupportedKinds = []struct {
	id   asn1.ObjectIdentifier
	name string
}{
	// RFC 4055
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, "an RSA key restricted to PSS (RSASSA-PSS); the same key as plain RSA works, with the algorithms PS256, PS384 and PS512 too"},
	{asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}, "a DSA key"},
	// RFC 8410 section 3
	{asn1.ObjectIdentifier{1, 3, 101, 113}, "an Ed448 key"},
	// SEC 2, RFC 5639
	{asn1.ObjectIdentifier{1, 3, 132, 0, 10}, "an EC key on the curve secp256k1"},
	{asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 7}, "an EC key on the curve brainpoolP256r1"},
	{asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 11}, "an EC key on the curve brainpoolP384r1"},
	{asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 13}, "an EC key on the curve brainpoolP512r1"},
}

// unsupportedKey names the kind of a key that Go does not parse, if it is known.
func unsupportedKey(der []byte) error {
	for _, kind := range unsupportedKinds {
		if id, err := asn1.Marshal(kind.id); err == nil && bytes.Contains(der, id) {
			return fmt.Errorf("the key is %s; %s", kind.name, supported)
		}
	}
	return errDamaged
}
