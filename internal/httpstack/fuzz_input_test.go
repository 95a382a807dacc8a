// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
)

// wire returns what a client writes for a request, "" where it refuses to.
func wire(t *testing.T, request httpstack.Request) string {
	t.Helper()
	client, err := httpstack.New(httpstack.Config{AllowPlaintextHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	written := make(chan string, 1)
	client.SetDialContext(func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			buffer := make([]byte, 1<<20)
			n := 0
			for !bytes.Contains(buffer[:n], []byte("\r\n\r\n")) {
				more, err := far.Read(buffer[n:])
				if n += more; err != nil {
					break
				}
			}
			written <- string(buffer[:n])
			_ = far.Close()
		}()
		return near, nil
	})
	_, _ = client.Do(t.Context(), request) // there is no response
	select {
	case text := <-written:
		return text
	default:
		return ""
	}
}

// FuzzHeader holds that a header field which is accepted is one line of the
// request, and says what it should.
func FuzzHeader(f *testing.F) {
	for name, value := range map[string]string{
		"X-Tenant": "a b", "x-name": "Größe\t", "Transfer-Encoding": "chunked", "X": "1\r\nY: 2", "X:": "", "": "", "X-Æ": "x", "Cookie": "a=b",
	} {
		f.Add(name, value)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		if httpstack.CheckHeader(name, value) != nil {
			return
		}
		canonical := http.CanonicalHeaderKey(name)
		request := httpstack.Request{Method: http.MethodGet, URL: parse(t, "http://as.example/"), Header: http.Header{canonical: {value}}}
		head, _, whole := strings.Cut(wire(t, request), "\r\n\r\n")
		lines := strings.Split(head, "\r\n")
		found := 0
		for _, line := range lines[1:] {
			if line == canonical+": "+value {
				found++
			}
			if strings.ContainsAny(line, "\r\n\x00") {
				t.Errorf("a line is %q", line)
			}
		}
		// The request line, Host, this one, and what net/http adds: User-Agent and
		// Accept-Encoding, where they are not this one.
		if !whole || found != 1 || len(lines) > 5 {
			t.Errorf("%q: %q became %q", name, value, lines)
		}
	})
}

// FuzzURL holds that a URL which is accepted makes one request line, of visible
// ASCII, to the host that it names.
func FuzzURL(f *testing.F) {
	for _, text := range []string{
		"http://as.example/token?x=1", "http://AS.example:8080/a%2Fb", "http://as.example?a b", "http://[::1]/", "http://a@as.example/",
		"http://as.example/größe?größe", "http://größe.example/", "http://as.example/#x", "//as.example/", "http:as.example", "http://as.example\r\nX: 1/",
		"http://as.example/\u202e", "http://as.example/ HTTP/1.1\r\nHost: x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		target, err := url.Parse(text)
		if err != nil || target.Scheme != "http" {
			return
		}
		sent := wire(t, httpstack.Request{Method: http.MethodGet, URL: target})
		if sent == "" {
			return
		}
		line, head, _ := strings.Cut(sent, "\r\n")
		words := strings.Split(line, " ")
		if len(words) != 3 || words[0] != "GET" || words[2] != "HTTP/1.1" || strings.Count(head, "Host: ") != 1 {
			t.Fatalf("%q became %q", text, sent)
		}
		if strings.ContainsFunc(words[1], func(char rune) bool { return char <= ' ' || char > '~' }) {
			t.Errorf("%q has the request-target %q", text, words[1])
		}
		if !strings.HasPrefix(words[1], "/") {
			t.Errorf("%q has the request-target %q", text, words[1])
		}
		if target.User != nil {
			t.Errorf("%q was sent, user name and all", text)
		}
	})
}

// FuzzProxyURL holds that nothing of a proxy's URL gets into an error.
func FuzzProxyURL(f *testing.F) {
	for _, text := range []string{
		"http://user:p%40ss@proxy.example:3128", "socks5://127.0.0.1:1080", "proxy.example:3128", "http://user:pa%ss@proxy.example", "http:// /", "",
		"ftp://proxy.example/", "http://proxy.example/path?x", "http://[::1", "http://user:pass word@proxy.example",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const canary = "c4n4ry"
		for _, planted := range []string{text, canary + text, strings.Replace(text, "@", canary+"@", 1), text + canary} {
			if _, err := httpstack.ParseProxyURL(planted); err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("%q: %v", planted, err)
			}
		}
	})
}

// FuzzCertificates holds that texts which are accepted can be used.
func FuzzCertificates(f *testing.F) {
	for _, text := range []string{
		"", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
		"# comment\n-----BEGIN CERTIFICATE-----\nA: b\n\nMIIB\n-----END CERTIFICATE-----\n", "0\x82\x01",
	} {
		f.Add(text)
	}
	authority := newAuthority(f)
	f.Add(authority.pem())
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := keys.ParseCertificates(text); err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("the error is %d bytes long", len(err.Error()))
			}
			return
		}
		if _, err := httpstack.New(httpstack.Config{CACertificates: text}); err != nil {
			t.Errorf("accepted, and then not: %v", err)
		}
	})
}
