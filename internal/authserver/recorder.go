// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Endpoint names an endpoint for the [Recorder] and the [Script].
type Endpoint string

// The endpoints of a [Server] and its API.
const (
	TokenEndpoint      Endpoint = "token_endpoint"
	RevocationEndpoint Endpoint = "revocation_endpoint"
	JWKS               Endpoint = "jwks_uri"
	Metadata           Endpoint = "oauth-authorization-server" // RFC 8414
	OpenIDMetadata     Endpoint = "openid-configuration"
	API                Endpoint = "api"
	OtherPath          Endpoint = "other_path" // any other path of the authorization server
)

// The endpoints of a [Platform].
const (
	GitHubActions Endpoint = "github_actions"
	AzureDevOps   Endpoint = "azure_devops"
)

// maxBody limits the body of a request, in bytes.
const maxBody = 1 << 20

// Request is a recorded request, including its credentials.
type Request struct {
	Endpoint Endpoint
	Time     time.Time // of the server's clock
	Method   string
	Target   string // the request-target as sent, with its query
	Host     string
	Header   http.Header
	Body     []byte
	Status   int // of the response; 0 before it, and if the connection was closed without one

	// Certificate is the client's, from the TLS handshake; nil if there was none.
	Certificate *x509.Certificate
}

// Form decodes the body as application/x-www-form-urlencoded, whatever its
// Content-Type. It returns nil if that fails.
func (r Request) Form() url.Values {
	form, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return nil
	}
	return form
}

// Recorder records requests in order of arrival. The zero value is empty. It is
// safe for concurrent use. A request is recorded before the response begins, and
// its status before the client can read it.
type Recorder struct {
	mu       sync.Mutex
	requests []*Request
}

// Requests returns the requests to the endpoints, or all if none are given.
func (rec *Recorder) Requests(endpoints ...Endpoint) []Request {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	var found []Request
	for _, r := range rec.requests {
		if len(endpoints) == 0 || slices.Contains(endpoints, r.Endpoint) {
			found = append(found, *r)
		}
	}
	return found
}

// Count returns the number of requests to the endpoints, or of all if none are given.
func (rec *Recorder) Count(endpoints ...Endpoint) int {
	return len(rec.Requests(endpoints...))
}

// Reset forgets all requests.
func (rec *Recorder) Reset() {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.requests = nil
}

// Handler records every request to next as one to endpoint. With it, other mock
// servers can keep a record like a [Server].
func (rec *Recorder) Handler(endpoint Endpoint, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recording, err := rec.record(endpoint, time.Now(), w, r)
		if err != nil {
			http.Error(w, "the body could not be read", http.StatusBadRequest)
			return
		}
		next.ServeHTTP(recording, r)
		recording.finish()
	})
}

// record records r, whose body can be read again afterwards, and returns a writer
// that records the status.
func (rec *Recorder) record(e Endpoint, now time.Time, w http.ResponseWriter, r *http.Request) (*recordingWriter, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	entry := &Request{
		Endpoint: e, Time: now, Method: r.Method, Target: r.RequestURI,
		Host: r.Host, Header: r.Header.Clone(), Body: body,
	}
	if certificates := peerCertificates(r.TLS); len(certificates) > 0 {
		entry.Certificate = certificates[0]
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.requests = append(rec.requests, entry)
	return &recordingWriter{ResponseWriter: w, recorder: rec, entry: entry}, nil
}

// recordingWriter records the status before it sends it.
type recordingWriter struct {
	http.ResponseWriter
	recorder *Recorder
	entry    *Request
	started  bool // the status was sent, or the connection hijacked
}

func (w *recordingWriter) WriteHeader(status int) {
	if !w.started && status >= http.StatusOK {
		w.started = true
		w.recorder.mu.Lock()
		w.entry.Status = status
		w.recorder.mu.Unlock()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recordingWriter) Write(b []byte) (int, error) {
	w.finish()
	return w.ResponseWriter.Write(b)
}

// finish makes the implicit 200 of net/http explicit.
func (w *recordingWriter) finish() {
	if !w.started {
		w.WriteHeader(http.StatusOK)
	}
}

func (w *recordingWriter) status() int {
	w.recorder.mu.Lock()
	defer w.recorder.mu.Unlock()
	return w.entry.Status
}

// Hijack leaves the recorded status at 0.
func (w *recordingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.started = true
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap implements what [http.ResponseController] needs for Flush.
func (w *recordingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
