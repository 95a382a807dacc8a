// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// FuzzResponse lets a server send anything. What it sends may be a token, so no
// error may quote it; a canary is at both ends.
func FuzzResponse(f *testing.F) {
	for _, text := range []string{
		"", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 204 No Content\r\nX: \r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b",
		"HTTP/1.1 302 Found\r\nLocation: //b.example/\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "\x15\x03\x01\x00\x02\x02", "HTTP/1.0 407 \r\n\r\n",
	} {
		f.Add(text, false)
		f.Add(text, true)
	}
	const canary = "Canary0"
	f.Fuzz(func(t *testing.T, text string, canaryFirst bool) {
		if canaryFirst {
			text = canary + text
		}
		client, err := httpstack.New(httpstack.Config{AllowPlaintextHTTP: true})
		if err != nil {
			t.Fatal(err)
		}
		defer client.CloseIdleConnections()
		client.SetDialContext(func(context.Context, string, string) (net.Conn, error) { return playing(text + canary), nil })
		request := httpstack.Request{Method: http.MethodGet, URL: parse(t, "http://as.example/token"), MaxBody: 100}
		response, err := client.Do(t.Context(), request)
		if err == nil {
			if len(response.Body) > 100 {
				t.Errorf("body has %d bytes", len(response.Body))
			}
			return
		}
		failed, ok := errors.AsType[*httpstack.Error](err)
		if !ok {
			t.Fatalf("error is %T: %v", err, err)
		}
		// The error of a refused redirect names its target.
		if failed.Kind != httpstack.Redirect && strings.Contains(err.Error(), canary) {
			t.Errorf("%q: error quotes the response: %v", text, err)
		}
	})
}

// playing returns a connection to a server that reads one request, sends response
// and hangs up.
func playing(response string) net.Conn {
	client, server := net.Pipe()
	go func() {
		defer func() { _ = server.Close() }()
		_, _ = server.Read(make([]byte, 1<<14))
		_, _ = io.WriteString(server, response)
	}()
	return client
}
