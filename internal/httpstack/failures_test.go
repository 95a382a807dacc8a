// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// serveRaw runs handle for every connection to the address that it returns, and
// closes the connection afterwards.
func serveRaw(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				handle(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// serveText responds to every request with text, byte for byte.
func serveText(t *testing.T, text string) string {
	t.Helper()
	return serveRaw(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1<<14)) // one small request arrives in one piece
		_, _ = io.WriteString(conn, text)
	})
}

// closedAddress is one that nothing listens on, nor can before the test ends: it is the
// near end of a connection.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = conn.Close(), listener.Close() })
	return conn.LocalAddr().String()
}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	_, err := get(t, newClient(t, httpstack.Config{}), "http://"+closedAddress(t)+"/token?secret=canary")
	wantFailure(t, err, httpstack.Refused, false)
	wantText(t, err, "connection refused")
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("errors.Is does not find ECONNREFUSED in %v", err)
	}
}

func TestDialFailures(t *testing.T) {
	t.Parallel()
	lookup := &net.DNSError{Err: "no such host", Name: "as.invalid", IsNotFound: true}
	tests := map[string]struct {
		err  error
		kind httpstack.Kind
		text string
	}{
		"no such host": {&net.OpError{Op: "dial", Net: "tcp", Err: lookup}, httpstack.DNS, "no such host"},
		"no route":     {&net.OpError{Op: "dial", Net: "tcp", Err: syscall.EHOSTUNREACH}, httpstack.Refused, "no route"},
		"system gives up": {
			&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ETIMEDOUT}, httpstack.Timeout, "timed out",
		},
		"unknown": {errors.New("canary"), httpstack.Other, "could not be set up"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, httpstack.Config{})
			client.SetDialContext(func(context.Context, string, string) (net.Conn, error) { return nil, test.err })
			_, err := get(t, client, "https://as.invalid/token?q=canary")
			wantFailure(t, err, test.kind, false)
			wantText(t, err, test.text)
			wantText(t, err, "GET https://as.invalid/token: ")
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("error shows what it must not: %v", err)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	const timeout = time.Second // in which a connection is set up on the busiest machine
	headerThenSilence := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "part")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	byteByByte := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Millisecond)
		}
	}
	tests := map[string]struct {
		address string
		sent    bool
		text    string
	}{
		"no response":     {start(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }).URL, true, "no complete response within 1s"},
		"half a response": {start(t, headerThenSilence).URL, true, "no complete response within 1s"},
		"byte by byte":    {start(t, byteByByte).URL, true, "no complete response within 1s"},
		"endless redirects": {start(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/again")
			w.WriteHeader(http.StatusFound)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}).URL, true, "no complete response within 1s"},
		"silent TLS server": {
			"https://" + serveRaw(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }), false, "no connection within 1s",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := get(t, newClient(t, httpstack.Config{Timeout: timeout}), test.address)
			wantFailure(t, err, httpstack.Timeout, test.sent)
			wantText(t, err, test.text)
			if errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the attempt's timeout looks like the caller's deadline: %v", err)
			}
		})
	}
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := start(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := newClient(t, httpstack.Config{}).Do(ctx, httpstack.Request{Method: "GET", URL: parse(t, server.URL)})
	wantFailure(t, err, httpstack.Canceled, true)
}

func TestCallersDeadlineIsNotTheAttempts(t *testing.T) {
	t.Parallel()
	server := start(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := newClient(t, httpstack.Config{}).Do(ctx, httpstack.Request{Method: "GET", URL: parse(t, server.URL)})
	wantFailure(t, err, httpstack.Canceled, true)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("errors.Is does not find context.DeadlineExceeded in %v", err)
	}
}

// Each response has a canary where a server might place a token.
func TestBrokenResponses(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	tests := map[string]struct {
		response string
		kind     httpstack.Kind
	}{
		"nothing":                {"", httpstack.Truncated},
		"half a status line":     {"HTTP/1.1 2", httpstack.Protocol},
		"half a header":          {ok + "Content-Type: canary", httpstack.Truncated},
		"short body":             {ok + "Content-Length: 100\r\n\r\ncanary", httpstack.Truncated},
		"short chunk":            {ok + "Transfer-Encoding: chunked\r\n\r\n10\r\ncanary", httpstack.Truncated},
		"last chunk missing":     {ok + "Transfer-Encoding: chunked\r\n\r\n6\r\ncanary\r\n", httpstack.Truncated},
		"short gzip":             {ok + "Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00", httpstack.Truncated},
		"not HTTP":               {"{\"access_token\":\"canary\"}\r\n\r\n", httpstack.Protocol},
		"status is not a number": {"HTTP/1.1 canary OK\r\n\r\n", httpstack.Protocol},
		"header without name":    {ok + "canary\r\n\r\n", httpstack.Protocol},
		"chunk without size":     {ok + "Transfer-Encoding: chunked\r\n\r\ncanary\r\n", httpstack.Protocol},
		"not gzip":               {ok + "Content-Encoding: gzip\r\n\r\n" + strings.Repeat("canary", 10), httpstack.Protocol},
		"two lengths":            {ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\ncanary", httpstack.Protocol},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := get(t, newClient(t, httpstack.Config{}), "http://"+serveText(t, test.response))
			wantFailure(t, err, test.kind, true)
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(fmt.Sprintf("%v %+v %#v", e, e, e), "canary") {
					t.Errorf("error shows the response: %#v", e)
				}
			}
		})
	}
}

// TestTLSPortOverPlaintext: an http address of a port for TLS is named as such, and
// not retried if that is certain.
func TestTLSPortOverPlaintext(t *testing.T) {
	t.Parallel()
	page := func(body string) string {
		return "http://" + serveText(t, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"+body)
	}
	ca := newAuthority(t)
	tests := map[string]struct {
		address string
		certain bool
	}{
		"Go":                        {strings.Replace(startTLS(t, ca, nil, http.NotFoundHandler()).URL, "https:", "http:", 1), true},
		"nginx":                     {page("<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>"), true},
		"Apache":                    {page("<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />"), true},
		"alert, unexpected_message": {"http://" + serveText(t, "\x15\x03\x01\x00\x02\x02\x0a"), true},
		"alert, protocol_version":   {"http://" + serveText(t, "\x15\x03\x03\x00\x02\x02\x46"), true},
		"reset":                     {"http://" + serveRaw(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 10)); _ = conn.(*net.TCPConn).SetLinger(0) }), false},
		"closed":                    {"http://" + serveRaw(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1<<14)) }), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := get(t, newClient(t, httpstack.Config{}), test.address)
			kind := httpstack.Truncated
			if test.certain {
				kind = httpstack.TLS
			}
			wantFailure(t, err, kind, true)
			failure := asError(t, err)
			if failure.Transient() == test.certain {
				t.Errorf("transient: %v", err)
			}
			if !test.certain && !failure.MayExpectTLS {
				t.Error("it is not said that the port may be one for TLS")
			}
			if test.certain {
				wantText(t, err, "https://")
			}
		})
	}
}

// TestNoTLSPortIsGuessed after a response, or for another 400.
func TestNoTLSPortIsGuessed(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]string{
		"400":        "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno",
		"short body": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
		"not HTTP":   "SSH-2.0-OpenSSH_9.2\r\n",
	} {
		_, err := get(t, newClient(t, httpstack.Config{}), "http://"+serveText(t, response))
		if failure, failed := errors.AsType[*httpstack.Error](err); failed && (failure.MayExpectTLS || failure.Kind == httpstack.TLS) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConnectionReset(t *testing.T) {
	t.Parallel()
	address := serveRaw(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1<<14))
		_ = conn.(*net.TCPConn).SetLinger(0)
	})
	_, err := get(t, newClient(t, httpstack.Config{}), "http://"+address)
	wantFailure(t, err, httpstack.Truncated, true)
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	plain := start(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(make([]byte, r.ContentLength))
	})
	zipped := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = packed.Write(make([]byte, r.ContentLength))
		_ = packed.Close()
	})
	const mebibyte = 1 << 20
	tests := map[string]struct {
		address     string
		size, limit int
		fits        bool
	}{
		"at the limit":            {plain.URL, 1000, 1000, true},
		"above the limit":         {plain.URL, 1001, 1000, false},
		"at the default":          {plain.URL, mebibyte, 0, true},
		"above the default":       {plain.URL, mebibyte + 1, 0, false},
		"unpacks to the limit":    {zipped.URL, 100_000, 100_000, true},
		"unpacks above the limit": {zipped.URL, 100_001, 100_000, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, err := newClient(t, httpstack.Config{}).Do(t.Context(), httpstack.Request{
				Method:  "POST",
				URL:     parse(t, test.address),
				Body:    make([]byte, test.size), // its length is that of the response
				MaxBody: int64(test.limit),
			})
			if !test.fits {
				wantFailure(t, err, httpstack.TooLarge, true)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(response.Body) != test.size {
				t.Errorf("body has %d bytes, want %d", len(response.Body), test.size)
			}
		})
	}
}

func TestHeaderLimit(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := range 10 { // 300 kB in all
			w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("canary", 5000))
		}
	})
	ca := newAuthority(t)
	tests := map[string]struct {
		address string
		kind    httpstack.Kind
	}{
		"HTTP/1": {start(t, handler).URL, httpstack.TooLarge},
		"HTTP/2": {startTLS(t, ca, nil, handler).URL, httpstack.Protocol},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := get(t, newClient(t, httpstack.Config{CACertificates: ca.pem()}), test.address)
			wantFailure(t, err, test.kind, true)
		})
	}
}
