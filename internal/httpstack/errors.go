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
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Kind says where a request failed.
type Kind string

// The kinds of failure.
const (
	Invalid   Kind = "invalid request"    // it cannot be sent as it is
	Plaintext Kind = "plaintext refused"  // http to other than loopback
	DNS       Kind = "name lookup failed" // of the server's name
	Refused   Kind = "no connection"      // refused, reset, or no route to the server
	TLS       Kind = "TLS failed"         // certificate, handshake, or no TLS at all
	Proxy     Kind = "proxy failed"       // the connection to the proxy, or its refusal
	Timeout   Kind = "timed out"          // of the attempt itself
	Canceled  Kind = "canceled"           // by the caller's context
	Redirect  Kind = "redirect refused"   // another origin, a lost body, or too many
	TooLarge  Kind = "response too large" // body or header beyond its bound
	Truncated Kind = "response truncated" // the connection ended before the response did
	Protocol  Kind = "protocol violated"  // the response is not valid HTTP
	Other     Kind = "request failed"     // none of these
)

// Error is a request without a usable response. Neither it nor its chain holds a query,
// userinfo, header value or body: errors of the standard library are kept as Err only if
// their type is known to quote none of these, and are otherwise described in words of
// this package.
type Error struct {
	Kind   Kind
	Method string
	URL    string // origin and path
	Detail string // what happened
	// Proxy is the proxy, as host and port, that a request went through which timed out, or
	// which it passed on without TLS and may have responded to itself; empty if there was none.
	Proxy string
	// Alert reports that the server ended the TLS connection with an alert, as it does if
	// it requires a client certificate or does not accept it.
	Alert bool
	// MayExpectTLS reports that a plaintext connection ended before a response began, as it
	// does on a port for TLS.
	MayExpectTLS bool
	// Sent reports that the server may have received the request, so that a second one may
	// take effect twice.
	Sent bool
	// transient reports that the proxy may work again a moment later.
	transient bool
	// Err is the cause, e.g. a *net.DNSError or x509.UnknownAuthorityError; nil if it
	// could show too much.
	Err error
}

func (e *Error) Error() string { return fmt.Sprintf("%s %s: %s", e.Method, e.URL, e.Detail) }
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) at(method, address string) *Error {
	e.Method, e.URL = method, address
	return e
}

// progress is how far a request has come.
type progress struct {
	proxy     *url.URL // nil if none is used
	plaintext bool

	// connected is set when a connection is ready for the request, which the server may
	// have received from then on. The write itself is no better mark: it runs beside
	// RoundTrip, and a cancelled call can return before its hook.
	connected atomic.Bool
	tlsFailed atomic.Bool
	// fresh is set while a connection made for this request has brought no response.
	fresh atomic.Bool

	// connecting bounds the time without a connection, if it is not nil: to limit each time.
	connecting *time.Timer
	limit      time.Duration
}

func (p *progress) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		// net/http connects once more if a connection that it reuses turns out to be closed.
		GetConn: func(string) {
			if p.connecting != nil {
				p.connecting.Reset(p.limit)
			}
		},
		GotConn: func(got httptrace.GotConnInfo) {
			if p.connecting != nil {
				p.connecting.Stop()
			}
			p.connected.Store(true)
			p.fresh.Store(!got.Reused)
		},
		TLSHandshakeDone:     func(_ tls.ConnectionState, err error) { p.tlsFailed.Store(err != nil) },
		GotFirstResponseByte: func() { p.fresh.Store(false) },
	}
}

// classify turns an error of net/http or of this package into one that can be shown.
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
		if p.proxy != nil && p.plaintext {
			failure.Proxy = p.proxy.Host
		}
	}
	var nothing secret.Redactor
	failure.Detail = nothing.Excerpt(failure.Detail, maxShown) // it may quote a certificate
	failure.Sent = p.connected.Load()
	return failure
}

// interrupted describes an attempt that a context ended. The cause that a caller
// gave its context is not kept, since it can be anything.
func (c *Client) interrupted(ctx context.Context, p *progress) *Error {
	if !errors.Is(context.Cause(ctx), errTimeout) {
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

// describe classifies err by its type. An error of an unknown type is not kept: net/http
// quotes the malformed part of a response, which may hold a token.
func describe(p *progress, err error) *Error {
	if failure := describeTLS(p, err); failure != nil {
		return failure
	}
	if failure := describeNetwork(p, err); failure != nil {
		return failure
	}
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	switch text := err.Error(); { // for some errors net/http has neither a type nor a value
	case strings.Contains(text, "server response headers exceeded"): // HTTP/2 mostly reports a protocol error instead
		return &Error{Kind: TooLarge, Detail: fmt.Sprintf("the response header is larger than %d bytes", maxHeaderBytes)}
	case corrupt, errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return &Error{Kind: Protocol, Detail: "the response body is not the gzip data that its header announces"}
	case strings.Contains(text, `malformed HTTP response "\x15\x03`): // a TLS alert (RFC 8446 section 5.1)
		return expectsTLS()
	case p.connected.Load():
		return &Error{Kind: Protocol, Detail: "the server closed the connection early, or its response is not valid HTTP"}
	}
	return &Error{Kind: Other, Detail: "the connection could not be set up"}
}

func describeTLS(p *progress, err error) *Error {
	if unverified, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &Error{Kind: TLS, Detail: unverified.Err.Error(), Err: unverified.Err}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" { // as crypto/tls reports an alert
		return &Error{Kind: TLS, Detail: "the server ended the TLS connection: " + op.Err.Error(), Alert: true, Err: op.Err}
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
		return &Error{Kind: Timeout, Detail: "the operating system timed the connection out: " + op.Error(), Err: op}
	}
	errno, isErrno := errors.AsType[syscall.Errno](err)
	if p.connected.Load() {
		switch {
		case isErrno:
			return &Error{Kind: Truncated, MayExpectTLS: p.mayExpectTLS(), Detail: p.truncated() + ": " + errno.Error(), Err: errno}
		case isClosed(err):
			return &Error{Kind: Truncated, MayExpectTLS: p.mayExpectTLS(), Detail: p.truncated(), Err: io.ErrUnexpectedEOF}
		}
		return nil
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" && isErrno {
		return &Error{Kind: Refused, Detail: op.Error(), Err: op}
	}
	return nil
}

func (p *progress) truncated() string {
	const text = "the connection closed before the response was complete"
	switch {
	case !p.fresh.Load():
		return text
	case !p.plaintext: // the alert of a TLS 1.3 server can get lost when it closes at once
		return text + ", right after the TLS handshake (does the server require a client certificate?)"
	default:
		return text
	}
}

func (p *progress) mayExpectTLS() bool { return p.fresh.Load() && p.plaintext && p.proxy == nil }

// isClosed also matches a text of net/http, which has no type or value for a connection
// that the server closed just when the request was to be written.
func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		strings.Contains(err.Error(), "server closed idle connection")
}

// plainToTLS are parts of the pages with status 400 that Go, nginx and Apache send for a
// plaintext request to a TLS port.
var plainToTLS = []string{
	"Client sent an HTTP request to an HTTPS server",
	"The plain HTTP request was sent to HTTPS port",
	"speaking plain HTTP to an SSL-enabled server port",
}

func saysPlainToTLS(status int, body []byte) bool {
	return status == http.StatusBadRequest && slices.ContainsFunc(plainToTLS, func(part string) bool {
		return bytes.Contains(body, []byte(part))
	})
}

func expectsTLS() *Error {
	return &Error{Kind: TLS, Sent: true, Detail: "the server expects TLS on this port; the address should probably begin with https://"}
}
