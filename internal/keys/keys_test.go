// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package keys_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// keyFile is the file that the commands of these tests leave a key in.
const keyFile = "key"

// rsaKey is a key for all tests that do something to one, as making one takes long.
var rsaKey = sync.OnceValues(func() ([]byte, error) {
	return exec.Command("openssl", "genrsa", "2048").Output()
})

// run runs commands in a directory of their own, where a file called rsa holds a key, and
// returns that directory. The word ” in a command is an empty argument. The test is
// skipped where a tool is missing.
func run(t *testing.T, commands ...string) string {
	t.Helper()
	directory := t.TempDir()
	if key, err := rsaKey(); err == nil { // else there is no openssl, on which the commands are skipped
		if err := os.WriteFile(filepath.Join(directory, "rsa"), key, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range commands {
		words := strings.Fields(command)
		for i, word := range words {
			if word == "''" {
				words[i] = ""
			}
		}
		tool, err := exec.LookPath(words[0])
		if err != nil {
			t.Skipf("%s is not installed, and this key is made with it", words[0])
		}
		process := exec.CommandContext(t.Context(), tool, words[1:]...)
		process.Dir = directory
		if output, err := process.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, output)
		}
	}
	return directory
}

// made returns the file called key that commands make.
func made(t *testing.T, commands ...string) string {
	t.Helper()
	return contents(t, filepath.Join(run(t, commands...), keyFile))
}

func contents(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestKeysThatWork reads keys as people make them, and compares each with what
// openssl says its public key is.
func TestKeysThatWork(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"genrsa":                     {"openssl genrsa -out key 2048"},
		"genrsa, PKCS#1":             {"openssl genrsa -traditional -out key 2048"},
		"genrsa, 3072 bits":          {"openssl genrsa -out key 3072"},
		"genpkey RSA":                {"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key"},
		"genpkey P-256":              {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key"},
		"genpkey P-384":              {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key"},
		"genpkey P-521":              {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out key"},
		"genpkey Ed25519":            {"openssl genpkey -algorithm ED25519 -out key"},
		"ecparam, parameters first":  {"openssl ecparam -name prime256v1 -genkey -out key"},
		"ecparam, without":           {"openssl ecparam -name secp384r1 -genkey -noout -out key"},
		"req, beside a certificate":  {"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout key -out certificate"},
		"PKCS#1 into PKCS#8":         {"openssl rsa -traditional -in rsa -out old", "openssl pkcs8 -topk8 -nocrypt -in old -out key"},
		"SEC 1 into PKCS#8":          {"openssl ecparam -name secp521r1 -genkey -noout -out old", "openssl pkcs8 -topk8 -nocrypt -in old -out key"},
		"out of PKCS#12, attributes": append(pkcs12Commands(), "openssl pkcs12 -in store -passin pass:x -nodes -nocerts -out key"),
		"out of PKCS#12, with chain": append(pkcs12Commands(), "openssl pkcs12 -in store -passin pass:x -nodes -out key"),
		"printed with -text":         {"openssl pkey -in rsa -text -out key"},
		"decrypted as the error says": {
			"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:x -out locked",
			"openssl pkey -in locked -passin pass:x -out key",
		},
		"ssh-keygen PEM, RSA":     {"ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f key"},
		"ssh-keygen PEM, ECDSA":   {"ssh-keygen -q -t ecdsa -m PEM -N '' -f key"},
		"ssh-keygen PKCS8, RSA":   {"ssh-keygen -q -t rsa -b 2048 -m PKCS8 -N '' -f key"},
		"ssh-keygen PKCS8, ECDSA": {"ssh-keygen -q -t ecdsa -b 384 -m PKCS8 -N '' -f key"},
		"OpenSSH's, converted as the error says": {
			"ssh-keygen -q -t ecdsa -N '' -f key", "ssh-keygen -q -p -m PKCS8 -N '' -f key",
		},
	}
	for name, commands := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := run(t, append(commands, "openssl pkey -in key -pubout -out public")...)
			key, err := keys.Parse(secret.New(contents(t, filepath.Join(directory, keyFile))), "")
			if err != nil {
				t.Fatal(err)
			}
			public := publicKey(t, contents(t, filepath.Join(directory, "public")))
			if !verifies(t, key, public) {
				t.Error("the signature is not by the key that openssl sees")
			}
		})
	}
}

// pkcs12Commands make a PKCS#12 file called store, as Windows and Java keep keys.
func pkcs12Commands() []string {
	return []string{
		"openssl req -x509 -key rsa -subj /CN=x -out certificate",
		"openssl pkcs12 -export -inkey rsa -in certificate -passout pass:x -out store",
	}
}

// publicKey reads a public key as openssl writes it (RFC 7468 section 13).
func publicKey(t *testing.T, text string) crypto.PublicKey {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return public
}

// verifies reports whether a signature by key is one by public's owner.
func verifies(t *testing.T, key crypto.Signer, public crypto.PublicKey) bool {
	t.Helper()
	message := []byte("header.payload")
	digest := sha256.Sum256(message)
	signed, options := digest[:], crypto.SignerOpts(crypto.SHA256)
	if _, ok := public.(ed25519.PublicKey); ok {
		signed, options = message, crypto.Hash(0)
	}
	signature, err := key.Sign(rand.Reader, signed, options)
	if err != nil {
		t.Fatal(err)
	}
	switch public := public.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, digest[:], signature)
	case ed25519.PublicKey:
		return ed25519.Verify(public, message, signature)
	}
	t.Fatalf("no rule for %T", public)
	return false
}

// TestTextAroundKeys reads keys that went through editors and templates.
func TestTextAroundKeys(t *testing.T) {
	t.Parallel()
	plain := made(t, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key")
	tests := map[string]string{
		"line ends of Windows": strings.ReplaceAll(plain, "\n", "\r\n"),
		"text before":          "the key of the pipeline\nmade in March\n" + plain,
		"text after":           plain + "\nend of file",
		"spaces around":        "\n\n  \t" + plain + "  \n",
		"no last line end":     strings.TrimSpace(plain),
		"spaces at line ends":  strings.ReplaceAll(plain, "\n", " \n"),
		"certificate first":    selfSigned(t, plain) + plain,
		"public key first":     string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")})) + plain,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := keys.Parse(secret.New(text), "")
			if err != nil {
				t.Fatal(err)
			}
			if !verifies(t, key, certificateOf(t, selfSigned(t, plain)).PublicKey) {
				t.Error("another key was read")
			}
		})
	}
}

// selfSigned is a certificate of a key, by openssl.
func selfSigned(t *testing.T, key string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), keyFile)
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return contents(t, filepath.Join(run(t, "openssl req -x509 -new -subj /CN=x -days 1 -key "+file+" -out certificate"), "certificate"))
}

func certificateOf(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// TestKeysThatCannotBeUsed wants errors that say what the text is instead.
func TestKeysThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	const rsaKey = "mv rsa key"
	tests := map[string]struct {
		commands []string
		edit     func(string) string
		want     string
	}{
		"PKCS#8 with a passphrase": {[]string{"openssl rsa -aes256 -passout pass:x -in rsa -out key"}, nil, "protected by a passphrase"},
		"PKCS#1 with a passphrase": {[]string{"openssl rsa -traditional -aes256 -passout pass:x -in rsa -out key"}, nil, "protected by a passphrase"},
		"SEC 1 with a passphrase": {
			[]string{"openssl ecparam -name prime256v1 -genkey -noout -out plain", "openssl ec -aes128 -passout pass:x -in plain -out key"},
			nil, "protected by a passphrase",
		},
		"pkcs8 -topk8": {
			[]string{"openssl pkcs8 -topk8 -passout pass:x -in rsa -out key"},
			nil, "protected by a passphrase",
		},
		"ssh-keygen PEM with a passphrase":   {[]string{"ssh-keygen -q -t rsa -b 2048 -m PEM -N secret -f key"}, nil, "protected by a passphrase"},
		"ssh-keygen PKCS8 with a passphrase": {[]string{"ssh-keygen -q -t rsa -b 2048 -m PKCS8 -N secret -f key"}, nil, "protected by a passphrase"},
		"OpenSSH's format, RSA":              {[]string{"ssh-keygen -q -t rsa -b 2048 -N '' -f key"}, nil, "ssh-keygen -p -m PKCS8"},
		"OpenSSH's format, Ed25519":          {[]string{"ssh-keygen -q -t ed25519 -N '' -f key"}, nil, "OpenSSH"},
		"OpenSSH's public key": {
			[]string{"ssh-keygen -q -t ed25519 -N '' -f old", "cp old.pub key"}, nil, "neither PEM",
		},
		"certificate": {
			[]string{"openssl req -x509 -key rsa -subj /CN=x -out key"}, nil, "CERTIFICATE",
		},
		"certificate request": {
			[]string{"openssl req -new -key rsa -subj /CN=x -out key"}, nil, "CERTIFICATE REQUEST",
		},
		"public key":        {[]string{"openssl pkey -in rsa -pubout -out key"}, nil, "PUBLIC KEY"},
		"PKCS#1 public key": {[]string{"openssl rsa -in rsa -RSAPublicKey_out -out key"}, nil, "RSA PUBLIC KEY"},
		"EC parameters":     {[]string{"openssl ecparam -name prime256v1 -out key"}, nil, "EC PARAMETERS"},
		"RSA, 1024 bits":    {[]string{"openssl genrsa -out key 1024"}, nil, "1024 bits"},
		"P-224":             {[]string{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-224 -out key"}, nil, "P-224"},
		"secp256k1":         {[]string{"openssl ecparam -name secp256k1 -genkey -noout -out key"}, nil, "EC key on the curve secp256k1; RSA"},
		"secp256k1, PKCS#8": {[]string{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out key"}, nil, "EC key on the curve secp256k1"},
		"brainpoolP384r1":   {[]string{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP384r1 -out key"}, nil, "brainpoolP384r1"},
		"curve spelled out": {[]string{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -out key"}, nil, "damaged or of an unknown kind"},
		"X25519":            {[]string{"openssl genpkey -algorithm X25519 -out key"}, nil, "an X25519 key, which cannot sign"},
		"Ed448":             {[]string{"openssl genpkey -algorithm ED448 -out key"}, nil, "an Ed448 key; RSA"},
		"RSA-PSS":           {[]string{"openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out key"}, nil, "RSASSA-PSS"},
		"DSA": {
			[]string{"openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -out parameters", "openssl genpkey -paramfile parameters -out key"},
			nil, "a DSA key",
		},
		"DER":                 {[]string{"openssl pkcs8 -topk8 -nocrypt -in rsa -outform DER -out key"}, nil, "neither PEM"},
		"PKCS#12":             {append(pkcs12Commands(), "mv store key"), nil, "neither PEM"},
		"base64 of PEM":       {[]string{rsaKey, "openssl base64 -A -in key -out encoded", "mv encoded key"}, nil, "neither PEM"},
		"line ends lost":      {[]string{rsaKey}, func(text string) string { return strings.ReplaceAll(text, "\n", " ") }, "damaged"},
		"line ends as \\n":    {[]string{rsaKey}, func(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }, "replace(var.key"},
		"first half":          {[]string{rsaKey}, func(text string) string { return text[:len(text)/2] }, "damaged"},
		"a line lost":         {[]string{rsaKey}, func(text string) string { return text[:100] + text[165:] }, "damaged"},
		"marker lines lost":   {[]string{rsaKey}, func(text string) string { return strings.Join(strings.Split(text, "\n")[1:20], "\n") }, "neither PEM"},
		"name of a file":      {[]string{rsaKey}, func(string) string { return "/etc/keys/client.pem" }, "not the name of its file"},
		"empty":               {[]string{rsaKey}, func(string) string { return "" }, "empty"},
		"white space":         {[]string{rsaKey}, func(string) string { return " \n\t" }, "empty"},
		"another marker line": {[]string{rsaKey}, func(text string) string { return strings.ReplaceAll(text, "PRIVATE KEY", "SECRET KEY") }, "SECRET KEY"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := made(t, test.commands...)
			if test.edit != nil {
				text = test.edit(text)
			}
			refused(t, text, "", test.want)
		})
	}
}

// refused wants an error that says want and quotes nothing of the key, and the
// same where the key is to sign an assertion.
func refused(t *testing.T, text, id, want string) {
	t.Helper()
	_, err := keys.Parse(secret.New(text), id)
	if err == nil {
		t.Fatal("the key was taken")
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("the error does not say %q: %v", want, err)
	}
	if quoted := quotes(err.Error(), text); quoted != "" {
		t.Errorf("the error quotes the key: %v", err)
	}
}

// markers are the parts of PEM that are no secret.
var markers = regexp.MustCompile(`-----(?:BEGIN|END) [A-Z0-9 ]+-----`)

// quotes returns 20 characters of a key that message shows, if there are any.
func quotes(message, key string) string {
	const length = 20
	key = markers.ReplaceAllString(key, "\n")
	for _, line := range strings.FieldsFunc(key, func(char rune) bool { return char == '\n' || char == '"' }) {
		for i := range len(line) - length + 1 {
			if strings.Contains(message, line[i:i+length]) {
				return line[i : i+length]
			}
		}
	}
	return ""
}

// TestErrorsQuoteNothing plants a whole key's bytes where a parser might repeat
// what it stumbled over.
func TestErrorsQuoteNothing(t *testing.T) {
	t.Parallel()
	canary := strings.Repeat("Q0FOQVJZ", 20)
	tests := map[string]string{
		"text":                canary,
		"PEM":                 "-----BEGIN PRIVATE KEY-----\n" + canary + "\n-----END PRIVATE KEY-----\n",
		"PEM, PKCS#1":         "-----BEGIN RSA PRIVATE KEY-----\n" + canary + "\n-----END RSA PRIVATE KEY-----\n",
		"PEM, SEC 1":          "-----BEGIN EC PRIVATE KEY-----\n" + canary + "\n-----END EC PRIVATE KEY-----\n",
		"PEM header":          "-----BEGIN PRIVATE KEY-----\nComment: " + canary + "\n\n" + canary + "\n-----END PRIVATE KEY-----\n",
		"PEM without an end":  "-----BEGIN PRIVATE KEY-----\n" + canary,
		"PEM on one line":     "-----BEGIN PRIVATE KEY----- " + canary + " -----END PRIVATE KEY-----",
		"JWK":                 `{"kty":"RSA","n":"` + canary + `","e":"AQAB","d":"` + canary + `"}`,
		"JWK, EC":             `{"kty":"EC","crv":"P-256","x":"` + canary + `","y":"` + canary + `","d":"` + canary + `"}`,
		"JWK, OKP":            `{"kty":"OKP","crv":"Ed25519","x":"` + canary + `","d":"` + canary + `"}`,
		"JWK, symmetric":      `{"kty":"oct","k":"` + canary + `"}`,
		"JWK, kind unknown":   `{"kty":"` + canary + `"}`,
		"JWK, curve unknown":  `{"kty":"EC","crv":"` + canary + `","x":"AA","y":"AA","d":"AA"}`,
		"JWK, broken":         `{"d":"` + canary,
		"JWK, broken number":  `{"d":` + canary + `}`,
		"JWK, member of type": `{"kty":"RSA","d":["` + canary + `"]}`,
		"JWK Set":             `{"keys":[{"kty":"oct","k":"` + canary + `"},{"kty":"oct","k":"` + canary + `"}]}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := keys.Parse(secret.New(text), "")
			if err == nil {
				t.Fatal("the key was taken")
			}
			if strings.Contains(err.Error(), canary[:20]) {
				t.Errorf("the error quotes the key: %v", err)
			}
		})
	}
}
