// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// ParseProxyURL returns nil for "". Its errors are fixed texts that continue "the proxy
// URL": those of net/url quote it, and the part that is wrong may be the password.
func ParseProxyURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	// The scheme is checked first: net/url has other errors for "user:password@host" and
	// "host:port", whose scheme is missing.
	scheme, _, found := strings.Cut(text, "://")
	if !found || !slices.Contains(proxySchemes, strings.ToLower(scheme)) {
		return nil, errors.New("must begin with http://, https://, socks5:// or socks5h://")
	}
	proxy, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("is not a valid URL; special characters in the user name and password must be percent-encoded")
	case proxy.Hostname() == "":
		return nil, errors.New("has no host")
	case strings.Trim(proxy.Path, "/") != "" || proxy.RawQuery != "" || proxy.Fragment != "":
		return nil, errors.New("must end after host and port")
	}
	return proxy, nil
}

// checkConnectResponse refuses a tunnel that the proxy refused, in place of an
// error of net/http that quotes the proxy.
func checkConnectResponse(_ context.Context, _ *url.URL, _ *http.Request, response *http.Response) error {
	if response.StatusCode != http.StatusOK {
		return proxyResponded(response.StatusCode)
	}
	return nil
}

// transientGateway are the statuses of a proxy that cannot reach the server now. Others
// say that it must not.
var transientGateway = []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}

func proxyResponded(status int) *Error {
	return &Error{Kind: Proxy, Detail: "the proxy responded with status " + ShowStatus(status), transient: slices.Contains(transientGateway, status)}
}

// forwarded reports whether an HTTP proxy reads the request for target, rather than
// carrying it through a tunnel.
func (p *progress) forwarded(target *url.URL) bool {
	return p.proxy != nil && target.Scheme == "http" && strings.HasPrefix(p.proxy.Scheme, "http")
}

// refusedByProxy reports whether a response that may be the server's is the proxy's refusal
// (RFC 9110 section 15.5.8). tinyproxy responds with 401 if the password is wrong.
func refusedByProxy(response *http.Response) bool {
	return response.StatusCode == http.StatusProxyAuthRequired ||
		response.StatusCode == http.StatusUnauthorized && strings.HasPrefix(response.Header.Get("Server"), "tinyproxy/")
}

// proxyCredentials is what the transport sends to a proxy in the header (RFC 7617 section
// 2), which the proxy may echo.
func (p *progress) proxyCredentials() secret.String {
	if p.proxy == nil || p.proxy.User == nil {
		return secret.String{}
	}
	password, _ := p.proxy.User.Password()
	pair := p.proxy.User.Username() + ":" + password
	return secret.New("Basic " + base64.StdEncoding.EncodeToString([]byte(pair)))
}

// failedAtProxy reports whether err is of the connection to the proxy, rather than of
// the TLS handshake with the server behind it.
func (p *progress) failedAtProxy(err error) bool {
	if p.proxy == nil || p.connected.Load() {
		return false
	}
	op, ok := errors.AsType[*net.OpError](err)
	return !p.tlsFailed.Load() || ok && op.Op == "proxyconnect"
}

func proxyFailed(p *progress, err error) *Error {
	op, ok := errors.AsType[*net.OpError](err)
	if ok && op.Op == "proxyconnect" {
		err = op.Err
	}
	cause := describe(p, err)
	if ok && strings.HasPrefix(op.Op, "socks") {
		// net/http words these itself, by the reply codes of RFC 1928 section 6.
		cause.Detail = op.Err.Error()
	}
	return &Error{Kind: Proxy, Detail: fmt.Sprintf("proxy %s: %s", p.proxy.Host, cause.Detail), Err: cause.Err, transient: cause.Transient()}
}
