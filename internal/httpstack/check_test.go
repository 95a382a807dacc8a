// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Nothing listens on the hosts named here, so a request that is not refused
// fails with another kind.
func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	const canary = "canary-value"
	header := func(name, value string) http.Header { return http.Header{name: {value}} }
	tests := map[string]struct {
		method, url string
		header      http.Header
		kind        httpstack.Kind
		text        string
	}{
		"no method":               {"", "https://127.0.0.1:1/", nil, httpstack.Invalid, "method"},
		"method with space":       {"GET /", "https://127.0.0.1:1/", nil, httpstack.Invalid, "method"},
		"tunnel":                  {"CONNECT", "https://127.0.0.1:1/", nil, httpstack.Invalid, "method"},
		"TRACE echoes headers":    {"TRACE", "https://127.0.0.1:1/", nil, httpstack.Invalid, "method"},
		"no URL":                  {"GET", "", nil, httpstack.Invalid, "https://"},
		"other scheme":            {"GET", "ftp://127.0.0.1/x", nil, httpstack.Invalid, "https://"},
		"opaque URL":              {"GET", "https:127.0.0.1", nil, httpstack.Invalid, "host"},
		"port without host":       {"GET", "https://:443/", nil, httpstack.Invalid, "host"},
		"userinfo":                {"GET", "https://user:" + canary + "@127.0.0.1:1/", nil, httpstack.Invalid, "user name"},
		"user alone":              {"GET", "https://" + canary + "@127.0.0.1:1/", nil, httpstack.Invalid, "user name"},
		"space in query":          {"GET", "https://127.0.0.1:1/?a=" + canary + " HTTP/1.1", nil, httpstack.Invalid, "percent-encoded"},
		"plaintext":               {"GET", "http://192.0.2.1/x?" + canary, nil, httpstack.Plaintext, "plaintext"},
		"plaintext, private host": {"GET", "http://10.0.0.1/", nil, httpstack.Plaintext, "plaintext"},
		"plaintext, lookalike":    {"GET", "http://localhost.example.com/", nil, httpstack.Plaintext, "plaintext"},
		"plaintext, unspecified":  {"GET", "http://0.0.0.0/", nil, httpstack.Plaintext, "plaintext"},
		"header name with colon":  {"GET", "https://127.0.0.1:1/", header("X:", "1"), httpstack.Invalid, "header name"},
		"header name with space":  {"GET", "https://127.0.0.1:1/", header("X ", "1"), httpstack.Invalid, "header name"},
		"header name, line break": {"GET", "https://127.0.0.1:1/", header("X\r\nY", "1"), httpstack.Invalid, "header name"},
		"empty header name":       {"GET", "https://127.0.0.1:1/", header("", "1"), httpstack.Invalid, "header name"},
		"value with line break":   {"GET", "https://127.0.0.1:1/", header("X", canary+"\r\nY: 1"), httpstack.Invalid, "header X"},
		"value with line feed":    {"GET", "https://127.0.0.1:1/", header("X", canary+"\nY: 1"), httpstack.Invalid, "header X"},
		"value with NUL":          {"GET", "https://127.0.0.1:1/", header("X", canary+"\x00"), httpstack.Invalid, "header X"},
		"Transfer-Encoding":       {"GET", "https://127.0.0.1:1/", header("transfer-encoding", "chunked"), httpstack.Invalid, "transfer-encoding"},
		"Content-Length":          {"GET", "https://127.0.0.1:1/", header("Content-Length", "0"), httpstack.Invalid, "Content-Length"},
		"Host":                    {"GET", "https://127.0.0.1:1/", header("Host", "example.com"), httpstack.Invalid, "Host"},
		"Proxy-Authorization":     {"GET", "https://127.0.0.1:1/", header("Proxy-Authorization", canary), httpstack.Invalid, "Proxy-Authorization"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, httpstack.Config{})
			_, err := client.Do(t.Context(), httpstack.Request{Method: test.method, URL: parse(t, test.url), Header: test.header})
			wantFailure(t, err, test.kind, false)
			wantText(t, err, test.text)
			if strings.Contains(err.Error(), canary) {
				t.Errorf("error shows a value: %v", err)
			}
		})
	}
}

func TestNilURLIsRefused(t *testing.T) {
	t.Parallel()
	_, err := newClient(t, httpstack.Config{}).Do(t.Context(), httpstack.Request{Method: "GET"})
	wantFailure(t, err, httpstack.Invalid, false)
}

// obs-text and tabs are legal in a field value (RFC 9110 section 5.5).
func TestLegalHeaderValues(t *testing.T) {
	t.Parallel()
	server := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Received", r.Header.Get("X"))
	})
	for _, value := range []string{"a\tb", "Grüße", "", `";,=`} {
		response, err := newClient(t, httpstack.Config{}).Do(t.Context(),
			httpstack.Request{Method: "GET", URL: parse(t, server.URL), Header: http.Header{"X": {value}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := response.Header.Get("X-Received"); got != value {
			t.Errorf("server received %q, want %q", got, value)
		}
	}
}

// Whether plaintext is allowed shows in how a connection to a closed port fails.
func TestPlaintextExceptions(t *testing.T) {
	t.Parallel()
	closed := parse(t, "http://"+closedAddress(t)).Port()
	tests := map[string]struct {
		host   string
		config httpstack.Config
		kind   httpstack.Kind
	}{
		"IPv4 loopback":                      {"127.0.0.1", httpstack.Config{}, httpstack.Refused},
		"whole loopback block":               {"127.8.9.10", httpstack.Config{}, httpstack.Refused},
		"IPv4 loopback as IPv6":              {"[::ffff:127.0.0.1]", httpstack.Config{}, httpstack.Refused},
		"name":                               {"LocalHost", httpstack.Config{}, httpstack.Refused},
		"allowed, over a proxy":              {"192.0.2.1", httpstack.Config{AllowPlaintextHTTP: true, ProxyURL: proxyAt("127.0.0.1", closed)}, httpstack.Proxy},
		"not allowed, over a proxy":          {"192.0.2.1", httpstack.Config{ProxyURL: proxyAt("127.0.0.1", closed)}, httpstack.Plaintext},
		"loopback, over a loopback proxy":    {"127.0.0.1", httpstack.Config{ProxyURL: proxyAt("127.0.0.1", closed)}, httpstack.Proxy},
		"loopback, carried away by a proxy":  {"127.0.0.1", httpstack.Config{ProxyURL: proxyAt("192.0.2.1", closed)}, httpstack.Plaintext},
		"localhost, carried away by a proxy": {"localhost", httpstack.Config{ProxyURL: proxyAt("proxy.example.com", closed)}, httpstack.Plaintext},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := &url.URL{Scheme: "http", Host: test.host + ":" + closed, Path: "/"}
			_, err := newClient(t, test.config).Do(t.Context(), httpstack.Request{Method: "GET", URL: u})
			wantFailure(t, err, test.kind, false)
		})
	}
}

func proxyAt(host, port string) secret.String { return secret.New("http://" + host + ":" + port) }
