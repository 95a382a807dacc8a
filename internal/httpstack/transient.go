// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"errors"
	"io"
	"net"
	"net/http"
)

// TransientStatus reports whether the same request may get another response a moment
// later: 408, 425, 429, and the 5xx, known or not, that do not say otherwise (RFC 9110
// section 15, RFC 6585 section 4, RFC 8470 section 5.2).
func TransientStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusVariantAlsoNegotiates,
		http.StatusInsufficientStorage, // not to be repeated by a program (RFC 4918 section 11.5)
		http.StatusLoopDetected, http.StatusNotExtended, http.StatusNetworkAuthenticationRequired:
		return false
	}
	return status >= http.StatusInternalServerError
}

// Idempotent tells whether a request of this method can be sent twice to the
// effect of once (RFC 9110 section 9.2.2).
func Idempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// Transient tells whether the same request may get an answer a moment later. It
// says nothing about whether sending it twice does harm, see Sent.
func (e *Error) Transient() bool {
	switch e.Kind {
	case Refused, Timeout, Truncated:
		return true
	case DNS:
		lookup, ok := errors.AsType[*net.DNSError](e.Err)
		return !ok || !lookup.IsNotFound
	case TLS:
		return errors.Is(e.Err, io.ErrUnexpectedEOF) // closed without a word, as servers do that start or stop
	case Proxy:
		return e.transient
	default:
		return false
	}
}
