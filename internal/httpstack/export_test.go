// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"context"
	"net"
	"net/http"
	"net/url"
)

// SetDialContext replaces how c opens connections.
func (c *Client) SetDialContext(dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	c.dial = dial
}

// RedirectTarget returns where a request for from is sent, or else the text of
// the refusal, if it is one.
func RedirectTarget(method string, from *url.URL, status int, location string) (refused string, target *url.URL) {
	response := &Response{StatusCode: status, Header: http.Header{"Location": {location}}}
	target, err := redirectTarget(Request{Method: method}, from, response)
	if err != nil {
		return err.at(method, ShowURL(from)).Error(), nil
	}
	return "", target
}
