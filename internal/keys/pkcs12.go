// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// parsePKCS12 reads the private key of a PKCS#12 file in base64 (RFC 7292), and its
// certificates.
func parsePKCS12(text, password secret.String) (Key, error) {
	der, err := decodePKCS12(text.Reveal())
	if err != nil {
		return Key{}, err
	}
	if strings.ContainsFunc(password.Reveal(), func(char rune) bool { return char > 0xFFFF }) {
		return Key{}, errPasswordBeyond
	}
	private, certificates, err := decryptPKCS12(der, password.Reveal())
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && password.IsZero():
		return Key{}, errPasswordMissing
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return Key{}, errPasswordWrong
	case err != nil:
		return Key{}, err
	}
	key, err := newKey(private)
	if err != nil {
		return Key{}, err
	}
	key.Certificates = chainOf(key, certificates)
	if key.Certificates == nil {
		return Key{}, errors.New("the certificates in the PKCS#12 file are not those of its private key")
	}
	return key, nil
}

// decryptPKCS12 returns the private key and the certificates in a file. It reports a wrong
// password as [pkcs12.ErrIncorrectPassword].
func decryptPKCS12(der []byte, password string) (any, []*x509.Certificate, error) {
	der, err := checkPKCS12(der, password)
	if err != nil {
		return nil, nil, err
	}
	private, first, others, err := pkcs12.DecodeChain(der, password)
	if err != nil && !errors.Is(err, pkcs12.ErrIncorrectPassword) {
		err = unsupportedPKCS12(err)
	}
	return private, append([]*x509.Certificate{first}, others...), err
}

// chainOf returns the certificate that belongs to a key, then its issuer's and so on, as far
// as they are there; nil if the first is not. Files have them in any order.
func chainOf(key Key, certificates []*x509.Certificate) []*x509.Certificate {
	var chain []*x509.Certificate
	next := func(certificate *x509.Certificate) bool {
		if len(chain) == 0 {
			return belongs(certificate, key)
		}
		return !slices.Contains(chain, certificate) && bytes.Equal(chain[len(chain)-1].RawIssuer, certificate.RawSubject)
	}
	for {
		i := slices.IndexFunc(certificates, next)
		if i < 0 {
			return chain
		}
		chain = append(chain, certificates[i])
	}
}

// belongs reports whether a certificate is that of a key.
func belongs(certificate *x509.Certificate, key crypto.Signer) bool {
	public, ok := key.Public().(interface{ Equal(x crypto.PublicKey) bool })
	return ok && public.Equal(certificate.PublicKey)
}

func decodePKCS12(text string) ([]byte, error) {
	if strings.Contains(text, "-----BEGIN ") {
		return nil, errors.New("the text is PEM, not a PKCS#12 file; a key in PEM goes into private_key or client_key")
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, errors.New("the text is not base64; read the file with filebase64(\"client.p12\")")
	}
	return der, nil
}

// pfx is a PKCS#12 file (RFC 7292 section 4).
type pfx struct {
	Version  int
	AuthSafe struct {
		Type    asn1.ObjectIdentifier
		Content []byte `asn1:"explicit,tag:0"`
	}
	MacData macData `asn1:"optional"`
}

type macData struct {
	Mac struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}
	Salt       []byte
	Iterations int `asn1:"optional,default:1"`
}

// checkPKCS12 refuses files without a MAC, which go-pkcs12 takes for files without a password,
// and files that take more than [maxIterations]. Iterations within an encrypted part are not
// seen; their author knows the password, as the MAC proves first.
//
// A file with a MAC of SHA-224 or SHA-384, which go-pkcs12 does not know, gets one of SHA-256.
func checkPKCS12(der []byte, password string) ([]byte, error) {
	if bytes.HasPrefix(der, []byte{0x30, 0x80}) { // a sequence of indefinite length
		return nil, errors.New("the PKCS#12 file is in BER, not in DER; " + reexport)
	}
	var file pfx
	if !unmarshal(der, &file) {
		return nil, errors.New("the file is truncated, or not PKCS#12")
	}
	mac := &file.MacData
	if len(mac.Mac.Digest) == 0 {
		return nil, errors.New("the PKCS#12 file has no MAC, so nothing proves its password; " + reexport)
	}
	if iterations := iterationsIn(der, maxDepth); iterations > maxIterations {
		return nil, tooManyIterations(iterations)
	}
	function := map[string]func() hash.Hash{oidSHA224: sha256.New224, oidSHA384: sha512.New384}[mac.Mac.Algorithm.Algorithm.String()]
	if function == nil {
		return der, nil
	}
	if !hmac.Equal(mac.Mac.Digest, mac.sum(function, file.AuthSafe.Content, password)) {
		return nil, pkcs12.ErrIncorrectPassword
	}
	mac.Mac.Algorithm.Algorithm = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	mac.Mac.Digest = mac.sum(sha256.New, file.AuthSafe.Content, password)
	return asn1.Marshal(file)
}

// Hashes by their object identifiers.
const (
	oidSHA384 = "2.16.840.1.101.3.4.2.2"
	oidSHA224 = "2.16.840.1.101.3.4.2.4"
)

// sum is the MAC of a message under a password (RFC 7292 appendix B.2, of which a key as long
// as the hash needs one round).
func (m macData) sum(function func() hash.Hash, message []byte, password string) []byte {
	derived := function()
	block := derived.BlockSize()
	filled := func(with []byte) []byte { // whole blocks
		size := (len(with) + block - 1) / block * block
		return bytes.Repeat(with, size/max(len(with), 1)+1)[:size]
	}
	derived.Write(filled([]byte{3})) // the purpose: a MAC
	derived.Write(filled(m.Salt))
	var encoded []byte
	for _, unit := range append(utf16.Encode([]rune(password)), 0) {
		encoded = binary.BigEndian.AppendUint16(encoded, unit)
	}
	derived.Write(filled(encoded))
	key := derived.Sum(nil)
	for range m.Iterations - 1 {
		derived.Reset()
		derived.Write(key)
		key = derived.Sum(key[:0])
	}
	mac := hmac.New(function, key)
	mac.Write(message)
	return mac.Sum(nil)
}

// reexport ends the errors about PKCS#12 files with other contents.
const reexport = `make it anew with "openssl pkcs12 -export -inkey key.pem -in certificate.pem"`

// maxDepth is how deep iterations are nested in a file, and some.
const maxDepth = 32

// iterationsIn is the highest count of iterations in DER: wherever the parameters of a key
// derivation are, an integer follows the octets of the salt.
func iterationsIn(der []byte, depth int) int {
	highest, salted := 0, false
	for depth > 0 && len(der) > 0 {
		var value asn1.RawValue
		rest, err := asn1.Unmarshal(der, &value)
		if err != nil {
			return highest // not DER, but octets that look like it
		}
		universal := value.Class == asn1.ClassUniversal
		octets := universal && value.Tag == asn1.TagOctetString
		if iterations := 0; salted && universal && value.Tag == asn1.TagInteger {
			if !unmarshal(value.FullBytes, &iterations) { // too large for an int
				return maxIterations + 1
			}
			highest = max(highest, iterations)
		}
		if value.IsCompound || octets {
			highest = max(highest, iterationsIn(value.Bytes, depth-1))
		}
		der, salted = rest, octets
	}
	return highest
}

// dotted is an object identifier in the errors of go-pkcs12.
var dotted = regexp.MustCompile(`\d+(\.\d+){3,}`)

// unsupportedPKCS12 rewrites an error of go-pkcs12.
func unsupportedPKCS12(err error) error {
	text := strings.TrimPrefix(err.Error(), "pkcs12: ")
	switch {
	case strings.Contains(text, "certificate missing"):
		return errors.New("the PKCS#12 file has no certificate; " + reexport)
	case strings.Contains(text, "private key missing"):
		return errors.New("the PKCS#12 file has no private key; " + reexport)
	case strings.Contains(text, "exactly one key bag"):
		return errors.New("the PKCS#12 file has more than one private key; " + reexport)
	}
	text = dotted.ReplaceAllStringFunc(text, func(id string) string {
		if name, ok := algorithmNames[id]; ok {
			return name
		}
		return id
	})
	return fmt.Errorf("the PKCS#12 file is damaged or not supported (%s); %s", text, reexport)
}
