// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authservertest

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"sync"
	"testing"
)

// Proxy is a forward proxy on loopback for CONNECT and absolute-form requests. It
// connects only to loopback and to hosts added with [Proxy.Route].
type Proxy struct {
	URL string // http://127.0.0.1:port, without credentials

	authorization string // required Proxy-Authorization; empty: none
	forward       *httputil.ReverseProxy

	mu       sync.Mutex
	requests []string
	routes   map[string]string
}

// StartProxy starts a proxy that requires user and password, unless user is empty.
func StartProxy(t testing.TB, user, password string) *Proxy {
	t.Helper()
	p := &Proxy{routes: make(map[string]string)}
	if user != "" {
		p.authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	transport := &http.Transport{DialContext: p.dial, DisableKeepAlives: true}
	p.forward = &httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(*httputil.ProxyRequest) {}, // the absolute-form request already has the target
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	l := httptest.NewServer(p)
	p.URL = l.URL
	t.Cleanup(func() {
		l.CloseClientConnections()
		l.Close()
	})
	return p
}

// Route maps host, in the form of requests ("authserver.test:443"), to an address on
// loopback.
func (p *Proxy) Route(host, address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routes[host] = address
}

// Requests returns the request lines so far without the HTTP version, including
// refused ones: "CONNECT authserver.test:443", "POST http://127.0.0.1:8080/token".
func (p *Proxy) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Count returns the number of requests so far, including refused ones.
func (p *Proxy) Count() int { return len(p.Requests()) }

// ServeHTTP implements [http.Handler].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.requests = append(p.requests, r.Method+" "+r.RequestURI)
	p.mu.Unlock()
	got := r.Header.Get("Proxy-Authorization")
	switch {
	case p.authorization != "" && subtle.ConstantTimeCompare([]byte(got), []byte(p.authorization)) != 1:
		w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
	case r.Method == http.MethodConnect:
		p.connect(w, r)
	case !r.URL.IsAbs():
		http.Error(w, "a request to a proxy must be in absolute form", http.StatusBadRequest)
	default:
		p.forward.ServeHTTP(w, r)
	}
}

// connect tunnels until either side closes the connection.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	server, err := p.dial(r.Context(), "tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = server.Close() }()
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection Established\r\n\r\n"); err != nil {
		return
	}
	done := make(chan struct{}, 2)
	tunnel := func(to io.Writer, from io.Reader) {
		_, _ = io.Copy(to, from)
		done <- struct{}{}
	}
	go tunnel(server, buffered)
	go tunnel(client, server)
	<-done
}

func (p *Proxy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	p.mu.Lock()
	routed, ok := p.routes[address]
	p.mu.Unlock()
	if ok {
		address = routed
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && !ip.IsLoopback() {
		return nil, fmt.Errorf("%s is not on loopback", address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}
