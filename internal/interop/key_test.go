// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keyTest is a way to come by a private key.
type keyTest struct {
	// make is a script that leaves the key in key.pem.
	make string
	// told is what Terraform prints of the attribute with the key; empty where the key
	// works.
	told string
}

// What Terraform prints of keys that cannot be used.
const (
	toldPassphrase = `: the key is protected by a passphrase, and none is set; Terraform ignores attributes with misspelt names.`
	toldOpenSSH    = `: the key is in OpenSSH's format; convert a copy of an RSA or ECDSA key with "ssh-keygen -p -m PKCS8 -N '' -f copy", ` +
		`and replace an Ed25519 key, which cannot be converted, by one of "openssl genpkey -algorithm ED25519".`
	toldUnknown = `: the key is damaged or of an unknown kind; RSA`
)

var keyTests = map[string]keyTest{
	"openssl genrsa":                    {make: `openssl genrsa -out key.pem 2048`},
	"openssl genrsa -traditional":       {make: `openssl genrsa -traditional -out key.pem 2048`},
	"openssl genrsa, too short":         {`openssl genrsa -out key.pem 1024`, ": the RSA key has 1024 bits; RFC 7518 section 3.3 requires 2048."},
	"openssl genpkey RSA":               {make: `openssl genpkey -algorithm RSA -out key.pem`},
	"openssl genpkey RSA-PSS":           {`openssl genpkey -algorithm RSA-PSS -out key.pem`, ": the key is an RSA key restricted to PSS (RSASSA-PSS); the same key as plain RSA works"},
	"openssl genpkey P-256":             {make: `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem`},
	"openssl genpkey P-384":             {make: `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key.pem`},
	"openssl genpkey P-521":             {make: `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out key.pem`},
	"openssl genpkey Ed25519":           {make: `openssl genpkey -algorithm ED25519 -out key.pem`},
	"openssl genpkey Ed448":             {`openssl genpkey -algorithm ED448 -out key.pem`, ": the key is an Ed448 key; RSA"},
	"openssl genpkey X25519":            {`openssl genpkey -algorithm X25519 -out key.pem`, ": the key is an X25519 key, which cannot sign"},
	"openssl ecparam, parameters":       {make: `openssl ecparam -genkey -name prime256v1 -out key.pem && grep -q 'BEGIN EC PARAMETERS' key.pem`},
	"openssl ecparam -noout":            {make: `openssl ecparam -genkey -noout -name secp384r1 -out key.pem`},
	"openssl ecparam secp256k1":         {`openssl ecparam -genkey -noout -name secp256k1 -out key.pem`, ": the key is an EC key on the curve secp256k1; RSA"},
	"openssl ecparam, no name":          {`openssl ecparam -genkey -noout -name prime256v1 -param_enc explicit -out key.pem`, toldUnknown},
	"openssl req, with its certificate": {make: `openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=a -keyout only.pem -out crt.pem && cat crt.pem only.pem >key.pem`},
	"openssl pkcs12 -nodes": {make: `openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=a -keyout only.pem -out crt.pem &&
		openssl pkcs12 -export -inkey only.pem -in crt.pem -passout pass:x -out key.p12 &&
		openssl pkcs12 -in key.p12 -passin pass:x -nodes -out key.pem && grep -q 'Bag Attributes' key.pem`},
	"line ends of Windows": {make: `openssl genrsa -out unix.pem 2048 && sed 's/$/\r/' unix.pem >key.pem`},

	"PKCS#8 with a passphrase":        {`openssl genpkey -algorithm RSA -aes256 -pass pass:x -out key.pem`, toldPassphrase},
	"PKCS#1 with a passphrase":        {`openssl genrsa -traditional -aes256 -passout pass:x -out key.pem 2048`, toldPassphrase},
	"SEC 1 with a passphrase":         {`openssl ecparam -genkey -noout -name prime256v1 | openssl ec -aes256 -passout pass:x -out key.pem`, toldPassphrase},
	"with a passphrase, done as told": {make: `openssl genrsa -aes256 -passout pass:x -out crypt.pem 2048 && openssl pkey -passin pass:x -in crypt.pem >key.pem`},
	"public key":                      {`openssl genrsa 2048 | openssl pkey -pubout -out key.pem`, `: the PEM text holds a "PUBLIC KEY", not a private key.`},
	"certificate":                     {`openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=a -keyout only.pem -out key.pem`, `: the PEM text holds a "CERTIFICATE", not a private key.`},
	"certificate request":             {`openssl req -newkey rsa:2048 -nodes -subj /CN=a -keyout only.pem -out key.pem`, `: the PEM text holds a "CERTIFICATE REQUEST", not a private key.`},
	"cut short":                       {`openssl genrsa 2048 | head -n 9 >key.pem`, ": the PEM text is damaged: its lines, base64 or END line are wrong."},
	"base64 of PEM":                   {`openssl genrsa 2048 | openssl base64 -out key.pem`, `: the text is neither PEM, which begins with "-----BEGIN", nor a JWK`},

	"ssh-keygen RSA":                 {`ssh-keygen -q -t rsa -b 2048 -N '' -f key.pem`, toldOpenSSH},
	"ssh-keygen RSA, done as told":   {make: `ssh-keygen -q -t rsa -b 2048 -N '' -f key.pem && ssh-keygen -q -p -m PKCS8 -N '' -f key.pem`},
	"ssh-keygen RSA -m PEM":          {make: `ssh-keygen -q -t rsa -b 2048 -N '' -m PEM -f key.pem`},
	"ssh-keygen RSA -m PKCS8":        {make: `ssh-keygen -q -t rsa -b 2048 -N '' -m PKCS8 -f key.pem`},
	"ssh-keygen RSA, passphrase":     {`ssh-keygen -q -t rsa -b 2048 -N secret -f key.pem`, toldOpenSSH},
	"ssh-keygen ECDSA":               {`ssh-keygen -q -t ecdsa -N '' -f key.pem`, toldOpenSSH},
	"ssh-keygen ECDSA, done as told": {make: `ssh-keygen -q -t ecdsa -N '' -f key.pem && ssh-keygen -q -p -m PKCS8 -N '' -f key.pem`},
	"ssh-keygen ECDSA -m PEM":        {make: `ssh-keygen -q -t ecdsa -b 521 -N '' -m PEM -f key.pem`},
	"ssh-keygen ECDSA -m PKCS8":      {make: `ssh-keygen -q -t ecdsa -b 384 -N '' -m PKCS8 -f key.pem`},
	"ssh-keygen Ed25519":             {`ssh-keygen -q -t ed25519 -N '' -f key.pem`, toldOpenSSH},
}

// signingClient is one that signs its assertions with the key in key.pem.
const signingClient = `
  signed_assertion = { private_key = file("key.pem") }
  tls              = { ca_certificate = file("ca.crt") }
`

// TestKeys gives the provider private keys as people make them. Those that work
// must get a token: that needs a signature which the server can check.
func TestKeys(t *testing.T) {
	t.Parallel()
	needServers(t)
	pki := newPKI(t)
	made := map[string]string{}
	for name, test := range keyTests {
		made[name] = test.key(t, pki, name)
	}
	server := startOIDCProvider(t, pki, "private_key_jwt")
	for name, test := range keyTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := workspace(t, pki, server.client("key-jwt", signingClient)+ephemeralToken, files{"key.pem": made[name]})
			if test.told == "" {
				w.Plan().MustExit(t, 0)
				return
			}
			if got := told(t, w); !strings.Contains(got, "signed_assertion.private_key"+test.told) || strings.Contains(got, "/token") {
				t.Errorf("the diagnostics are\n%s\nwant %q, before any request", got, test.told)
			}
		})
	}
}

// key makes the key and has the server know its public key, where it can be used.
func (test keyTest) key(t *testing.T, pki pki, name string) string {
	t.Helper()
	dir := t.TempDir()
	run(t, dir, "", "sh", "-ec", test.make)
	if test.told == "" {
		public := run(t, dir, "", "openssl", "pkey", "-in", "key.pem", "-pubout")
		write(t, filepath.Join(string(pki), "keys", strings.ReplaceAll(name, " ", "-")+".pub"), public)
	}
	made, err := os.ReadFile(filepath.Join(dir, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return string(made)
}
