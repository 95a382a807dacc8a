// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // keys that people have are encrypted with it
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/scrypt"
)

// Limits of the work that a file can ask for, far above what tools write: OpenSSL takes 2048
// iterations, and 16 MiB for scrypt.
const (
	maxIterations   = 10_000_000
	maxScryptMemory = 256 << 20 // bytes
	maxScryptWork   = 1 << 30   // bytes of memory, times the parallelization
)

// decryptTraditional decrypts a block of OpenSSL's own format (RFC 1421 section 4.6.1.3).
func decryptTraditional(block *pem.Block, passphrase []byte) ([]byte, error) {
	der, err := x509.DecryptPEMBlock(block, passphrase) //nolint:staticcheck // its padding is no oracle here, and keys that people have are encrypted so
	switch {
	case err == nil:
		return der, nil
	case errors.Is(err, x509.IncorrectPasswordError):
		return nil, errPassphraseWrong
	default:
		return nil, fmt.Errorf("the encryption of the key, DEK-Info %.60q, is not supported or damaged; %s", block.Headers["DEK-Info"], reencrypt)
	}
}

// reencrypt ends the errors about other encryption.
const reencrypt = `convert the key with "openssl pkcs8 -topk8 -in key.pem"`

// decryptPKCS8 decrypts an EncryptedPrivateKeyInfo (RFC 5958 section 3) with PBES2 (RFC 8018
// section 6.2).
func decryptPKCS8(der, passphrase []byte) ([]byte, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Encrypted []byte
	}
	if !unmarshal(der, &info) {
		return nil, errDamaged
	}
	if !info.Algorithm.Algorithm.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}) {
		return nil, notSupported("the encryption of the key", info.Algorithm.Algorithm)
	}
	var params struct{ Derivation, Scheme pkix.AlgorithmIdentifier }
	if !unmarshal(info.Algorithm.Parameters.FullBytes, &params) {
		return nil, errDamaged
	}
	scheme, ok := schemes[params.Scheme.Algorithm.String()]
	if !ok {
		return nil, notSupported("the cipher of the key", params.Scheme.Algorithm)
	}
	var iv []byte
	if !unmarshal(params.Scheme.Parameters.FullBytes, &iv) {
		return nil, errDamaged
	}
	key, err := deriveKey(params.Derivation, passphrase, scheme.keySize)
	if err != nil {
		return nil, err
	}
	block, err := scheme.cipher(key)
	if err != nil {
		return nil, err
	}
	size := block.BlockSize()
	if len(iv) != size || len(info.Encrypted) == 0 || len(info.Encrypted)%size != 0 {
		return nil, errDamaged
	}
	plain := make([]byte, len(info.Encrypted))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, info.Encrypted)
	padding := int(plain[len(plain)-1])
	if padding == 0 || padding > size { // the rest of the padding counts too, but a key that parses is proof enough
		return nil, errPassphraseWrong
	}
	return plain[:len(plain)-padding], nil
}

// scheme is a block cipher for CBC.
type scheme struct {
	keySize int
	cipher  func(key []byte) (cipher.Block, error)
}

// schemes are the encryption schemes of RFC 8018 appendix B.2 that are supported.
var schemes = map[string]scheme{
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher},
	"2.16.840.1.101.3.4.1.2":  {16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
}

// hashes are those of the pseudorandom functions of RFC 8018 appendix B.1.
var hashes = map[string]func() hash.Hash{
	"1.2.840.113549.2.7":  sha1.New,
	"1.2.840.113549.2.8":  sha256.New224,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
}

// deriveKey derives a key with PBKDF2 (RFC 8018 section 5.2) or scrypt (RFC 7914 section 7).
func deriveKey(derivation pkix.AlgorithmIdentifier, passphrase []byte, size int) ([]byte, error) {
	switch derivation.Algorithm.String() {
	case "1.2.840.113549.1.5.12":
		return derivePBKDF2(derivation.Parameters.FullBytes, passphrase, size)
	case "1.3.6.1.4.1.11591.4.11":
		return deriveScrypt(derivation.Parameters.FullBytes, passphrase, size)
	default:
		return nil, notSupported("the key derivation of the key", derivation.Algorithm)
	}
}

func derivePBKDF2(der, passphrase []byte, size int) ([]byte, error) {
	var params struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	if !unmarshal(der, &params) || params.Iterations < 1 || params.KeyLength != 0 && params.KeyLength != size {
		return nil, errDamaged
	}
	function := hashes["1.2.840.113549.2.7"] // the default
	if id := params.PRF.Algorithm; len(id) > 0 {
		var ok bool
		if function, ok = hashes[id.String()]; !ok {
			return nil, notSupported("the pseudorandom function of the key's encryption", id)
		}
	}
	if params.Iterations > maxIterations {
		return nil, tooManyIterations(params.Iterations)
	}
	return pbkdf2.Key(function, string(passphrase), params.Salt, params.Iterations, size)
}

func tooManyIterations(iterations int) error {
	return fmt.Errorf("the encryption takes %d iterations, more than %d; encrypt the key anew with fewer", iterations, maxIterations)
}

func deriveScrypt(der, passphrase []byte, size int) ([]byte, error) {
	var params struct {
		Salt                      []byte
		Cost, BlockSize, Parallel int
		KeyLength                 int `asn1:"optional"`
	}
	if !unmarshal(der, &params) || params.Cost < 2 || params.BlockSize < 1 || params.Parallel < 1 || params.KeyLength != 0 && params.KeyLength != size {
		return nil, errDamaged
	}
	if params.Cost > maxScryptMemory/128/params.BlockSize || params.Parallel > maxScryptWork/128/params.BlockSize/params.Cost {
		return nil, fmt.Errorf("the encryption takes scrypt with N = %d, r = %d and p = %d, which needs more than %d MiB or too long; encrypt the key anew with less",
			params.Cost, params.BlockSize, params.Parallel, maxScryptMemory>>20)
	}
	key, err := scrypt.Key(passphrase, params.Salt, params.Cost, params.BlockSize, params.Parallel, size)
	if err != nil {
		return nil, errDamaged // N is not a power of two
	}
	return key, nil
}

// unmarshal reads DER, and reports whether it is whole.
func unmarshal(der []byte, to any) bool {
	rest, err := asn1.Unmarshal(der, to)
	return err == nil && len(rest) == 0
}

// algorithmNames are algorithms that people may meet and that are not supported.
var algorithmNames = map[string]string{
	"1.2.840.113549.1.5.1":      "PBES1 with MD2 and DES",
	"1.2.840.113549.1.5.3":      "PBES1 with MD5 and DES",
	"1.2.840.113549.1.5.4":      "PBES1 with MD2 and RC2",
	"1.2.840.113549.1.5.6":      "PBES1 with MD5 and RC2",
	"1.2.840.113549.1.5.10":     "PBES1 with SHA-1 and DES",
	"1.2.840.113549.1.5.11":     "PBES1 with SHA-1 and RC2",
	"1.2.840.113549.1.12.1.1":   "PKCS#12 PBE with SHA-1 and 128-bit RC4",
	"1.2.840.113549.1.12.1.2":   "PKCS#12 PBE with SHA-1 and 40-bit RC4",
	"1.2.840.113549.1.12.1.3":   "PKCS#12 PBE with SHA-1 and 3DES",
	"1.2.840.113549.1.12.1.4":   "PKCS#12 PBE with SHA-1 and two-key 3DES",
	"1.2.840.113549.1.12.1.5":   "PKCS#12 PBE with SHA-1 and 128-bit RC2",
	"1.2.840.113549.1.12.1.6":   "PKCS#12 PBE with SHA-1 and 40-bit RC2",
	"1.2.840.113549.1.5.14":     "PBMAC1",
	"1.3.14.3.2.7":              "DES-CBC",
	"1.2.840.113549.3.2":        "RC2-CBC",
	"1.2.392.200011.61.1.1.1.2": "Camellia-128-CBC",
	"1.2.392.200011.61.1.1.1.3": "Camellia-192-CBC",
	"1.2.392.200011.61.1.1.1.4": "Camellia-256-CBC",
	"1.2.410.200046.1.1.2":      "ARIA-128-CBC",
	"1.2.410.200046.1.1.7":      "ARIA-192-CBC",
	"1.2.410.200046.1.1.12":     "ARIA-256-CBC",
	"1.2.156.10197.1.104.2":     "SM4-CBC",
	"2.16.840.1.101.3.4.1.6":    "AES-128-GCM",
	"2.16.840.1.101.3.4.1.26":   "AES-192-GCM",
	"2.16.840.1.101.3.4.1.46":   "AES-256-GCM",
	"1.2.840.113549.2.5":        "MD5",
	"1.2.840.113549.2.8":        "HMAC with SHA-224",
	"1.2.840.113549.2.10":       "HMAC with SHA-384",
	"1.2.840.113549.3.7":        "3DES-CBC",
	"1.2.840.113549.2.12":       "HMAC with SHA-512/224",
	"1.2.840.113549.2.13":       "HMAC with SHA-512/256",
}

func notSupported(part string, id asn1.ObjectIdentifier) error {
	name, ok := algorithmNames[id.String()]
	if !ok {
		name = "with the object identifier " + id.String()
	}
	return fmt.Errorf("%s (%s) is not supported; %s", part, name, reencrypt)
}
