// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

func proxyURL(text string) secret.String { return secret.New(text) }

// proxyServer is an HTTP proxy that requires user:pass%40word and records requests.
type proxyServer struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string
}

func startProxy(t *testing.T) *proxyServer {
	t.Helper()
	proxy := &proxyServer{}
	proxy.Server = start(t, proxy.serve)
	return proxy
}

// url is the proxy's address with userinfo.
func (p *proxyServer) url(userinfo string) secret.String {
	return secret.New("http://" + userinfo + "@" + p.Listener.Addr().String())
}

func (p *proxyServer) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

func (p *proxyServer) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.seen = append(p.seen, r.Method+" "+r.RequestURI)
	p.mu.Unlock()
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:pass@word"))
	switch {
	case r.Header.Get("Proxy-Authorization") != want:
		w.WriteHeader(http.StatusProxyAuthRequired)
		w.Header().Set("X-Received", r.Header.Get("Proxy-Authorization"))
	case r.Method == http.MethodConnect:
		tunnel(w, r)
	default:
		_, _ = io.WriteString(w, "from the proxy")
	}
}

// tunnel joins the connection of w with the server that r names.
func tunnel(w http.ResponseWriter, r *http.Request) {
	server, err := new(net.Dialer).DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = server.Close() }()
	w.WriteHeader(http.StatusOK)
	client, received, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = client.Close() }()
	go func() { _, _ = io.Copy(server, received) }()
	_, _ = io.Copy(client, server)
}

// RFC 9112 section 3.2.2: a proxy is sent the absolute form.
func TestProxyForHTTP(t *testing.T) {
	t.Parallel()
	proxy := startProxy(t)
	client := newClient(t, httpstack.Config{ProxyURL: proxy.url("user:pass%40word"), AllowPlaintextHTTP: true})
	response, err := get(t, client, "http://as.example/token?a=b")
	if err != nil {
		t.Fatal(err)
	}
	if string(response.Body) != "from the proxy" || fmt.Sprint(proxy.requests()) != "[GET http://as.example/token?a=b]" {
		t.Errorf("body is %q, proxy saw %q", response.Body, proxy.requests())
	}
}

// TestProxyCredentialsAreSecretsOfTheResponse: a page of the proxy may echo them.
func TestProxyCredentialsAreSecretsOfTheResponse(t *testing.T) {
	t.Parallel()
	proxy := startProxy(t)
	client := newClient(t, httpstack.Config{ProxyURL: proxy.url("user:pass%40word"), AllowPlaintextHTTP: true})
	response, err := get(t, client, "http://as.example/token")
	if err != nil {
		t.Fatal(err)
	}
	redactor := secret.NewRedactor(response.Secrets...)
	for _, echo := range []string{"pass@word", "pass%40word", "Basic dXNlcjpwYXNzQHdvcmQ=", "dXNlcjpwYXNzQHdvcmQ=", "http://user:pass%40word@proxy"} {
		if got := redactor.Excerpt(echo, 512); strings.Contains(got, "word") || strings.Contains(got, "dXNl") {
			t.Errorf("%q is shown as %q", echo, got)
		}
	}
}

// RFC 9110 section 9.3.6. A proxy that the user names serves loopback addresses
// too, which the proxy variables never apply to.
func TestProxyForHTTPS(t *testing.T) {
	t.Parallel()
	ca, proxy := newAuthority(t), startProxy(t)
	var authorization, proxyAuthorization string
	server := startTLS(t, ca, nil, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		authorization, proxyAuthorization = r.Header.Get("Authorization"), r.Header.Get("Proxy-Authorization")
	}))
	client := newClient(t, httpstack.Config{ProxyURL: proxy.url("user:pass%40word"), CACertificates: ca.pem()})
	_, err := client.Do(t.Context(), httpstack.Request{
		Method: "POST", URL: parse(t, server.URL), Header: http.Header{"Authorization": {"Bearer x"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "[CONNECT " + server.Listener.Addr().String() + "]"; fmt.Sprint(proxy.requests()) != want {
		t.Errorf("proxy saw %q, want %s", proxy.requests(), want)
	}
	if authorization != "Bearer x" || proxyAuthorization != "" {
		t.Errorf("server saw Authorization %q and Proxy-Authorization %q", authorization, proxyAuthorization)
	}
}

func TestProxyFailures(t *testing.T) {
	t.Parallel()
	ca, proxy := newAuthority(t), startProxy(t)
	plainProxyAsTLS := secret.New("https://user:canary@" + proxy.Listener.Addr().String())
	garbled := secret.New("http://user:canary@" + serveText(t, "canary\r\n\r\n"))
	hangsUp := secret.New("http://user:canary@" + serveText(t, ""))
	tinyproxy := secret.New("http://user:canary@" + serveText(t, "HTTP/1.0 401 Unauthorized\r\nServer: tinyproxy/1.11.1\r\nWWW-Authenticate: Basic realm=\"Tinyproxy\"\r\n\r\n"))
	absent := secret.New("http://user:canary@" + closedAddress(t))
	unverified := strings.Replace(startTLS(t, ca, nil, empty).URL, "https://", "https://user:canary@", 1)
	tests := map[string]struct {
		proxy secret.String
		url   string
		text  string
	}{
		"407 for http":          {proxy.url("user:canary"), "http://as.example/", "407 Proxy Authentication Required"},
		"407 for https":         {proxy.url("user:canary"), "https://as.example/", "407 Proxy Authentication Required"},
		"401 of tinyproxy":      {tinyproxy, "http://as.example/", "the proxy responded with status 401 Unauthorized"},
		"502":                   {proxy.url("user:pass%40word"), "https://" + closedAddress(t), "502 Bad Gateway"},
		"nothing listens":       {absent, "https://as.example/", "connection refused"},
		"nothing listens, http": {absent, "http://as.example/", "connection refused"},
		"no TLS at the proxy":   {plainProxyAsTLS, "https://as.example/", "does not speak TLS"},
		"unknown authority":     {secret.New(unverified), "https://as.example/", "unknown authority"},
		"garbled response":      {garbled, "https://as.example/", "could not be set up"},
		"hangs up":              {hangsUp, "https://as.example/", "could not be set up"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, httpstack.Config{ProxyURL: test.proxy, AllowPlaintextHTTP: true})
			_, err := get(t, client, test.url)
			wantFailure(t, err, httpstack.Proxy, false)
			wantText(t, err, test.text)
			failed := asError(t, err)
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, failed.Err, failed.Err), "canary") {
				t.Errorf("error shows the password: %#v", failed)
			}
		})
	}
}

// If a proxy may have responded itself, the error names it.
func TestProxyCutsResponse(t *testing.T) {
	t.Parallel()
	address := serveText(t, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 99\r\n\r\ncanary")
	client := newClient(t, httpstack.Config{ProxyURL: secret.New("http://user:canary@" + address)})
	_, err := get(t, client, "http://127.0.0.1:1/")
	wantFailure(t, err, httpstack.Truncated, true)
	if failed := asError(t, err); failed.Proxy != address {
		t.Errorf("the proxy is %q, want %q", failed.Proxy, address)
	}
}

// A 407 of the server itself is a response like others.
func TestServerResponds407(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) })
	tests := map[string]struct {
		proxy secret.String
		url   string
	}{
		"no proxy":         {secret.String{}, start(t, handler).URL},
		"behind a tunnel":  {startProxy(t).url("user:pass%40word"), startTLS(t, ca, nil, handler).URL},
		"no proxy, HTTP/2": {secret.String{}, startTLS(t, ca, nil, handler).URL},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, err := get(t, newClient(t, httpstack.Config{ProxyURL: test.proxy, CACertificates: ca.pem()}), test.url)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != http.StatusProxyAuthRequired {
				t.Errorf("status is %d, want 407", response.StatusCode)
			}
		})
	}
}

// TestProxyThatHangs is named, without its credentials, whether it is to connect or to
// bring a response.
func TestProxyThatHangs(t *testing.T) {
	t.Parallel()
	silent := serveRaw(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	for address, text := range map[string]string{
		"https://as.example/": "no connection through the proxy " + silent + " within 1s",
		"http://as.example/":  "no complete response through the proxy " + silent + " within 1s",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			config := httpstack.Config{ProxyURL: secret.New("http://user:canary@" + silent), AllowPlaintextHTTP: true, Timeout: time.Second}
			_, err := get(t, newClient(t, config), address)
			wantFailure(t, err, httpstack.Timeout, strings.HasPrefix(address, "http:"))
			wantText(t, err, text)
			if failure := asError(t, err); failure.Proxy != silent || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %+v", failure)
			}
		})
	}
}

// A server behind a proxy that fails in TLS is no failure of the proxy.
func TestServerBehindProxyFails(t *testing.T) {
	t.Parallel()
	server := startTLS(t, newAuthority(t), nil, empty)
	client := newClient(t, httpstack.Config{ProxyURL: startProxy(t).url("user:pass%40word")})
	_, err := get(t, client, server.URL)
	wantFailure(t, err, httpstack.TLS, false)
}

// The proxy could speak HTTP/2, which CONNECT of net/http cannot.
func TestHTTPSProxy(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	records := &proxyServer{}
	proxy := startTLS(t, ca, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, nil)}}, http.HandlerFunc(records.serve))
	server := startTLS(t, ca, nil, empty)
	address := strings.Replace(proxy.URL, "https://", "https://user:pass%40word@", 1)
	client := newClient(t, httpstack.Config{ProxyURL: secret.New(address), CACertificates: ca.pem()})
	if _, err := get(t, client, server.URL); err != nil {
		t.Fatal(err)
	}
	if len(records.requests()) != 1 {
		t.Errorf("proxy saw %q, want one CONNECT", records.requests())
	}
}

// socks speaks SOCKS5 (RFC 1928) without authentication, responds to every request
// with reply, and is then an HTTP server.
func socks(reply byte) func(net.Conn) {
	return func(conn net.Conn) {
		greeting := make([]byte, 2)
		_, _ = io.ReadFull(conn, greeting)
		_, _ = io.CopyN(io.Discard, conn, int64(greeting[1])) // methods
		_, _ = conn.Write([]byte{5, 0})
		head := make([]byte, 5) // version, command, reserved, address type 3, length of the name
		_, _ = io.ReadFull(conn, head)
		nameAndPort := make([]byte, int(head[4])+2)
		_, _ = io.ReadFull(conn, nameAndPort)
		_, _ = conn.Write([]byte{5, reply, 0, 1, 0, 0, 0, 0, 0, 0})
		if reply != 0 {
			return
		}
		name, port := nameAndPort[:head[4]], binary.BigEndian.Uint16(nameAndPort[head[4]:])
		_, _ = conn.Read(make([]byte, 1<<14))
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%s:%d", name, port)
	}
}

func TestSOCKSProxy(t *testing.T) {
	t.Parallel()
	config := func(reply byte) httpstack.Config {
		return httpstack.Config{ProxyURL: secret.New("socks5://user:canary@" + serveRaw(t, socks(reply))), AllowPlaintextHTTP: true}
	}
	response, err := get(t, newClient(t, config(0)), "http://as.example/")
	if err != nil {
		t.Fatal(err)
	}
	if string(response.Body) != "as.example:80" {
		t.Errorf("proxy was asked for %q, want as.example:80", response.Body)
	}
	_, err = get(t, newClient(t, config(4)), "http://as.example/")
	wantFailure(t, err, httpstack.Proxy, false)
	wantText(t, err, "host unreachable")
}

func TestTimeoutAtProxy(t *testing.T) {
	t.Parallel()
	client := newClient(t, httpstack.Config{ProxyURL: secret.New("http://proxy.example:3128"), Timeout: 1})
	client.SetDialContext(func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	_, err := get(t, client, "https://as.example/")
	wantFailure(t, err, httpstack.Timeout, false)
}

func TestProxyURLIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"no scheme":             {"proxy.example:3128", "must begin with"},
		"userinfo, no scheme":   {"user:canary@proxy.example:3128", "must begin with"},
		"other scheme":          {"ftp://user:canary@proxy.example", "must begin with"},
		"no host":               {"http://user:canary@", "no host"},
		"raw slash in password": {"http://user:can/ary@proxy.example:3128", "percent-encoded"},
		"bad escape":            {"http://user:canary%@proxy.example", "percent-encoded"},
		"path":                  {"http://user:canary@proxy.example/proxy.pac", "host and port"},
		"query":                 {"http://user:canary@proxy.example?x", "host and port"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := httpstack.New(httpstack.Config{ProxyURL: secret.New(test.text)})
			if err == nil {
				t.Fatal("accepted")
			}
			wantText(t, err, test.want)
			if strings.Contains(err.Error(), "can") {
				t.Errorf("error shows the password: %v", err)
			}
		})
	}
}
