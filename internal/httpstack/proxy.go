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

// parseProxyURL returns nil for "". Its errors are fixed texts that continue "the
// proxy URL": those of net/url quote it, and the part that is wrong may be the
// password.
func parseProxyURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	// The scheme comes first: net/url takes "user:password@host" and "host:port" for
	// anything but a missing scheme.
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

// checkConnectAnswer refuses a tunnel that the proxy refused, in place of an
// error of net/http that quotes the proxy.
func checkConnectAnswer(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return proxyAnswered(answer.StatusCode)
	}
	return nil
}

// transientGateway are the statuses by which a proxy says that the server cannot be
// reached now, and not that it may not be.
var transientGateway = []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}

func proxyAnswered(status int) *Error {
	detail := fmt.Sprintf("the proxy answered with status %d %s", status, http.StatusText(status))
	return &Error{Kind: Proxy, Detail: strings.TrimSpace(detail), transient: slices.Contains(transientGateway, status)}
}

// forwarded tells whether an HTTP proxy reads the request for target and answers
// it, and not a tunnel's end.
func (p *progress) forwarded(target *url.URL) bool {
	return p.proxy != nil && target.Scheme == "http" && strings.HasPrefix(p.proxy.Scheme, "http")
}

// proxyCredentials are what the transport sends to a proxy in the header (RFC 7617
// section 2), which that may echo.
func (p *progress) proxyCredentials() secret.String {
	if p.proxy == nil || p.proxy.User == nil {
		return secret.String{}
	}
	password, _ := p.proxy.User.Password()
	pair := p.proxy.User.Username() + ":" + password
	return secret.New("Basic " + base64.StdEncoding.EncodeToString([]byte(pair)))
}

// failedAtProxy tells whether err befell the way to the proxy or the talk with
// it, and not the TLS handshake with the server behind it.
func (p *progress) failedAtProxy(err error) bool {
	if p.proxy == nil || p.connected.Load() {
		return false
	}
	return !p.tlsFailed.Load() || isProxyConnect(err)
}

// isProxyConnect tells whether net/http marked err as one of the way to the proxy.
func isProxyConnect(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "proxyconnect"
}

func proxyFailed(p *progress, err error) *Error {
	op, ok := errors.AsType[*net.OpError](err)
	if ok && isProxyConnect(err) {
		err = op.Err
	}
	cause := describe(p, err)
	if ok && strings.HasPrefix(op.Op, "socks") {
		// net/http words these itself, by the reply codes of RFC 1928 section 6.
		cause.Detail = op.Err.Error()
	}
	return &Error{Kind: Proxy, Detail: fmt.Sprintf("proxy %s: %s", p.proxy.Host, cause.Detail), Err: cause.Err, transient: cause.Transient()}
}
