// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// stream sends a request over the client's Streaming transport.
func stream(t *testing.T, client *httpstack.Client, request *http.Request) (*http.Response, error) {
	t.Helper()
	response, err := client.Streaming().RoundTrip(request)
	if err == nil {
		t.Cleanup(func() { _ = response.Body.Close() })
	}
	return response, err
}

func newStream(t *testing.T, method, address string, body io.Reader) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// TestStreamingInBothDirections: 100 MiB go out and come back, and no part is sent before
// the previous one has returned.
func TestStreamingInBothDirections(t *testing.T) {
	t.Parallel()
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		_ = http.NewResponseController(w).Flush()
		part := make([]byte, 32<<10)
		for {
			n, err := r.Body.Read(part)
			_, _ = w.Write(part[:n])
			_ = http.NewResponseController(w).Flush()
			if err != nil {
				return
			}
		}
	})
	ca := newAuthority(t)
	for name, address := range map[string]string{"HTTP/1.1": start(t, echo).URL, "HTTP/2": startTLS(t, ca, nil, echo).URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, body := io.Pipe()
			response, err := stream(t, newClient(t, httpstack.Config{CACertificates: ca.pem()}), newStream(t, http.MethodPost, address, sent))
			if err != nil {
				t.Fatal(err)
			}
			if response.Proto != name && response.Proto != name+".0" {
				t.Errorf("the protocol is %s", response.Proto)
			}
			part, returned := bytes.Repeat([]byte("0123456789abcdef"), 1<<16), make([]byte, 1<<20)
			for i := range 100 {
				go func() { _, _ = body.Write(part) }()
				if _, err := io.ReadFull(response.Body, returned); err != nil || !bytes.Equal(part, returned) {
					t.Fatalf("part %d: %v", i, err)
				}
			}
			_ = body.Close()
			if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 {
				t.Errorf("%d bytes more, %v", len(rest), err)
			}
		})
	}
}

// TestStreamingUpgrade: after a 101, the connection is the caller's (RFC 9110 section
// 7.8), for longer than the request.
func TestStreamingUpgrade(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	upgrade := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			w.WriteHeader(http.StatusHTTPVersionNotSupported)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", r.Header.Get("Upgrade"))
		_, _ = io.Copy(conn, buffered)
	})
	plaintext, encrypted := start(t, upgrade).URL, startTLS(t, ca, nil, upgrade).URL
	for name, row := range map[string]struct{ address, protocol string }{
		"plaintext": {plaintext, "websocket"}, "TLS": {encrypted, "websocket"}, "TLS, another protocol": {encrypted, "SPDY/3.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := newStream(t, http.MethodGet, row.address, nil)
			request.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {row.protocol}}
			response, err := stream(t, newClient(t, httpstack.Config{CACertificates: ca.pem()}), request)
			if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("got %+v, %v", response, err)
			}
			conn, ok := response.Body.(io.ReadWriteCloser)
			if !ok {
				t.Fatalf("the body is a %T", response.Body)
			}
			lines := bufio.NewReader(conn)
			for _, line := range []string{"one\n", "two\n"} {
				_, _ = io.WriteString(conn, line)
				if got, err := lines.ReadString('\n'); err != nil || got != line {
					t.Errorf("got %q, %v", got, err)
				}
			}
		})
	}
}

func TestStreamingPresentsTheClientCertificate(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	own := ca.issue(t, nil)
	server := startTLS(t, ca, &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, nil)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool(),
	}, empty)
	client := newClient(t, httpstack.Config{CACertificates: ca.pem(), ClientCertificate: &own})
	if response, err := stream(t, client, newStream(t, http.MethodGet, server.URL, nil)); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("got %+v, %v", response, err)
	}
	_, err := stream(t, newClient(t, httpstack.Config{CACertificates: ca.pem()}), newStream(t, http.MethodGet, server.URL, nil))
	_ = asError(t, err) // its alert may be lost (RFC 8446 section 6.1)
}

// TestStreamingPlaintextStaysOnTheMachine as requests of Do do.
func TestStreamingPlaintextStaysOnTheMachine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url    string
		config httpstack.Config
		dialed string
		sent   bool
	}{
		"this machine":         {"http://localhost/", httpstack.Config{}, "127.0.0.1:80", true},
		"its name elsewhere":   {"http://localhost/", httpstack.Config{}, "192.0.2.1:80", false},
		"another":              {"http://192.0.2.1/", httpstack.Config{}, "192.0.2.1:80", false},
		"another, allowed":     {"http://192.0.2.1/", httpstack.Config{AllowPlaintextHTTP: true}, "192.0.2.1:80", true},
		"by a proxy elsewhere": {"http://localhost/", httpstack.Config{ProxyURL: proxyAt("192.0.2.1", "3128")}, "192.0.2.1:3128", false},
	}
	server := start(t, empty)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var written atomic.Int64
			client := newClient(t, test.config)
			client.SetDialContext(func(ctx context.Context, network, _ string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
				return remoteConn{conn, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(test.dialed)), &written}, err
			})
			_, err := stream(t, client, newStream(t, http.MethodPost, test.url, strings.NewReader("canary")))
			if test.sent {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantFailure(t, err, httpstack.Plaintext, false)
			if n := written.Load(); n > 0 {
				t.Errorf("%d bytes were sent", n)
			}
		})
	}
}

// TestStreamingConnectsInTime: the timeout bounds all that precedes the request.
func TestStreamingConnectsInTime(t *testing.T) {
	t.Parallel()
	silent := func(context.Context, string, string) (net.Conn, error) {
		conn, server := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, server) }()
		return conn, nil
	}
	tests := map[string]struct {
		config httpstack.Config
		dial   func(context.Context, string, string) (net.Conn, error)
	}{
		"connection": {httpstack.Config{}, func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}},
		"TLS handshake":      {httpstack.Config{}, silent},
		"CONNECT of a proxy": {httpstack.Config{ProxyURL: proxyAt("192.0.2.1", "3128")}, silent},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				test.config.Timeout = 7 * time.Second
				client := newClient(t, test.config)
				client.SetDialContext(test.dial)
				begin := time.Now()
				_, err := stream(t, client, newStream(t, http.MethodGet, "https://api.example.com/orders?canary", nil))
				wantFailure(t, err, httpstack.Timeout, false)
				wantText(t, err, "GET https://api.example.com/orders: no connection")
				if elapsed := time.Since(begin); elapsed != 7*time.Second {
					t.Errorf("after %s", elapsed)
				}
			})
		})
	}
}

// TestStreamingTakesForever: once connected, neither the server nor the body has to
// hurry.
func TestStreamingTakesForever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, httpstack.Config{AllowPlaintextHTTP: true, Timeout: time.Second})
		client.SetDialContext(func(context.Context, string, string) (net.Conn, error) {
			conn, server := net.Pipe()
			go func() {
				defer func() { _ = server.Close() }()
				_, _ = http.ReadRequest(bufio.NewReader(server))
				for _, part := range []string{"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n", "slow", "body"} {
					time.Sleep(time.Hour)
					_, _ = io.WriteString(server, part)
				}
			}()
			return conn, nil
		})
		response, err := stream(t, client, newStream(t, http.MethodGet, "http://api.example.com/", nil))
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(response.Body); err != nil || string(body) != "slowbody" {
			t.Errorf("got %q, %v", body, err)
		}
	})
}

// TestStreamingPassesAsItIs: compressed bodies, header fields and trailers, and no
// redirect is followed.
func TestStreamingPassesAsItIs(t *testing.T) {
	t.Parallel()
	received := make(chan http.Header, 1)
	server := start(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		r.Header["Trailer-Received"] = r.Trailer["Checksum"]
		received <- r.Header
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Location", "/elsewhere")
		w.Header().Set("Trailer", "Digest")
		w.WriteHeader(http.StatusFound)
		_, _ = io.WriteString(w, "not gzip")
		w.Header().Set("Digest", "sha-256=abc")
	})
	request := newStream(t, http.MethodPost, server.URL, io.MultiReader(strings.NewReader("chunked")))
	request.Header = http.Header{"User-Agent": {""}, "X-Value": {"a", "b"}}
	request.Trailer = http.Header{"Checksum": {"123"}}
	response, err := stream(t, newClient(t, httpstack.Config{UserAgent: "provider/1"}), request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "not gzip" || response.StatusCode != http.StatusFound || response.Trailer.Get("Digest") != "sha-256=abc" {
		t.Errorf("got %d %q %v, %v", response.StatusCode, body, response.Trailer, err)
	}
	header := <-received
	if header.Get("Trailer-Received") != "123" || len(header) != 2 || len(header["X-Value"]) != 2 {
		t.Errorf("the server received %v", header)
	}
}

func TestStreamingFailures(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := map[string]struct {
		address string
		ctx     context.Context //nolint:containedctx // the request's
		config  httpstack.Config
		kind    httpstack.Kind
		sent    bool
	}{
		"nothing listens":  {address: "http://" + closedAddress(t), kind: httpstack.Refused},
		"unknown CA":       {address: startTLS(t, ca, nil, empty).URL, kind: httpstack.TLS},
		"caller has left":  {address: "http://" + closedAddress(t), ctx: ended, kind: httpstack.Canceled},
		"proxy is down":    {address: "https://api.example.com", config: httpstack.Config{ProxyURL: proxyURL("http://" + closedAddress(t))}, kind: httpstack.Proxy},
		"no HTTP":          {address: "http://" + serveText(t, "canary\r\n\r\n"), kind: httpstack.Protocol, sent: true},
		"closed":           {address: "http://" + serveText(t, ""), kind: httpstack.Truncated, sent: true},
		"long header":      {address: "http://" + serveText(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 512<<10)), kind: httpstack.TooLarge, sent: true},
		"body is cut off":  {address: "http://" + serveText(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"), kind: httpstack.Truncated, sent: true},
		"proxy requires a": {address: "http://127.0.0.1:1", config: httpstack.Config{ProxyURL: proxyURL("http://" + startProxy(t).Listener.Addr().String())}, kind: httpstack.Proxy},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := newStream(t, http.MethodPost, test.address+"/orders?canary", strings.NewReader("canary"))
			if test.ctx != nil {
				request = request.WithContext(test.ctx)
			}
			response, err := stream(t, newClient(t, test.config), request)
			if err == nil {
				_, err = io.ReadAll(response.Body)
			}
			wantFailure(t, err, test.kind, test.sent)
			wantText(t, err, "POST "+test.address+"/orders: ")
			if strings.Contains(err.Error(), "canary") || errors.Is(err, io.EOF) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestStreamingPath: a path in URL.Opaque reaches the server as it is, also through a proxy
// that reads the request.
func TestStreamingPath(t *testing.T) {
	t.Parallel()
	var received atomic.Value
	server := start(t, func(_ http.ResponseWriter, r *http.Request) { received.Store(r.RequestURI) })
	forwarding := start(t, func(_ http.ResponseWriter, r *http.Request) { received.Store(r.RequestURI) })
	for name, config := range map[string]httpstack.Config{
		"":         {},
		server.URL: {ProxyURL: secret.New(forwarding.URL)},
	} {
		request := newStream(t, http.MethodGet, server.URL, nil)
		request.URL.Opaque = "/a|b"
		response, err := stream(t, newClient(t, config), request)
		if err != nil || response.StatusCode != http.StatusOK || received.Load() != name+"/a|b" {
			t.Errorf("got %v, %v, and sent %q", response, err, received.Load())
		}
	}
}
