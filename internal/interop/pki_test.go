// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// pki is a directory with an authority, certificates and keys. Files named .crt
// are certificates, .key their keys; those in keys sign assertions, and have their
// public key in a file named .pub.
type pki string

// The names that certificates are for.
const (
	serverName = "DNS:localhost,IP:127.0.0.1"
	clientName = "DNS:client.example.com"
)

// newPKI makes the certificates of a server and of clients, good and bad.
func newPKI(t *testing.T) pki {
	t.Helper()
	p := pki(t.TempDir())
	if err := os.Mkdir(p.path("keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	p.authority(t, "ca")
	p.authority(t, "other-ca")
	p.certify(t, "server", "ca", serverName)
	p.certify(t, "client", "ca", clientName)
	p.certify(t, "colleague", "ca", "DNS:colleague.example.com")
	p.certify(t, "forged", "other-ca", clientName)
	p.selfSign(t, "self-signed")
	p.selfSign(t, "other-self-signed")
	return p
}

// path is where a file is.
func (p pki) path(name string) string { return filepath.Join(string(p), name) }

// text is what is in a file.
func (p pki) text(t *testing.T, name string) string {
	t.Helper()
	return read(t, p.path(name))
}

// openssl runs openssl in the directory.
func (p pki) openssl(t *testing.T, args ...string) {
	t.Helper()
	run(t, string(p), "", "openssl", args...)
}

// authority makes a certificate that signs others.
func (p pki) authority(t *testing.T, name string) {
	t.Helper()
	p.openssl(t, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN="+name,
		"-keyout", name+".key", "-out", name+".crt")
}

// certify makes a certificate for a name, signed by an authority.
func (p pki) certify(t *testing.T, name, authority, subjectAltName string) {
	t.Helper()
	p.openssl(t, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN="+name, "-addext", "subjectAltName="+subjectAltName,
		"-keyout", name+".key", "-out", name+".csr")
	p.openssl(t, "x509", "-req", "-in", name+".csr", "-copy_extensions", "copy", "-days", "2",
		"-CA", authority+".crt", "-CAkey", authority+".key", "-CAcreateserial", "-out", name+".crt")
}

// selfSign makes a certificate that nobody else signed.
func (p pki) selfSign(t *testing.T, name string) {
	t.Helper()
	p.openssl(t, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
		"-subj", "/CN="+name, "-keyout", name+".key", "-out", name+".crt")
}

// signingKey makes a key for assertions in keys, as openssl genpkey names it.
func (p pki) signingKey(t *testing.T, name string, algorithm ...string) {
	t.Helper()
	key := p.path("keys/" + name + ".key")
	p.openssl(t, append([]string{"genpkey", "-out", key, "-algorithm"}, algorithm...)...)
	p.openssl(t, "pkey", "-in", key, "-pubout", "-out", p.path("keys/"+name+".pub"))
}

// client is an HTTP client of the test's own that trusts the authority.
func (p pki) client(t *testing.T) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(p.text(t, "ca.crt"))) {
		t.Fatal("the authority's certificate cannot be read")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
