// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// remoteConn is a connection to a server on loopback that claims another address, and
// counts what is written to it.
type remoteConn struct {
	net.Conn

	remote  net.Addr
	written *atomic.Int64
}

func (c remoteConn) RemoteAddr() net.Addr { return c.remote }

func (c remoteConn) Write(data []byte) (int, error) {
	c.written.Add(int64(len(data)))
	return c.Conn.Write(data)
}

// TestPlaintextStaysOnTheMachine: where a request is sent unencrypted, the address
// that is dialled decides, whatever the name is, and whether it is the server's or a
// proxy's. The names here resolve as a hosts file could have them.
func TestPlaintextStaysOnTheMachine(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plain, encrypted := start(t, handler), startTLS(t, ca, nil, handler)
	tests := map[string]struct {
		url    string
		config httpstack.Config
		dialed string // where the name leads to
		sent   bool
	}{
		"localhost":                          {"http://localhost/", httpstack.Config{}, "127.0.0.1:80", true},
		"localhost, IPv6":                    {"http://localhost/", httpstack.Config{}, "[::1]:80", true},
		"localhost, IPv4 as IPv6":            {"http://localhost/", httpstack.Config{}, "[::ffff:127.0.0.1]:80", true},
		"localhost elsewhere":                {"http://localhost/", httpstack.Config{}, "192.0.2.1:80", false},
		"localhost elsewhere, IPv6":          {"http://LOCALHOST/", httpstack.Config{}, "[2001:db8::1]:80", false},
		"localhost on this host's interface": {"http://localhost/", httpstack.Config{}, "10.0.0.5:80", false},
		"localhost unspecified":              {"http://localhost/", httpstack.Config{}, "0.0.0.0:80", false},
		"localhost elsewhere, allowed":       {"http://localhost/", httpstack.Config{AllowPlaintextHTTP: true}, "192.0.2.1:80", true},
		"localhost elsewhere over TLS":       {"https://localhost/", httpstack.Config{CACertificates: ca.pem(), ServerName: "127.0.0.1"}, "192.0.2.1:443", true},
		"by a proxy here":                    {"http://127.0.0.1/", httpstack.Config{ProxyURL: secret.New("http://localhost:3128")}, "127.0.0.1:3128", true},
		"by a proxy elsewhere":               {"http://127.0.0.1/", httpstack.Config{ProxyURL: secret.New("http://localhost:3128")}, "192.0.2.1:3128", false},
		"by a SOCKS proxy elsewhere":         {"http://127.0.0.1/", httpstack.Config{ProxyURL: secret.New("socks5://localhost:1080")}, "192.0.2.1:1080", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := plain
			if strings.HasPrefix(test.url, "https:") {
				server = encrypted
			}
			var written atomic.Int64
			client := newClient(t, test.config)
			client.SetDialContext(func(ctx context.Context, network, _ string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
				return remoteConn{conn, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(test.dialed)), &written}, err
			})
			_, err := get(t, client, test.url)
			if test.sent {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantFailure(t, err, httpstack.Plaintext, false)
			wantText(t, err, test.dialed)
			if n := written.Load(); n > 0 {
				t.Errorf("%d bytes were sent", n)
			}
		})
	}
}
