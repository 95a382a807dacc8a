// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import "fmt"

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
	// Proxy is the proxy that a request which timed out went through, as host and port;
	// empty if there was none.
	Proxy string
	// Alert reports that the server ended the TLS connection with an alert, as it does if
	// it requires a client certificate or does not accept it.
	Alert bool
	// Sent reports that the server may have received the request, so that a second one may
	// take effect twice.
	Sent bool
	// transient reports that the proxy may work again a moment later.
	transient bool
	// Err is the cause, e.g. a *net.DNSError or x509.UnknownAuthorityError; nil if it
	// could show too much.
	Err error
}

// Error implements the error interface.
func (e *Error) Error() string { return fmt.Sprintf("%s %s: %s", e.Method, e.URL, e.Detail) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// at adds the request that failed.
func (e *Error) at(method, address string) *Error {
	e.Method, e.URL = method, address
	return e
}
