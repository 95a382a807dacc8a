// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

var empty = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

func TestServerCertificate(t *testing.T) {
	t.Parallel()
	ca, stranger := newAuthority(t), newAuthority(t)
	good := ca.issue(t, nil)
	expired := ca.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	otherHost := ca.issue(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"internal.example"} })
	tests := map[string]struct {
		certificate tls.Certificate
		config      httpstack.Config
		text        string // of the error; "" means success
	}{
		"known authority":           {good, httpstack.Config{CACertificates: ca.pem()}, ""},
		"one of two authorities":    {good, httpstack.Config{CACertificates: "first\n" + stranger.pem() + "\nsecond\n" + ca.pem()}, ""},
		"system authorities only":   {good, httpstack.Config{}, "unknown authority"},
		"unknown authority":         {good, httpstack.Config{CACertificates: stranger.pem()}, "unknown authority"},
		"expired":                   {expired, httpstack.Config{CACertificates: ca.pem()}, "expired"},
		"another host":              {otherHost, httpstack.Config{CACertificates: ca.pem()}, "127.0.0.1"},
		"server name":               {otherHost, httpstack.Config{CACertificates: ca.pem(), ServerName: "internal.example"}, ""},
		"another server name":       {good, httpstack.Config{CACertificates: ca.pem(), ServerName: "internal.example"}, "internal.example"},
		"verification off":          {expired, httpstack.Config{InsecureSkipVerify: true}, ""},
		"verification off, no host": {otherHost, httpstack.Config{InsecureSkipVerify: true}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startTLS(t, ca, &tls.Config{Certificates: []tls.Certificate{test.certificate}}, empty)
			_, err := get(t, newClient(t, test.config), server.URL)
			if test.text == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantFailure(t, err, httpstack.TLS, false)
			wantText(t, err, test.text)
		})
	}
}

// TestNameInCertificateIsOneLine holds that a server cannot write lines of its own
// into an error.
func TestNameInCertificateIsOneLine(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	forged := ca.issue(t, func(c *x509.Certificate) {
		c.IPAddresses, c.DNSNames = nil, []string{"a.example\nError: forged\x1b[31m"}
	})
	server := startTLS(t, ca, &tls.Config{Certificates: []tls.Certificate{forged}}, empty)
	_, err := get(t, newClient(t, httpstack.Config{CACertificates: ca.pem(), ServerName: "b.example"}), server.URL)
	wantFailure(t, err, httpstack.TLS, false)
	wantText(t, err, "a.example Error: forged")
	if strings.ContainsAny(err.Error(), "\n\x1b") {
		t.Errorf("got %q", err)
	}
}

// Diagnostics give another remedy for each, so the types must survive.
func TestCertificateErrorsKeepTheirType(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server := startTLS(t, ca, nil, empty)
	_, unknown := get(t, newClient(t, httpstack.Config{}), server.URL)
	if _, ok := errors.AsType[x509.UnknownAuthorityError](unknown); !ok {
		t.Errorf("no x509.UnknownAuthorityError in %v", unknown)
	}
	_, mismatch := get(t, newClient(t, httpstack.Config{CACertificates: ca.pem(), ServerName: "x.example"}), server.URL)
	if _, ok := errors.AsType[x509.HostnameError](mismatch); !ok {
		t.Errorf("no x509.HostnameError in %v", mismatch)
	}
}

func TestProtocolVersions(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	config := func(maximum uint16) *tls.Config {
		return &tls.Config{ //nolint:gosec // a server that is too old
			MinVersion:   tls.VersionTLS10,
			MaxVersion:   maximum,
			Certificates: []tls.Certificate{ca.issue(t, nil)},
		}
	}
	client := newClient(t, httpstack.Config{CACertificates: ca.pem()})
	old := startTLS(t, ca, config(tls.VersionTLS11), empty)
	_, err := get(t, client, old.URL)
	wantFailure(t, err, httpstack.TLS, false)
	wantText(t, err, "version")

	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		if _, err := get(t, client, startTLS(t, ca, config(version), empty).URL); err != nil {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}

func TestHTTP2IsUsed(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server := startTLS(t, ca, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Received", r.Proto)
	}))
	response, err := get(t, newClient(t, httpstack.Config{CACertificates: ca.pem()}), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Header.Get("X-Received"); got != "HTTP/2.0" {
		t.Errorf("protocol is %s, want HTTP/2.0", got)
	}
}

// serveHandshake responds to every request with an empty 204 if the handshake succeeds,
// and else keeps the connection open: closing it could overtake the alert.
func serveHandshake(t *testing.T, config *tls.Config) string {
	t.Helper()
	return serveRaw(t, func(conn net.Conn) {
		server := tls.Server(conn, config)
		if err := server.HandshakeContext(t.Context()); err != nil {
			_, _ = io.Copy(io.Discard, conn)
			return
		}
		_, _ = server.Read(make([]byte, 1<<14))
		_, _ = io.WriteString(server, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	})
}

func TestConnectionEndsAfterHandshake(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, nil)}}
	address := serveRaw(t, func(conn net.Conn) { _ = tls.Server(conn, config).HandshakeContext(t.Context()) })
	_, err := get(t, newClient(t, httpstack.Config{CACertificates: ca.pem()}), "https://"+address)
	wantFailure(t, err, httpstack.Truncated, true)
	wantText(t, err, "require a client certificate?")
}

// Once a response has begun, the handshake has nothing to do with its end.
func TestConnectionEndsWithinAnswer(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, nil)}}
	address := serveRaw(t, func(conn net.Conn) {
		server := tls.Server(conn, config)
		_, _ = server.Read(make([]byte, 1<<14))
		_, _ = io.WriteString(server, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
	})
	_, err := get(t, newClient(t, httpstack.Config{CACertificates: ca.pem()}), "https://"+address)
	wantFailure(t, err, httpstack.Truncated, true)
	if strings.Contains(err.Error(), "certificate") {
		t.Errorf("error blames the handshake: %v", err)
	}
}

// In TLS 1.3 the server's refusal arrives after the client's part of the handshake is
// over, and perhaps after the request is sent; in TLS 1.2 within it.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	ca, stranger := newAuthority(t), newAuthority(t)
	known, unknown := ca.issue(t, nil), stranger.issue(t, nil)
	tests := map[string]struct {
		certificate  *tls.Certificate
		tls12, tls13 string // the alert's name (RFC 5246 section 7.2.2, RFC 8446 section 6.2); "" means success
	}{
		"accepted": {&known, "", ""},
		"missing":  {nil, "handshake failure", "certificate required"},
		"unknown":  {&unknown, "unknown certificate authority", "unknown certificate authority"},
	}
	for name, test := range tests {
		for version, want := range map[uint16]string{tls.VersionTLS12: test.tls12, tls.VersionTLS13: test.tls13} {
			t.Run(name+", "+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				address := serveHandshake(t, &tls.Config{
					MaxVersion:   version,
					Certificates: []tls.Certificate{ca.issue(t, nil)},
					ClientAuth:   tls.RequireAndVerifyClientCert,
					ClientCAs:    ca.pool(),
				})
				client := newClient(t, httpstack.Config{CACertificates: ca.pem(), ClientCertificate: test.certificate})
				_, err := get(t, client, "https://"+address)
				if want == "" {
					if err != nil {
						t.Fatal(err)
					}
					return
				}
				wantFailure(t, err, httpstack.TLS, version == tls.VersionTLS13)
				wantText(t, err, want)
			})
		}
	}
}

// No server lists the authority of a self-signed client certificate.
func TestSelfSignedClientCertificateIsPresented(t *testing.T) {
	t.Parallel()
	ca, stranger := newAuthority(t), newAuthority(t)
	certificate := stranger.issue(t, nil)
	server := startTLS(t, ca, &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, nil)},
		ClientAuth:   tls.RequireAnyClientCert,
		ClientCAs:    ca.pool(), // is sent as the list of acceptable authorities
	}, empty)
	client := newClient(t, httpstack.Config{CACertificates: ca.pem(), ClientCertificate: &certificate})
	if _, err := get(t, client, server.URL); err != nil {
		t.Fatal(err)
	}
}

func TestNoTLSOnPort(t *testing.T) {
	t.Parallel()
	t.Run("plain HTTP", func(t *testing.T) {
		t.Parallel()
		server := start(t, empty)
		_, err := get(t, newClient(t, httpstack.Config{}), strings.Replace(server.URL, "http:", "https:", 1))
		wantFailure(t, err, httpstack.TLS, false)
		wantText(t, err, "does not speak TLS")
	})
	t.Run("closes at once", func(t *testing.T) {
		t.Parallel()
		address := serveRaw(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1<<14)) })
		_, err := get(t, newClient(t, httpstack.Config{}), "https://"+address)
		wantFailure(t, err, httpstack.TLS, false)
		wantText(t, err, "closed the connection during the TLS handshake")
	})
}

func TestCACertificates(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	key, err := x509.MarshalPKCS8PrivateKey(ca.key)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM := encodePEM("PRIVATE KEY", key)
	tests := map[string]struct{ text, want string }{
		"file name":               {"/etc/ssl/private-ca.pem", "file name"},
		"blank":                   {" \n", "not a PEM certificate"},
		"DER":                     {string(ca.certificate.Raw), "not a PEM certificate"},
		"private key":             {keyPEM, "PRIVATE KEY"},
		"private key behind":      {ca.pem() + keyPEM, "PRIVATE KEY"},
		"END line is missing":     {strings.Replace(ca.pem(), "-----END", "", 1), "damaged"},
		"second block is damaged": {ca.pem() + strings.Replace(ca.pem(), "MII", "!!!", 1), "damaged"},
		"lines were joined":       {strings.ReplaceAll(ca.pem(), "\n", " "), "damaged"},
		"not a certificate":       {encodePEM("CERTIFICATE", []byte("text")), "certificate 1"},
		"certificate request":     {encodePEM("CERTIFICATE REQUEST", []byte("text")), "CERTIFICATE REQUEST"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := httpstack.New(httpstack.Config{CACertificates: test.text})
			if err == nil {
				t.Fatal("accepted")
			}
			wantText(t, err, test.want)
			if strings.Contains(err.Error(), keyPEM[40:60]) {
				t.Errorf("error shows the key: %v", err)
			}
		})
	}
}
