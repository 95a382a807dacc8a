// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Source says where a private key is kept. The zero value has none.
type Source struct {
	// PrivateKey is text as [Parse] takes it, or PEM that is encrypted with Passphrase.
	PrivateKey, Passphrase secret.String
	// PKCS12 is a PKCS#12 file in base64 (RFC 7292), used instead of PrivateKey, and Password
	// is its password, which may be empty.
	PKCS12, Password secret.String
	// Command signs with a key that is kept elsewhere, used instead of the others: it reads what
	// is to be signed, and writes what [ParseSignature] reads. Nil means none. Such a source
	// cannot be opened.
	Command []string

	opened *Key `cachekey:"-"` // follows from the other fields
}

// Members of an attribute that holds a key, one for each field of a [Source].
const (
	MemberPrivateKey = "private_key"
	MemberPassphrase = "private_key_passphrase"
	MemberPKCS12     = "pkcs12"
	MemberPassword   = "pkcs12_password"
	MemberCommand    = "private_key_command"
)

// Error reports why the key of a [Source] is unavailable.
type Error struct {
	// Member is the part of the source at fault, one of the constants above.
	Member string
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Member, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// IsZero reports whether the source has no key.
func (s Source) IsZero() bool {
	return s.PrivateKey.IsZero() && s.PKCS12.IsZero() && s.Command == nil
}

// Open returns the key, decrypted. The id selects it from a JWK Set. The error is an
// [*Error].
func (s Source) Open(id string) (Key, error) {
	switch {
	case s.opened != nil:
		return *s.opened, nil
	case !s.PKCS12.IsZero():
		key, err := parsePKCS12(s.PKCS12, s.Password)
		return key, memberError(MemberPKCS12, MemberPassword, err)
	default:
		key, err := parse(s.PrivateKey, s.Passphrase, id)
		return key, memberError(MemberPrivateKey, MemberPassphrase, err)
	}
}

// Opened returns a source that needs no further decryption. Its text is the key alone: two
// files with the same key give the same one, however they are encrypted, so that tokens can
// be sealed under it.
func (s Source) Opened(id string) (Source, error) {
	key, err := s.Open(id)
	if err != nil {
		return Source{}, err
	}
	text, err := PKCS8(key.Signer)
	return Source{PrivateKey: text, opened: &key}, err
}

// PKCS8 returns a private key as plain PEM in PKCS#8.
func PKCS8(key crypto.PrivateKey) (secret.String, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return secret.New(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))), err
}

// Errors about a passphrase or password.
var (
	errPassphraseMissing = errors.New("the key is protected by a passphrase, and none is set; Terraform ignores attributes with misspelt names")
	errPassphraseWrong   = errors.New("the passphrase is wrong: the key cannot be decrypted with it")
	errPassphraseUnused  = errors.New("the key is not encrypted; remove its passphrase")
	errPasswordMissing   = errors.New("the file is protected by a password, and none is set; Terraform ignores attributes with misspelt names")
	errPasswordWrong     = errors.New("the password is wrong: the file cannot be decrypted with it")
	errPasswordBeyond    = errors.New("the password has a character beyond the Basic Multilingual Plane, which PKCS#12 cannot encode (RFC 7292 appendix B.1)")
)

// memberError assigns an error to the key or, if that is wrong, to what decrypts it.
func memberError(key, passphrase string, err error) error {
	if err == nil {
		return nil
	}
	for _, about := range []error{errPassphraseWrong, errPassphraseUnused, errPasswordWrong, errPasswordBeyond} {
		if errors.Is(err, about) {
			key = passphrase
		}
	}
	return &Error{key, err}
}
