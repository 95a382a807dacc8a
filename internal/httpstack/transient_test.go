// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// TestTransientStatus holds the statuses after which the same request may do
// better (RFC 9110 section 15).
func TestTransientStatus(t *testing.T) {
	t.Parallel()
	var transient []int
	for status := 100; status < 600; status++ {
		if httpstack.TransientStatus(status) {
			transient = append(transient, status)
		}
	}
	final := func(status int) bool { return slices.Contains([]int{501, 505, 506, 507, 508, 510, 511}, status) }
	want := []int{408, 425, 429}
	for status := 500; status < 600; status++ {
		want = append(want, status)
	}
	if want = slices.DeleteFunc(want, final); !slices.Equal(transient, want) {
		t.Errorf("got %d, want %d", transient, want)
	}
}

// TestIdempotent holds RFC 9110 section 9.2.2.
func TestIdempotent(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]bool{
		http.MethodGet: true, http.MethodHead: true, http.MethodOptions: true, http.MethodPut: true, http.MethodDelete: true,
		http.MethodPost: false, http.MethodPatch: false, "PURGE": false, "get": false, "": false,
	} {
		if got := httpstack.Idempotent(method); got != want {
			t.Errorf("%q: %t", method, got)
		}
	}
}

// TestTransientFailures: which failures may be over in a moment, and whether the server may
// have had the request, by what the connection does.
func TestTransientFailures(t *testing.T) {
	t.Parallel()
	closing := serveRaw(t, func(net.Conn) {})
	halfway := serveText(t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{")
	tests := map[string]struct {
		address         string
		kind            httpstack.Kind
		transient, sent bool
	}{
		"refused":               {"http://" + closedAddress(t), httpstack.Refused, true, false},
		"dropped":               {"http://" + closing, httpstack.Truncated, true, true},
		"cut short":             {"http://" + halfway, httpstack.Truncated, true, true},
		"closed in handshake":   {"https://" + closing, httpstack.TLS, true, false},
		"no TLS":                {"https://" + serveText(t, "HTTP/1.1 400 Bad Request\r\n\r\n"), httpstack.TLS, false, false},
		"certificate":           {startTLS(t, newAuthority(t), nil, http.NotFoundHandler()).URL, httpstack.TLS, false, false},
		"not HTTP":              {"http://" + serveText(t, "SSH-2.0-OpenSSH_9.2\r\n"), httpstack.Protocol, false, true},
		"redirect to elsewhere": {"http://" + serveText(t, "HTTP/1.1 302 Found\r\nLocation: https://b.example/\r\nContent-Length: 0\r\n\r\n"), httpstack.Redirect, false, true},
		"too large":             {"http://" + serveText(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 300<<10)+"\r\n\r\n"), httpstack.TooLarge, false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := get(t, newClient(t, httpstack.Config{}), test.address)
			wantFailure(t, err, test.kind, test.sent)
			if got := asError(t, err).Transient(); got != test.transient {
				t.Errorf("transient %t: %v", got, err)
			}
		})
	}
}

// TestTransientLookups: a name that does not exist does not appear in a moment,
// and a name server that fails may recover.
func TestTransientLookups(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want bool
	}{
		"no such host":     {&net.DNSError{Err: "no such host", IsNotFound: true}, false},
		"server misbehave": {&net.DNSError{Err: "server misbehaving", IsTemporary: true}, true},
		"timeout":          {&net.DNSError{Err: "i/o timeout", IsTimeout: true}, true},
		"no route":         {syscall.EHOSTUNREACH, true},
		"system gives up":  {syscall.ETIMEDOUT, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, httpstack.Config{})
			client.SetDialContext(func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: test.err}
			})
			_, err := get(t, client, "https://as.invalid/token")
			if got := asError(t, err).Transient(); got != test.want {
				t.Errorf("transient %t: %v", got, err)
			}
		})
	}
}

// TestTransientProxies: a proxy that fails now may work later; one that forbids
// keeps forbidding.
func TestTransientProxies(t *testing.T) {
	t.Parallel()
	responding := func(status int) string {
		return serveText(t, fmt.Sprintf("HTTP/1.1 %d Status\r\nContent-Length: 0\r\n\r\n", status))
	}
	tests := map[string]struct {
		proxy string
		want  bool
	}{
		"refused":              {"http://" + closedAddress(t), true},
		"502":                  {"http://" + responding(502), true},
		"503":                  {"http://" + responding(503), true},
		"504":                  {"http://" + responding(504), true},
		"500":                  {"http://" + responding(500), false},
		"403":                  {"http://" + responding(403), false},
		"407":                  {"http://" + responding(407), false},
		"no TLS":               {"https://" + responding(200), false},
		"not HTTP":             {"http://" + serveText(t, "SSH-2.0-OpenSSH_9.2\r\n"), false},
		"SOCKS, not permitted": {"socks5://" + serveRaw(t, socks(2)), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := get(t, newClient(t, httpstack.Config{ProxyURL: secret.New(test.proxy)}), "https://as.example/token")
			wantFailure(t, err, httpstack.Proxy, false)
			if got := asError(t, err).Transient(); got != test.want {
				t.Errorf("transient %t: %v", got, err)
			}
		})
	}
}
