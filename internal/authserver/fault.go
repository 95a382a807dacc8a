// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// Answer is a fault that answers status with header and body. A header that
// names no Content-Type leaves net/http to guess one from the body.
func Answer(status int, header http.Header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header.Clone())
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// OAuthError is a fault that answers status with the error document of
// RFC 6749 §5.2. A status of 200 plays the servers that hide errors in success.
func OAuthError(status int, code, description string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, &oauthError{status: status, code: code, description: description})
	}
}

// Redirect is a fault that sends the client to location with status.
func Redirect(status int, location string) http.HandlerFunc {
	return Answer(status, http.Header{"Location": {location}}, "")
}

// Drop is a fault that closes the connection instead of answering.
func Drop() http.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
}

// Raw is a fault that writes wire, and nothing else, to the connection and
// closes it: answers that are not HTTP.
func Raw(wire string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, wire)
	}
}

// Hang is a fault that never answers; it ends when the client goes away.
func Hang() http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}

// Drip is a fault that answers 200 at once and then body, byte by byte, one
// every interval.
func Drip(interval time.Duration, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for i := range len(body) {
			_ = http.NewResponseController(w).Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				panic(http.ErrAbortHandler)
			}
			_, _ = io.WriteString(w, body[i:i+1])
		}
	}
}

// Truncated is a fault that answers 200, promises more than body and closes the
// connection after it.
func Truncated(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, body)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Endless is a fault that answers 200 and a JSON string that has no end; it
// stops when the client goes away.
func Endless() http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_, err := io.WriteString(w, `{"access_token":"`)
		for chunk := bytes.Repeat([]byte("a"), 32<<10); err == nil; {
			_, err = w.Write(chunk)
		}
		panic(http.ErrAbortHandler)
	}
}

// Gzip is a fault that answers 200 and body in Content-Encoding gzip, whether
// the client accepts that or not.
func Gzip(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusOK)
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, body)
		_ = z.Close()
	}
}
