// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redistest

import (
	"crypto"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
)

// configuration is for the server's standard input, so that no password is in a file or
// on a command line.
func configuration(t testing.TB, server *Server, folder string, options Options) string {
	t.Helper()
	host, port, _ := net.SplitHostPort(server.Address)
	lines := []string{
		"bind " + host,
		"unixsocket " + strconv.Quote(server.Socket),
		"dir " + strconv.Quote(folder),
		`save ""`,
		"appendonly no",
		"maxmemory " + strconv.Itoa(options.MaxMemory),
		"maxmemory-policy noeviction",
	}
	if options.TLS == nil {
		lines = append(lines, "port "+port)
	} else {
		lines = append(lines, "port 0", "tls-port "+port)
		lines = append(lines, secured(t, folder, options)...)
	}
	for _, user := range options.Users {
		lines = append(lines, "user "+user)
	}
	return strings.Join(append(lines, options.Directives...), "\n") + "\n"
}

// secured writes the certificates to files and returns the lines that name them.
func secured(t testing.TB, folder string, options Options) []string {
	t.Helper()
	signer, ok := options.TLS.PrivateKey.(crypto.Signer)
	if !ok {
		t.Fatalf("a private key of type %T", options.TLS.PrivateKey)
	}
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return strconv.Quote(path)
	}
	lines := []string{
		"tls-cert-file " + write("certificate.pem", authservertest.CertificatePEM(*options.TLS)),
		"tls-key-file " + write("key.pem", authservertest.PKCS8(t, signer)),
	}
	if options.ClientCA == "" {
		return append(lines, "tls-auth-clients no")
	}
	return append(lines, "tls-ca-cert-file "+write("client-ca.pem", options.ClientCA))
}
