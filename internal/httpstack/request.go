// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Request is one request. Header, Body and URL are only read, and may be shared
// between calls.
type Request struct {
	Method string
	// URL may have a query, but no userinfo; a fragment is not sent.
	URL    *url.URL
	Header http.Header
	Body   []byte
	// MaxBody bounds the response body in bytes, after decompression. Zero means
	// DefaultMaxBody.
	MaxBody int64
	// KeepMethod refuses the redirects that clients follow with a new request (RFC
	// 9110 sections 15.4.2 to 15.4.4), also where that is of the same method.
	KeepMethod bool
	// Expected lists statuses whose responses are returned as they are: a redirect among
	// them is neither followed nor refused.
	Expected []int
	// Transport, if not nil, wraps every exchange: each redirect, and each further request
	// that the wrapper makes of it, with header fields of its own. The time of base counts
	// towards the timeout, and that of the wrapper does not. A request has the context of
	// Do; errors of base are of type [*Error], and Do returns others as they are.
	Transport func(base http.RoundTripper) http.RoundTripper

	// Secrets are the parts of the request that must not be shown; nil means all that it
	// sends. What Transport adds is never shown.
	Secrets []secret.String

	// Endpoint names in the log what the request is for, e.g. "token".
	Endpoint string
	// Parameters are names of parameters, without their values, for the log.
	Parameters []string
}

// Response is a response that was received completely.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte
	// Secrets are those of the request, and the proxy's credentials, which the body and the
	// header may echo.
	Secrets []secret.String
	// RequestedAt is the time just before the request was sent: a lifetime in the response,
	// counted from here, never ends late.
	RequestedAt time.Time
}

// Do sends r and reads the whole response, whatever its status. It follows the
// redirects that stay within the origin and repeat the request as it was, and
// refuses others; see RFC 9110 section 15.4. Errors are of type [*Error], but for those
// of r.Transport.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	if err := c.Check(r); err != nil {
		return nil, err
	}
	a := &attempt{client: c, left: c.timeout}
	target, shown := r.URL, ShowURL(r.URL)
	for range maxRedirects + 1 {
		response, err := a.exchange(ctx, r, target, shown)
		if err != nil {
			return nil, err
		}
		if slices.Contains(r.Expected, response.StatusCode) {
			return response, nil
		}
		next, refused := redirectTarget(r, target, response)
		if refused != nil {
			return nil, refused.at(r.Method, shown)
		}
		if next == nil {
			return response, nil
		}
		target, shown = next, showTarget(next, response.Secrets)
	}
	tooMany := &Error{Kind: Redirect, Sent: true, Detail: fmt.Sprintf("more than %d redirects", maxRedirects)}
	return nil, tooMany.at(r.Method, shown)
}

// exchange sends r to target, which is r.URL or a redirect from there, and logs the
// outcome. What is shown of the target is redacted.
func (a *attempt) exchange(ctx context.Context, r Request, target *url.URL, shown string) (*Response, error) {
	c := a.client
	log := c.log.With("endpoint", r.Endpoint, "method", r.Method, "url", shown)
	log.DebugContext(ctx, "sending HTTP request", "parameters", r.Parameters)
	start := c.now()
	response, err := a.send(ctx, r, target)
	if err != nil {
		failure, ok := err.(*Error) //nolint:errorlint // another of r.Transport may wrap one
		if !ok {
			return nil, err
		}
		failure = failure.at(r.Method, shown)
		log.DebugContext(ctx, "HTTP request failed",
			"kind", string(failure.Kind), "detail", failure.Detail, "sent", failure.Sent, "duration", c.now().Sub(start))
		return nil, failure
	}
	response.RequestedAt = start
	log.DebugContext(ctx, "received HTTP response", "status", response.StatusCode, "bytes", len(response.Body), "duration", c.now().Sub(start))
	return response, nil
}

func (a *attempt) send(ctx context.Context, r Request, target *url.URL) (*Response, error) {
	request, err := a.client.newRequest(ctx, r, target)
	if err != nil {
		// Its text quotes the URL, so it is dropped. check has left no known cause.
		return nil, invalid("the request cannot be written")
	}
	a.header = request.Header
	var transport http.RoundTripper = a
	if r.Transport != nil {
		transport = r.Transport(a)
	}
	received, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = received.Body.Close() }() // read to its end, or abandoned

	if received.StatusCode == http.StatusSwitchingProtocols { // its body has no end, and no timeout
		return nil, &Error{Kind: Protocol, Sent: true, Detail: "the server switched to another protocol without being asked to"}
	}
	body, err := readBody(received.Body, r.MaxBody)
	if err != nil {
		return nil, err
	}
	if target.Scheme == "http" && saysPlainToTLS(received.StatusCode, body) {
		return nil, expectsTLS()
	}
	return &Response{StatusCode: received.StatusCode, Header: received.Header, Body: body, Secrets: append(r.Sent(), a.secrets...)}, nil
}

// Sent lists the secrets of r: those that it names, or all that it sends but for
// the types of bodies.
func (r Request) Sent() []secret.String {
	if r.Secrets != nil {
		return slices.Clone(r.Secrets)
	}
	sent := []secret.String{secret.New(r.URL.RawQuery), secret.New(string(r.Body))}
	for name, values := range r.Header {
		if name == "Accept" || name == "Content-Type" {
			continue
		}
		for _, value := range values {
			sent = append(sent, secret.New(value))
		}
	}
	return sent
}

func (c *Client) newRequest(ctx context.Context, r Request, target *url.URL) (*http.Request, error) {
	// A bytes.Reader lets net/http repeat a request that an HTTP/2 server says it has not
	// processed.
	request, err := http.NewRequestWithContext(ctx, r.Method, target.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	if r.Header != nil {
		request.Header = r.Header.Clone()
	}
	if c.userAgent != "" && len(request.Header.Values("User-Agent")) == 0 {
		request.Header.Set("User-Agent", c.userAgent)
	}
	return request, nil
}

// readBody reads body to its end. The bound also holds for what gzip unpacks to,
// since net/http decompresses below the reader.
func readBody(body io.Reader, limit int64) ([]byte, error) {
	if limit <= 0 {
		limit = DefaultMaxBody
	}
	read, err := io.ReadAll(io.LimitReader(body, limit+1))
	if int64(len(read)) > limit {
		return nil, &Error{Kind: TooLarge, Sent: true, Detail: fmt.Sprintf("the response body is larger than %d bytes", limit)}
	}
	return read, err
}
