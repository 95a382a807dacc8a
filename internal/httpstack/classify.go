// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// progress is how far a request has come.
type progress struct {
	proxy     *url.URL // nil if none is used
	plaintext bool

	// connected is set when a connection is ready for the request. What happens
	// later may have reached the server. The write itself is no better mark: it
	// runs beside RoundTrip, and a cancelled call can return before its hook.
	connected atomic.Bool
	tlsFailed atomic.Bool
	// freshTLS and freshPlain are set while a connection made for this request, with
	// TLS or straight to the server without, has brought no response.
	freshTLS, freshPlain atomic.Bool
}

func (p *progress) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) {
			p.connected.Store(true)
			p.freshPlain.Store(p.plaintext && p.proxy == nil && !got.Reused)
		},
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			p.tlsFailed.Store(err != nil)
			p.freshTLS.Store(err == nil)
		},
		GotFirstResponseByte: func() {
			p.freshTLS.Store(false)
			p.freshPlain.Store(false)
		},
	}
}

// classify turns err, of net/http or of this package, into an Error that can be
// shown.
func (c *Client) classify(ctx context.Context, p *progress, err error) *Error {
	failure, ok := errors.AsType[*Error](err)
	switch {
	case ok:
	case ctx.Err() != nil:
		failure = c.interrupted(ctx, p)
	case p.failedAtProxy(err):
		failure = proxyFailed(p, err)
	default:
		failure = describe(p, err)
	}
	var nothing secret.Redactor
	failure.Detail = nothing.Excerpt(failure.Detail, maxShown) // it may quote a certificate
	failure.Sent = p.connected.Load() && !rejectedInHandshake(err)
	return failure
}

// interrupted describes an attempt that a context ended. The cause that a caller
// gave its context is not kept, since it can be anything.
func (c *Client) interrupted(ctx context.Context, p *progress) *Error {
	if !errors.Is(context.Cause(ctx), errAttemptTimeout) {
		return &Error{Kind: Canceled, Detail: ctx.Err().Error(), Err: ctx.Err()}
	}
	failure := &Error{Kind: Timeout, Detail: "no complete response"}
	if !p.connected.Load() {
		failure.Detail = "no connection"
	}
	if p.proxy != nil {
		failure.Proxy = p.proxy.Host
		failure.Detail += " through the proxy " + failure.Proxy
	}
	failure.Detail += fmt.Sprintf(" within %s", c.timeout)
	return failure
}

// describe names what err is about. An error of no known type is not kept:
// net/http quotes the malformed part of an answer, which may hold a token.
func describe(p *progress, err error) *Error {
	if failure := describeTLS(p, err); failure != nil {
		return failure
	}
	if failure := describeNetwork(p, err); failure != nil {
		return failure
	}
	switch {
	case isHeaderTooLarge(err):
		return &Error{Kind: TooLarge, Detail: fmt.Sprintf("the response header is larger than %d bytes", maxHeaderBytes)}
	case isBadGzip(err):
		return &Error{Kind: Protocol, Detail: "the response body is not the gzip data that its header announces"}
	case isTLSAlert(err):
		return expectsTLS()
	case p.connected.Load():
		return &Error{Kind: Protocol, Detail: "the server closed the connection early, or its answer is not valid HTTP"}
	}
	return &Error{Kind: Other, Detail: "the connection could not be set up"}
}

func describeTLS(p *progress, err error) *Error {
	if unverified, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &Error{Kind: TLS, Detail: unverified.Err.Error(), Err: unverified.Err}
	}
	if alert := remoteAlert(err); alert != nil {
		return &Error{Kind: TLS, Detail: "the server ended the TLS connection: " + alert.Error(), Alert: true, Err: alert}
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return &Error{Kind: TLS, Detail: "the server does not speak TLS on this port; is it meant to be http?"}
	}
	if !p.tlsFailed.Load() {
		return nil
	}
	if isClosed(err) {
		return &Error{Kind: TLS, Detail: "the server closed the connection during the TLS handshake", Err: io.ErrUnexpectedEOF}
	}
	// Nothing but certificates has been exchanged yet, so the text is harmless.
	return &Error{Kind: TLS, Detail: err.Error(), Err: err}
}

func describeNetwork(p *progress, err error) *Error {
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return &Error{Kind: DNS, Detail: lookup.Error(), Err: lookup}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Timeout() {
		return &Error{Kind: Timeout, Detail: "the system gave the connection up: " + op.Error(), Err: op}
	}
	errno, isErrno := errors.AsType[syscall.Errno](err)
	if p.connected.Load() {
		switch {
		case isErrno:
			return &Error{Kind: Truncated, Detail: p.brokenOff() + ": " + errno.Error(), Err: errno}
		case isClosed(err):
			return &Error{Kind: Truncated, Detail: p.brokenOff(), Err: io.ErrUnexpectedEOF}
		}
		return nil
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" && isErrno {
		return &Error{Kind: Refused, Detail: op.Error(), Err: op}
	}
	return nil
}

func (p *progress) brokenOff() string {
	const text = "the connection ended before the whole answer was received"
	switch {
	case p.freshTLS.Load():
		// The alert of a TLS 1.3 server can get lost when it closes at once.
		return text + ", right after the TLS handshake (does the server require a client certificate?)"
	case p.freshPlain.Load():
		return text + " (does the server expect TLS, and the address begin with https://?)"
	}
	return text
}

// isClosed also goes by a text of net/http, which has no type or value for a
// connection that the server closed just when the request was to be written.
func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		strings.Contains(err.Error(), "server closed idle connection")
}

// isHeaderTooLarge goes by the text of net/http, which has no type or value for
// it. HTTP/2 reports most such headers as a protocol error.
func isHeaderTooLarge(err error) bool {
	return strings.Contains(err.Error(), "server response headers exceeded")
}

// isTLSAlert reports whether a server sent a TLS alert in place of a response (RFC
// 8446 section 5.1: the type is 21, the version begins with 3). It goes by the text of
// net/http, which has no type or value for it.
func isTLSAlert(err error) bool {
	return strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`)
}

// plainToTLS are parts of the pages of Go, nginx and Apache for a plaintext request on
// a port for TLS, which they answer with 400.
var plainToTLS = []string{
	"Client sent an HTTP request to an HTTPS server",
	"The plain HTTP request was sent to HTTPS port",
	"speaking plain HTTP to an SSL-enabled server port",
}

// saysPlainToTLS reports whether a response is about a missing https:// alone.
func saysPlainToTLS(status int, body []byte) bool {
	return status == http.StatusBadRequest && slices.ContainsFunc(plainToTLS, func(part string) bool {
		return bytes.Contains(body, []byte(part))
	})
}

func expectsTLS() *Error {
	return &Error{Kind: TLS, Detail: "the server expects TLS on this port, so that the address probably must begin with https://"}
}

func isBadGzip(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}

// rejectingAlerts are those by which a server turns a client down: it wants
// another certificate, or one at all (RFC 8446 section 6.2).
var rejectingAlerts = []tls.AlertError{
	40,  // handshake_failure
	42,  // bad_certificate
	43,  // unsupported_certificate
	44,  // certificate_revoked
	45,  // certificate_expired
	46,  // certificate_unknown
	48,  // unknown_ca
	49,  // access_denied
	116, // certificate_required
}

// rejectedInHandshake tells whether the server ended the handshake. In TLS 1.3 the
// client has finished its part, and may have written the request, before it
// hears so; the server has read none of it.
func rejectedInHandshake(err error) bool {
	alert := remoteAlert(err)
	return alert != nil && slices.ContainsFunc(rejectingAlerts, func(rejecting tls.AlertError) bool {
		return rejecting.Error() == alert.Error() // crypto/tls returns a type it does not export
	})
}

// remoteAlert returns the TLS alert by which the server ended the connection, nil
// if it did not.
func remoteAlert(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return op.Err
	}
	return nil
}
