// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// errTimeout tells the end of the client's own timeout from that of its caller.
var errTimeout = errors.New("timed out")

// roundTrip sends request over transport with another context, and classifies what fails
// until the end of the response. Then it calls over, which ends the context.
func (c *Client) roundTrip(ctx context.Context, transport *http.Transport, request *http.Request, p *progress, over func()) (*http.Response, error) {
	configured := request.URL
	p.plaintext = configured.Scheme == "http"
	traced := httptrace.WithClientTrace(ctx, p.trace())
	if p.plaintext && !c.allowPlaintext {
		traced = context.WithValue(traced, thisMachine{}, true)
	}
	target := *configured
	target.Host = strings.ToLower(target.Host) // in which net/http recognises "localhost", which needs no proxy
	request = request.WithContext(traced)
	request.URL = &target
	var err error
	if p.proxy, err = transport.Proxy(request); err != nil {
		defer over()
		closeBody(request)
		// The proxy variables may hold a password, and the error quotes them.
		failure := &Error{Kind: Proxy, Detail: "a proxy environment variable is not a valid URL"}
		return nil, failure.at(request.Method, ShowURL(configured))
	}
	if p.forwarded(&target) && target.Opaque != "" && !strings.HasPrefix(target.Opaque, "//") {
		target.Opaque = "//" + target.Host + target.Opaque // a path: net/http leaves it to us to name the server to the proxy
	}
	received, err := transport.RoundTrip(request)
	if err != nil {
		defer over()
		return nil, c.classify(ctx, p, err).at(request.Method, ShowURL(configured))
	}
	switch {
	case p.forwarded(request.URL) && refusedByProxy(received):
		defer over()
		_ = received.Body.Close()
		return nil, proxyResponded(received.StatusCode).at(request.Method, ShowURL(configured))
	case received.StatusCode == http.StatusSwitchingProtocols:
		over() // the connection is the caller's, and no longer ends with the context
	default:
		received.Body = &responseBody{received.Body, over, func(err error) error {
			return c.classify(ctx, p, err).at(request.Method, ShowURL(configured))
		}}
	}
	return received, nil
}

// closeBody does for a request that is not sent what net/http does for others.
func closeBody(request *http.Request) {
	if request.Body != nil {
		_ = request.Body.Close()
	}
}

// responseBody is a body whose errors are of type [*Error].
type responseBody struct {
	io.ReadCloser

	over     func()
	classify func(error) error
}

func (b *responseBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // an end that is wrapped is not the end
		err = b.classify(err)
	}
	return n, err
}

func (b *responseBody) Close() error {
	defer b.over()
	return b.ReadCloser.Close()
}

// attempt is the transport of one call of Do. Its timeout counts from each request to
// the end of the response: what a [Request.Transport] does in between takes its own time.
type attempt struct {
	client *Client
	left   time.Duration
	// header is that of the request as Do wrote it, and secrets what was sent beside it.
	header  http.Header
	secrets []secret.String
}

// RoundTrip implements http.RoundTripper.
func (a *attempt) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := checkFields(request.Header); err != nil {
		closeBody(request)
		return nil, err
	}
	for name, values := range request.Header {
		if !slices.Equal(values, a.header[name]) {
			for _, value := range values {
				a.secrets = append(a.secrets, secret.New(value))
			}
		}
	}
	begin := time.Now()
	ctx, cancel := context.WithTimeoutCause(request.Context(), a.left, errTimeout)
	over := sync.OnceFunc(func() {
		cancel()
		a.left -= time.Since(begin)
	})
	var p progress
	received, err := a.client.roundTrip(ctx, a.client.transport, request, &p, over)
	a.secrets = append(a.secrets, p.proxyCredentials())
	return received, err
}

// Streaming returns a transport for requests and responses of any size and length, such
// as those of a reverse proxy. It has the client's TLS settings, proxy, plaintext rule
// and bound of the response header. The timeout bounds connecting alone, of which the
// TLS handshake and a proxy's CONNECT are part. It follows no redirects, adds no header
// field, decompresses nothing and logs nothing. The body of a 101 is an
// io.ReadWriteCloser. A path in URL.Opaque is sent as it is.
//
// Its errors are of type [*Error], those of reading a body included. If the kind is
// [Timeout], connecting took too long.
func (c *Client) Streaming() http.RoundTripper { return streaming{c} }

type streaming struct{ client *Client }

// RoundTrip implements http.RoundTripper.
func (s streaming) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := s.client.checkPlaintext(request.URL); err != nil {
		closeBody(request)
		return nil, err.at(request.Method, ShowURL(request.URL))
	}
	ctx, cancel := context.WithCancelCause(request.Context())
	connecting := time.AfterFunc(s.client.timeout, func() { cancel(errTimeout) })
	over := func() {
		connecting.Stop()
		cancel(nil)
	}
	transport := s.client.streaming
	if request.Header.Get("Upgrade") != "" {
		transport = s.client.upgrading
	}
	return s.client.roundTrip(ctx, transport, request, &progress{connecting: connecting, limit: s.client.timeout}, over)
}
