// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"errors"
	"net/http"
)

// The rules that a configuration can be held to before there is a client or a
// request. New and Do apply the same ones.

// CheckCertificates tells what is wrong with a text for Config.CACertificates.
func CheckCertificates(text string) error {
	_, err := parseCertificates(text)
	return err
}

// CheckProxyURL tells what is wrong with a text for Config.ProxyURL, without
// quoting it.
func CheckProxyURL(text string) error {
	_, err := parseProxyURL(text)
	return err
}

// CheckHeader tells what is wrong with a header field, without quoting its value.
func CheckHeader(name, value string) error {
	// The field is indexed as it is spelled: setting it would change the name.
	if err := checkHeader(http.Header{name: {value}}); err != nil {
		return errors.New(err.Detail)
	}
	return nil
}

// Check tells why Do would refuse r without a connection, for callers that have to
// do something else first. Errors are of type [*Error].
func (c *Client) Check(r Request) error {
	if err := c.check(r); err != nil {
		return err.at(r.Method, ShowURL(r.URL))
	}
	return nil
}

// IsLoopback tells whether host is a name or an address of this machine, to
// which http is always permitted.
func IsLoopback(host string) bool { return isLoopback(host) }
