// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// requestLog returns the logger for a request; shown is its redacted URL.
func (c *Client) requestLog(r Request, shown string) *slog.Logger {
	return c.log.With("endpoint", r.Endpoint, "method", r.Method, "url", shown)
}

func logResponse(ctx context.Context, log *slog.Logger, response *Response, took time.Duration) {
	attributes := []any{"status", response.StatusCode, "bytes", len(response.Body), "duration", took}
	if id := requestID(response); id != "" {
		attributes = append(attributes, "request_id", id)
	}
	log.DebugContext(ctx, "received HTTP response", attributes...)
}

func logFailure(ctx context.Context, log *slog.Logger, failure *Error, took time.Duration) {
	log.DebugContext(ctx, "HTTP request failed",
		"kind", string(failure.Kind), "detail", failure.Detail, "sent", failure.Sent, "duration", took)
}

// requestIDHeaders are response headers by which an operator finds the request in
// the server's own log.
var requestIDHeaders = []string{
	"X-Request-Id", "X-Correlation-Id", "Request-Id", "X-Ms-Request-Id", "X-Okta-Request-Id", "X-Amzn-Requestid", "Cf-Ray",
}

// maxRequestID is longer than a UUID and shorter than a JWT.
const maxRequestID = 64

// requestID returns the server's identifier of the request; "" if there is none. A value
// that repeats part of what was sent or of the body may be a token, and is not shown.
func requestID(response *Response) string {
	for _, name := range requestIDHeaders {
		id := response.Header.Get(name)
		if id == "" || len(id) > maxRequestID || !isToken(id) {
			continue
		}
		known := overlaps(id, string(response.Body))
		for _, sent := range response.Secrets {
			known = known || overlaps(id, sent.Reveal())
		}
		if !known && secret.NewRedactor(response.Secrets...).Excerpt(id, maxRequestID) == id {
			return id
		}
	}
	return ""
}

// overlaps reports whether text contains part of an identifier: eight consecutive bytes,
// or all of a shorter one.
func overlaps(id, text string) bool {
	const part = 8
	for i := range max(1, len(id)-part+1) {
		if strings.Contains(text, id[i:min(len(id), i+part)]) {
			return true
		}
	}
	return false
}
