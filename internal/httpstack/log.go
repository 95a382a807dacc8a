// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

func (c *Client) logRequest(ctx context.Context, r Request, target *url.URL) {
	c.log.LogAttrs(ctx, slog.LevelDebug, "sending HTTP request",
		slog.String("endpoint", r.Endpoint),
		slog.String("method", r.Method),
		slog.String("url", ShowURL(target)),
		slog.Any("parameters", r.Parameters),
	)
}

func (c *Client) logResponse(ctx context.Context, r Request, target *url.URL, response *Response, took time.Duration) {
	attributes := []slog.Attr{
		slog.String("endpoint", r.Endpoint),
		slog.String("method", r.Method),
		slog.String("url", ShowURL(target)),
		slog.Int("status", response.StatusCode),
		slog.Int("bytes", len(response.Body)),
		slog.Duration("duration", took),
	}
	if id := requestID(r, response.Header); id != "" {
		attributes = append(attributes, slog.String("request_id", id))
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "received HTTP response", attributes...)
}

func (c *Client) logFailure(ctx context.Context, r Request, failure *Error, took time.Duration) {
	c.log.LogAttrs(ctx, slog.LevelDebug, "HTTP request failed",
		slog.String("endpoint", r.Endpoint),
		slog.String("method", r.Method),
		slog.String("url", failure.URL),
		slog.String("kind", string(failure.Kind)),
		slog.String("detail", failure.Detail),
		slog.Bool("sent", failure.Sent),
		slog.Duration("duration", took),
	)
}

// requestIDHeaders are response headers by which an operator finds the request in
// the server's own log.
var requestIDHeaders = []string{
	"X-Request-Id", "X-Correlation-Id", "Request-Id", "X-Ms-Request-Id", "X-Okta-Request-Id", "X-Amzn-Requestid", "Cf-Ray",
}

// maxRequestID is longer than a UUID and shorter than a JWT.
const maxRequestID = 64

// requestID returns the server's name for the exchange, "" if it gave none. What
// the request itself carried, however it is spelled, is no such name but an echo,
// and not to be shown.
func requestID(r Request, received http.Header) string {
	for _, name := range requestIDHeaders {
		id := received.Get(name)
		if len(id) <= maxRequestID && isToken(id) && !echoes(r, id) {
			return id
		}
	}
	return ""
}

// echoes tells whether a text is part of what was sent, or has a part of it.
func echoes(r Request, text string) bool {
	known := sent(r)
	for _, value := range known {
		if strings.Contains(value, text) {
			return true
		}
		known = append(known, secret.Parts(value)...)
	}
	return secret.NewRedactor(known...).Redact(text) != text
}

// sent lists what a server has received, a password as it may have decoded it too
// (RFC 7617 section 2, RFC 6749 section 2.3.1).
func sent(r Request) []string {
	values := []string{r.URL.RawQuery, string(r.Body)}
	for _, some := range r.Header {
		values = append(values, some...)
	}
	if _, password, ok := (&http.Request{Header: r.Header}).BasicAuth(); ok {
		decoded, _ := url.QueryUnescape(password) // "" where it was not encoded
		values = append(values, password, decoded)
	}
	return values
}
