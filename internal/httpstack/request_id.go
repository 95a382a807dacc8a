// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// requestIDHeaders are response headers that help an operator find the request in the
// server's log.
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
