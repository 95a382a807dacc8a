// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"path/filepath"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
)

// The private keys that the signing services keep.
var rsaInHSM, ecInHSM crypto.Signer

// signingServices play the tools of services that keep a key: openssl signs. A call that
// differs from their documentation fails. Their signatures are written as theirs are, except
// for those of two numbers.
var signingServices = map[string]string{
	"aws": `test "$*" = "kms sign --key-id alias/deploy --signing-algorithm RSASSA_PKCS1_V1_5_SHA_256 --message fileb:///dev/stdin` +
		` --message-type RAW --query Signature --output text" && openssl dgst -sha256 -sign "$HSM/rsa.pem" | openssl base64 -A && echo`,
	"gcloud": `test "$*" = "kms asymmetric-sign --location europe-west1 --keyring deploy --key deploy --version 1` +
		` --digest-algorithm sha256 --input-file /dev/stdin --signature-file -" && openssl dgst -sha256 -sign "$HSM/ec.pem"`,
	"az": `case "$*" in "keyvault key sign --id https://deploy.vault.azure.net/keys/deploy --algorithm PS256 --digest "*" --query signature --output tsv")
		echo "$9" | openssl base64 -A -d >"$HSM/digest.$$" &&
		openssl pkeyutl -sign -inkey "$HSM/rsa.pem" -in "$HSM/digest.$$" -pkeyopt digest:sha256 -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest |
			openssl base64 -A | tr +/ -_ && echo;;
		*) exit 2;; esac`,
	"vault": `test "$*" = "write -field=signature transit/sign/deploy/sha2-256 input=- signature_algorithm=pkcs1v15" && printf vault:v1: &&
		openssl base64 -A -d | openssl dgst -sha256 -sign "$HSM/rsa.pem" | openssl base64 -A`,
	"pkcs11-tool": `case "$*" in
		*"--login --pin env:HSM_PIN --sign --id 01 --mechanism SHA256-RSA-PKCS") openssl dgst -sha256 -sign "$HSM/rsa.pem";;
		*"--login --pin env:HSM_PIN --sign --id 02 --mechanism ECDSA")
			cat >"$HSM/digest.$$" && openssl pkeyutl -sign -inkey "$HSM/ec.pem" -in "$HSM/digest.$$";;
		*) exit 2;; esac`,
	"step": `test "$*" = "kms sign --format jws --in /dev/stdin yubikey:slot-id=9c" &&
		openssl dgst -sha256 -sign "$HSM/ec.pem" | openssl base64 -A | tr +/ -_ | tr -d =`,
}

// startHSM makes the keys, in a folder.
func startHSM(folder string) error {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, ecErr := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err, ecErr); err != nil {
		return err
	}
	rsaInHSM, ecInHSM = rsaKey, ecKey
	for name, key := range map[string]crypto.Signer{"rsa.pem": rsaKey, "ec.pem": ecKey} {
		text, keyErr := keys.PKCS8(key)
		err = errors.Join(err, keyErr, os.WriteFile(filepath.Join(folder, name), []byte(text.Reveal()), 0o600))
	}
	return errors.Join(err, os.Setenv("HSM", folder), os.Setenv("HSM_PIN", "1234"))
}
