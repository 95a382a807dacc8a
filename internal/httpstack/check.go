// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// transportHeaders are set by the HTTP stack. net/http would silently drop most of them
// and send the others, which could desynchronise a connection.
var transportHeaders = []string{
	"Connection", "Content-Length", "Expect", "Host", "Keep-Alive", "Proxy-Authorization",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// Check reports why Do would refuse r before it opens a connection, for callers that
// have to do something else first. Errors are of type [*Error].
func (c *Client) Check(r Request) error {
	if err := c.check(r); err != nil {
		return err.at(r.Method, ShowURL(r.URL))
	}
	return nil
}

func (c *Client) check(r Request) *Error {
	// A method is a token, as the name of a field is. CONNECT requests a tunnel, and TRACE
	// makes the server echo credentials.
	if !httpguts.ValidHeaderFieldName(r.Method) || r.Method == http.MethodConnect || r.Method == http.MethodTrace {
		return invalid("the method %.40q cannot be used", r.Method)
	}
	if err := checkURL(r.URL); err != nil {
		return err
	}
	if err := c.checkPlaintext(r.URL); err != nil {
		return err
	}
	return checkFields(r.Header)
}

func checkFields(header http.Header) *Error {
	for name, values := range header {
		for _, value := range values {
			if err := CheckHeader(name, value); err != nil {
				return invalid("%v", err)
			}
		}
	}
	return nil
}

const plaintextRefused = "not sent, as plaintext http is permitted to loopback addresses only"

// checkPlaintext reports whether u is refused because it is http. Loopback traffic is not,
// since it stays on the machine, unless a proxy carries it elsewhere. (The proxy
// variables never apply to loopback addresses.) For a name, dialContext checks the
// address.
func (c *Client) checkPlaintext(u *url.URL) *Error {
	local := IsLoopback(u.Hostname()) && (c.proxy == nil || IsLoopback(c.proxy.Hostname()))
	if u.Scheme != "http" || local || c.allowPlaintext {
		return nil
	}
	return &Error{Kind: Plaintext, Detail: plaintextRefused}
}

// thisMachine marks the context of a request whose connection must not leave the
// machine.
type thisMachine struct{}

// dialContext opens a connection, for a marked request to a loopback address alone: a
// name, localhost included, is what a hosts file or a name server says. An idle
// connection that is reused was checked when it was opened.
func (c *Client) dialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.dial(ctx, network, address)
	if err != nil || ctx.Value(thisMachine{}) == nil {
		return conn, err
	}
	dialled, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err == nil && dialled.Addr().Unmap().IsLoopback() {
		return conn, nil
	}
	_ = conn.Close() // on which nothing has been written
	return nil, &Error{Kind: Plaintext, Detail: fmt.Sprintf("%s, and %s is %s here", plaintextRefused, address, conn.RemoteAddr())}
}

func checkURL(u *url.URL) *Error {
	switch {
	case u == nil:
		return invalid("the URL is missing")
	case u.Scheme != "https" && u.Scheme != "http":
		return invalid("the URL must begin with https://")
	case u.Hostname() == "":
		return invalid("the URL has no host")
	case u.User != nil:
		return invalid("the URL must not contain a user name or password")
	case strings.ContainsFunc(u.RawQuery, isNotVisible):
		return invalid("the URL's query has a space, a control character or a character beyond ASCII, which must be percent-encoded")
	}
	return nil
}

// MaxField bounds a header field, its name and its value together, in bytes. Common
// servers accept headers of 8 to 64 KiB.
const MaxField = 64 << 10

// CheckHeader reports what is wrong with a header field, without quoting its value: it
// could end early and begin another field (RFC 9110 section 5.5), or would not arrive as
// it is.
func CheckHeader(name, value string) error {
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		// Not quoted: the name may be a value in the wrong place.
		return errors.New("a header name is empty or has characters that are not allowed, such as a space or a colon")
	case slices.Contains(transportHeaders, http.CanonicalHeaderKey(name)):
		return fmt.Errorf("the header %s cannot be set: the connection decides it", name)
	case len(name)+len(value) > MaxField:
		return fmt.Errorf("the header %.40s is longer than %d bytes", name, MaxField)
	case !httpguts.ValidHeaderFieldValue(value):
		return fmt.Errorf("the value of header %.40s has a line break or another control character", name)
	case strings.Trim(value, " \t") != value:
		return fmt.Errorf("the value of header %.40s begins or ends with a space, which HTTP does not carry", name)
	}
	return nil
}

func invalid(format string, args ...any) *Error {
	return &Error{Kind: Invalid, Detail: fmt.Sprintf(format, args...)}
}

func isNotVisible(r rune) bool { return r <= ' ' || r >= 0x7f }

// IsLoopback reports whether host, a name or an address without a port, is this
// machine, to which http is always permitted.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
