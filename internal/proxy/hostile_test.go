// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestSmuggling holds that a request in the body of another is not forwarded.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	const inner = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
	tests := map[string]struct {
		fields, body string
		forwarded    int
	}{
		"length and chunks":         {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + inner, 1},
		"chunks and length":         {fmt.Sprintf("Transfer-Encoding: chunked\r\nContent-Length: %d\r\n", len(inner)+5), "0\r\n\r\n" + inner, 1},
		"odd coding":                {"Content-Length: 5\r\nTransfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" + inner, 0},
		"space before the colon":    {"Content-Length: 5\r\nTransfer-Encoding : chunked\r\n", "0\r\n\r\n" + inner, 0},
		"length with a sign":        {"Content-Length: +5\r\n", "0\r\n\r\n" + inner, 0},
		"lengths in a list":         {"Content-Length: 5, 6\r\n", "0\r\n\r\n" + inner, 0},
		"chunk size with an excess": {"Transfer-Encoding: chunked\r\n", "0x1\r\n\r\n" + inner, 1},
		"line feeds":                {"X: a\nContent-Length: 0\r\n", inner, 1},
	}
	for name, row := range tests {
		for _, authorized := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", authorized ", authorized), func(t *testing.T) {
				t.Parallel()
				received := make(chan string, 10)
				srv := serve(t, func(_ http.ResponseWriter, r *http.Request) {
					if len(r.TransferEncoding) > 0 && r.ContentLength >= 0 {
						t.Error("both framings are forwarded")
					}
					received <- r.URL.Path
				})
				p := start(t, srv.URL)
				credential, want := p.Credential().Reveal(), row.forwarded
				if !authorized {
					credential, want = "x", 0
				}
				conn := dial(t, p)
				write(t, conn, "POST /outer HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+credential+"\r\n"+row.fields+"\r\n"+row.body)
				write(t, conn, "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
				_, _ = io.ReadAll(conn) // to its end
				srv.Close()             // which waits for the API's handlers
				close(received)
				n := 0
				for path := range received {
					if n++; path != "/outer" {
						t.Errorf("forwarded %s", path)
					}
				}
				if n > want {
					t.Errorf("forwarded %d calls, want at most %d", n, want)
				}
			})
		}
	}
}

// TestManyConnections holds that any number of connections that do not authenticate, idle
// or in the middle of a header, leave running and new calls alone.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	begun, finish := make(chan bool), make(chan bool)
	srv := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/running" {
			close(begun)
			<-finish
		}
	})
	p := start(t, srv.URL)
	running, kept := dial(t, p), dial(t, p)
	write(t, running, get(p, "/running"))
	<-begun
	reader := bufio.NewReader(kept)
	write(t, kept, get(p, "/"))
	readResponse(t, reader, "GET")
	first := dial(t, p)
	write(t, first, "GET / HTTP/1.1\r\nHost: ")
	var strangers []net.Conn
	for i := range 1000 {
		conn := dial(t, p)
		strangers = append(strangers, conn)
		write(t, conn, []string{"", "GET / HTTP/1.1\r\nX: "}[i%2])
		if i%100 == 0 {
			if response := exchange(t, p, get(p, "/")); response.StatusCode != 200 {
				t.Errorf("received %v", response)
			}
		}
	}
	if _, err := first.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("the first stranger: %v", err)
	}
	write(t, kept, get(p, "/"))
	readResponse(t, reader, "GET")
	close(finish)
	readResponse(t, bufio.NewReader(running), "GET")
	for _, conn := range strangers {
		_ = conn.Close()
	}
}

// TestHeaderSize holds that the header of a call is bounded.
func TestHeaderSize(t *testing.T) {
	t.Parallel()
	a := startAPI(t, noContent)
	p := start(t, a.url)
	if response := exchange(t, p, get(p, "/", "X: "+strings.Repeat("x", 100<<10))); response.StatusCode != 204 {
		t.Errorf("received %v", response)
	}
	conn := dial(t, p)
	go func() { _, _ = io.WriteString(conn, get(p, "/", "X: "+strings.Repeat("x", 200<<10))) }()
	if response := readResponse(t, bufio.NewReader(conn), "GET"); response.StatusCode != 431 {
		t.Errorf("received %v", response)
	}
	if got := a.requests(); len(got) != 1 {
		t.Errorf("forwarded %d calls", len(got))
	}
}
