// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/proxy"
)

// serve starts an API.
func serve(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	return srv
}

// read reads exactly the text that is wanted.
func read(t testing.TB, from io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(from, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v, want %q", got[:n], err, want)
	}
}

// write writes a text.
func write(t testing.TB, to io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(to, text); err != nil {
		t.Fatal(err)
	}
}

// TestBothWays holds that the parts of a body arrive as they are sent, and that an API can
// respond to each part of a request.
func TestBothWays(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]string{"chunked": "", "of a known length": "6"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
				control := http.NewResponseController(w)
				_ = control.EnableFullDuplex()
				if length != "" {
					w.Header().Set("Content-Length", length)
				}
				buffer := make([]byte, 3)
				for {
					n, err := io.ReadFull(r.Body, buffer)
					if err != nil {
						return
					}
					_, _ = w.Write(buffer[:n])
					_ = control.Flush()
				}
			})
			p := start(t, srv.URL)
			conn := dial(t, p)
			write(t, conn, request(p, "POST", "/", "Transfer-Encoding: chunked"))
			write(t, conn, "3\r\none\r\n")
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			read(t, response.Body, "one")
			write(t, conn, "3\r\ntwo\r\n")
			read(t, response.Body, "two")
			write(t, conn, "0\r\n\r\n")
			if _, err := response.Body.Read(make([]byte, 1)); err != io.EOF {
				t.Error(err)
			}
		})
	}
}

// TestEvents holds that server-sent events arrive one by one, and that the API learns that
// the caller is gone.
func TestEvents(t *testing.T) {
	t.Parallel()
	next, gone := make(chan bool), make(chan bool)
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			<-next
		}
		<-r.Context().Done()
		close(gone)
	})
	p := start(t, srv.URL)
	conn := dial(t, p)
	write(t, conn, get(p, "/"))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		read(t, response.Body, fmt.Sprintf("data: %d\n\n", i))
		next <- true
	}
	_ = conn.Close()
	<-gone
	if failures := p.Failures(); len(failures) > 0 {
		t.Errorf("failures are %v", failures)
	}
}

// TestTrailers holds that trailers arrive in both directions, without the credential.
func TestTrailers(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Announced")
		_, _ = io.Copy(w, r.Body)
		w.Header().Set("X-Announced", fmt.Sprint(r.Trailer))
		w.Header().Set(http.TrailerPrefix+"X-Not-Announced", "b")
	})
	p := start(t, srv.URL)
	conn := dial(t, p)
	write(t, conn, request(p, "POST", "/", "Trailer: X-Sum, X-Copy", "Te: trailers", "Transfer-Encoding: chunked"))
	write(t, conn, "1\r\nx\r\n0\r\nX-Sum: 1\r\nX-Copy: "+p.Credential().Reveal()+"\r\n\r\n")
	response := readResponse(t, bufio.NewReader(conn), "POST")
	if got := fmt.Sprint(response.Trailer); got != "map[X-Announced:[map[X-Copy:[] X-Sum:[1]]] X-Not-Announced:[b]]" || text(t, response) != "x" {
		t.Errorf("trailers are %s", got)
	}
}

// TestExpect holds that the API decides whether a body is sent.
func TestExpect(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refuse" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		_, _ = io.Copy(w, r.Body)
	})
	p := start(t, srv.URL)
	conn := dial(t, p)
	reader := bufio.NewReader(conn)
	fields := []string{"Expect: 100-continue", "Content-Length: 4"}
	write(t, conn, request(p, "POST", "/accept", fields...))
	read(t, reader, "HTTP/1.1 100 Continue\r\n\r\n")
	write(t, conn, "body")
	if response := readResponse(t, reader, "POST"); response.StatusCode != 200 || text(t, response) != "body" {
		t.Errorf("received %v", response)
	}
	if response := exchange(t, p, request(p, "POST", "/refuse", fields...)); response.StatusCode != 417 {
		t.Errorf("received %v", response)
	}
	if response := exchange(t, p, strings.Replace(request(p, "POST", "/accept", fields...), "Bearer ", "Bearer x", 1)); response.StatusCode != 401 {
		t.Errorf("received %v", response)
	}
}

// TestEarlyResponse holds that an API may respond before it has read a body, which the
// caller then need not send.
func TestEarlyResponse(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	})
	p := start(t, srv.URL)
	conn := dial(t, p)
	write(t, conn, request(p, "POST", "/", "Content-Length: 10000000")+"begin")
	if response := readResponse(t, bufio.NewReader(conn), "POST"); response.StatusCode != 413 {
		t.Errorf("received %v", response)
	}
}

// TestHTTP10 holds that callers that know neither chunks nor Host are served.
func TestHTTP10(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 2 {
			_, _ = io.WriteString(w, "part")
			_ = http.NewResponseController(w).Flush()
		}
	})
	p := start(t, srv.URL)
	conn := dial(t, p)
	write(t, conn, "GET /"+p.Credential().Reveal()+" HTTP/1.0\r\n\r\n")
	got, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.0 200 OK\r\n") || !strings.HasSuffix(string(got), "\r\n\r\npartpart") {
		t.Errorf("received %q, %v", got, err)
	}
}

// upgrade asks for another protocol, which repeats what it reads in upper case.
func upgrade(t testing.TB, p *proxy.Proxy) net.Conn {
	t.Helper()
	conn := dial(t, p)
	write(t, conn, get(p, "/", "Connection: Upgrade", "Upgrade: Echo/1"))
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != 101 || response.Header.Get("Upgrade") != "Echo/1" {
		t.Fatalf("received %v, %v", response, err)
	}
	write(t, conn, "text")
	read(t, reader, "TEXT")
	return conn
}

// upgrading accepts what upgrade asks for.
func upgrading(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "Echo/1" || r.Header.Get("Connection") != "Upgrade" || r.Header.Get("Authorization") != "Bearer token-of-the-api" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: Echo/1\r\n\r\n")
	buffer := make([]byte, 100)
	for {
		n, err := buffered.Read(buffer)
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, strings.ToUpper(string(buffer[:n])))
	}
}

// TestUpgrade holds that a connection can change its protocol, until Close.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	p := start(t, serve(t, upgrading).URL)
	conn := upgrade(t, p)
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

// TestUpgradeToHTTP holds that no connection comes about on which requests would reach the
// API past the proxy.
func TestUpgradeToHTTP(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"h2c", "HTTP/2.0", "TLS/1.2, HTTP/1.1"} {
		a := startAPI(t, noContent)
		p := start(t, a.url)
		response := exchange(t, p, get(p, "/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: "+protocol, "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"))
		if got := a.requests(); response.StatusCode != 204 || len(got) != 1 || strings.Contains(strings.ToLower(got[0]), "upgrade") || strings.Contains(got[0], "Settings") {
			t.Errorf("%s: received %d, sent %q", protocol, response.StatusCode, got)
		}
	}
}

// TestLargeBodies holds that bodies are not kept: 1 GiB in both directions at once takes a
// few MiB.
func TestLargeBodies(t *testing.T) { //nolint:paralleltest // it measures the heap
	const size = 1 << 30
	var before, after runtime.MemStats
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, _ = io.CopyN(w, r.Body, size/2)
		runtime.GC()
		runtime.ReadMemStats(&after)
		_, _ = io.Copy(w, r.Body)
	})
	p := start(t, srv.URL)
	runtime.GC()
	runtime.ReadMemStats(&before)
	sent, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.CapabilityURL().Reveal(), io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	response, err := new(http.Transport).RoundTrip(sent)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, response.Body)
	if n != size || err != nil {
		t.Errorf("received %d bytes, %v", n, err)
	}
	if after.HeapAlloc > before.HeapAlloc+8<<20 {
		t.Errorf("the heap has grown from %d to %d bytes", before.HeapAlloc, after.HeapAlloc)
	}
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestClose holds that running calls finish, and nothing new begins.
func TestClose(t *testing.T) {
	t.Parallel()
	running, finish := make(chan bool), make(chan bool)
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		close(running)
		<-finish
		_, _ = io.WriteString(w, "done")
	})
	p := start(t, srv.URL)
	idle, stranger := dial(t, p), dial(t, p)
	write(t, stranger, "GET ")
	write(t, idle, strings.Replace(get(p, "/"), "Bearer ", "Bearer x", 1)) // which is closed at once
	conn := dial(t, p)
	write(t, conn, get(p, "/"))
	<-running
	closed := make(chan error)
	go func() { closed <- p.Close(t.Context()) }()
	if _, err := stranger.Read(make([]byte, 1)); err == nil {
		t.Error("a stranger was served")
	}
	_, address, _ := strings.Cut(p.URL(), "://")
	if _, err := new(net.Dialer).DialContext(t.Context(), "tcp", address); err == nil {
		t.Error("the proxy still listens")
	}
	close(finish)
	if response := readResponse(t, bufio.NewReader(conn), "GET"); text(t, response) != "done" || !response.Close {
		t.Errorf("received %v", response)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// TestCloseCutsOff holds that Close ends with its context.
func TestCloseCutsOff(t *testing.T) {
	t.Parallel()
	running := make(chan bool)
	srv := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(running)
		<-r.Context().Done()
	})
	p := start(t, srv.URL)
	conn := dial(t, p)
	write(t, conn, get(p, "/"))
	<-running
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Close(ended); err == nil || err.Error() != "calls that had not ended were cut off: 1" {
		t.Error(err)
	}
	if got, err := io.ReadAll(conn); len(got) > 0 {
		t.Errorf("received %q, %v", got, err)
	}
	if failures := p.Failures(); len(failures) > 0 {
		t.Errorf("failures are %v", failures)
	}
}

// TestCallerThatNeverReads holds that such a caller holds neither memory nor others up, and
// that Close ends it.
func TestCallerThatNeverReads(t *testing.T) { //nolint:paralleltest // it measures the heap
	stuck := make(chan int64, 1)
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			return
		}
		written, _ := io.Copy(w, io.LimitReader(zeros{}, 1<<30))
		stuck <- written
	})
	p := start(t, srv.URL)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	conn := dial(t, p)
	write(t, conn, get(p, "/large"))
	read(t, conn, "HTTP/1.1 200 OK\r\n")
	for range 10 {
		if response := exchange(t, p, get(p, "/")); response.StatusCode != 200 {
			t.Errorf("received %v", response)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > before.HeapAlloc+8<<20 {
		t.Errorf("the heap has grown from %d to %d bytes", before.HeapAlloc, after.HeapAlloc)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Close(ended); err == nil {
		t.Error("no call was cut off")
	}
	if written := <-stuck; written == 1<<30 {
		t.Error("the body was buffered")
	}
}
