// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

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
	if err := checkPKCS12(der); err != nil {
		return Key{}, err
	}
	private, first, others, err := pkcs12.DecodeChain(der, password.Reveal())
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && password.IsZero():
		return Key{}, errPasswordMissing
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return Key{}, errPasswordWrong
	case err != nil:
		return Key{}, unsupportedPKCS12(err)
	}
	key, err := newKey(private)
	if err != nil {
		return Key{}, err
	}
	key.Certificates = chainOf(key, append([]*x509.Certificate{first}, others...))
	if key.Certificates == nil {
		return Key{}, errors.New("the certificates in the PKCS#12 file are not those of its private key")
	}
	return key, nil
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

// checkPKCS12 refuses files without a MAC, which go-pkcs12 takes for files without a password,
// and files that take more than [maxIterations]. Iterations within an encrypted part are not
// seen; whoever wrote them knows the password, which the MAC proves first.
func checkPKCS12(der []byte) error {
	var file struct {
		Version  int
		AuthSafe asn1.RawValue
		MacData  asn1.RawValue `asn1:"optional"`
	}
	if !unmarshal(der, &file) {
		return errors.New("the PKCS#12 file is truncated, or not one in DER; does \"openssl pkcs12 -in client.p12 -info -noout\" read it?")
	}
	if len(file.MacData.FullBytes) == 0 {
		return errors.New("the PKCS#12 file has no MAC, so nothing proves its password; " + reexport)
	}
	if iterations := iterationsIn(der, maxDepth); iterations > maxIterations {
		return tooManyIterations(iterations)
	}
	return nil
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
