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

// Endpoint names one thing that can be asked, for the record and the script.
type Endpoint string

// The endpoints of a [Server] and its API.
const (
	TokenEndpoint      Endpoint = "token_endpoint"
	RevocationEndpoint Endpoint = "revocation_endpoint"
	JWKS               Endpoint = "jwks_uri"
	Metadata           Endpoint = "oauth-authorization-server" // RFC 8414
	OpenIDMetadata     Endpoint = "openid-configuration"
	API                Endpoint = "api"
	Elsewhere          Endpoint = "elsewhere" // any path the authorization server does not have
)

// The endpoints of a [Platform].
const (
	GitHubActions Endpoint = "github_actions"
	AzureDevOps   Endpoint = "azure_devops"
)

// maxBody bounds what is recorded of one request.
const maxBody = 1 << 20

// Request is one recorded request, credentials and all.
type Request struct {
	Endpoint Endpoint
	Time     time.Time // by the server's clock
	Method   string
	Target   string // the request-target as sent, with its query
	Host     string
	Header   http.Header
	Body     []byte
	Status   int // as answered; 0 before that, and when the connection was dropped

	// Certificate is what the client showed in the TLS handshake; nil for none.
	Certificate *x509.Certificate
}

// Form decodes the body as application/x-www-form-urlencoded, whatever its
// Content-Type says; nil when it is not that.
func (r Request) Form() url.Values {
	form, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return nil
	}
	return form
}

// Recorder keeps requests in the order they arrived. The zero value is ready
// and safe for concurrent use. A request is on record before it is answered,
// and so is its status before the client can read it.
type Recorder struct {
	mu       sync.Mutex
	requests []*Request
}

// Requests returns what was sent to the endpoints, or all when none is named.
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

// Count is the number of requests to the endpoints, or of all when none is named.
func (rec *Recorder) Count(endpoints ...Endpoint) int {
	return len(rec.Requests(endpoints...))
}

// Reset forgets every request so far.
func (rec *Recorder) Reset() {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.requests = nil
}

// record notes r, leaves it its body to read again, and returns the writer that
// notes the status.
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

// recordingWriter writes the status into the record before it writes the wire.
type recordingWriter struct {
	http.ResponseWriter
	recorder *Recorder
	entry    *Request
	started  bool // the answer is under way, or no longer ours to give
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

// Hijack gives the connection away; no status will be known.
func (w *recordingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.started = true
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap lets [http.ResponseController] find Flush.
func (w *recordingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
