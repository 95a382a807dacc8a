// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// transportHeaders are decided by the HTTP stack. net/http would drop most of
// them in silence and send the others, which could desynchronise a connection.
var transportHeaders = []string{
	"Connection", "Content-Length", "Expect", "Host", "Keep-Alive", "Proxy-Authorization",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// check refuses what must not or cannot be sent, before a connection is opened.
func (c *Client) check(r Request) *Error {
	// CONNECT asks for a tunnel, and TRACE has the server send credentials back.
	if !isToken(r.Method) || r.Method == http.MethodConnect || r.Method == http.MethodTrace {
		return invalid("the method %.40q cannot be used", r.Method)
	}
	if err := checkURL(r.URL); err != nil {
		return err
	}
	if r.URL.Scheme == "http" && !c.mayBePlaintext(r.URL) {
		return &Error{Kind: Plaintext, Detail: plaintextRefused}
	}
	return checkHeader(r.Header)
}

// plaintextRefused is what happens to other requests than those of mayBePlaintext.
const plaintextRefused = "not sent, as plaintext http is permitted to loopback addresses only"

// mayBePlaintext reports whether an http request to u is permitted. Loopback
// traffic is, since it stays on the machine, unless a proxy carries it elsewhere.
// (The proxy variables never apply to loopback addresses.) What is a loopback address
// by its name is held to it by dialContext.
func (c *Client) mayBePlaintext(u *url.URL) bool {
	local := isLoopback(u.Hostname()) && (c.proxy == nil || isLoopback(c.proxy.Hostname()))
	return local || c.allowPlaintext
}

func checkURL(u *url.URL) *Error {
	switch {
	case u == nil:
		return invalid("there is no URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return invalid("the URL must begin with https://")
	case u.Hostname() == "":
		return invalid("the URL has no host")
	case u.User != nil:
		return invalid("the URL must not hold a user name or password")
	case strings.ContainsFunc(u.RawQuery, isNotVisible):
		return invalid("the URL's query has a space, control character or letter beyond ASCII: write it percent-encoded")
	}
	return nil
}

// MaxField bounds a header field, its name and its value together, in bytes. Common
// servers take 8 to 64 KiB of header.
const MaxField = 64 << 10

// checkHeader refuses what could end a field early and begin another (RFC 9110
// section 5.5), and what would not arrive as it is. It shows no value.
func checkHeader(header http.Header) *Error {
	for name, values := range header {
		if !isToken(name) {
			return invalid("a header name is empty or has characters that are not allowed, such as a space or a colon") // a value, perhaps
		}
		if slices.Contains(transportHeaders, http.CanonicalHeaderKey(name)) {
			return invalid("the header %s cannot be set: the connection decides it", name)
		}
		for _, value := range values {
			switch {
			case len(name)+len(value) > MaxField:
				return invalid("the header %.40s is longer than %d bytes", name, MaxField)
			case strings.ContainsFunc(value, isControl):
				return invalid("the value of header %.40s has a line break or another control character", name)
			case strings.Trim(value, " \t") != value:
				return invalid("the value of header %.40s begins or ends with a space, which HTTP does not carry", name)
			}
		}
	}
	return nil
}

func invalid(format string, args ...any) *Error {
	return &Error{Kind: Invalid, Detail: fmt.Sprintf(format, args...)}
}

// isToken is the token of RFC 9110 section 5.6.2.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		alphanumeric := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !alphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

func isNotVisible(r rune) bool { return r <= ' ' || r >= 0x7f }

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
