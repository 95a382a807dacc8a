// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// redirectTarget returns where response redirects a request for from; nil if it is not a
// redirect, or an error if it must not be followed. A target has the origin of from, so
// that credentials cannot leave it.
func redirectTarget(r Request, from *url.URL, response *Response) (*url.URL, *Error) {
	status, location := response.StatusCode, response.Header.Get("Location")
	if !slices.Contains(redirects, status) || location == "" {
		return nil, nil
	}
	refuse := func(to, reason string) (*url.URL, *Error) {
		return nil, &Error{Kind: Redirect, Sent: true, Detail: fmt.Sprintf(
			"status %d, a redirect%s, is not followed: %s; if the server has moved, configure its final address", status, to, reason)}
	}
	reference, err := url.Parse(location)
	if err != nil {
		return refuse("", "its Location header is not a URL")
	}
	target := from.ResolveReference(reference)
	to := " to " + showTarget(target, response.Secrets)
	// Clients turn other redirected requests into a GET (RFC 9110 sections 15.4.2 to 15.4.4).
	keepsMethod := status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect ||
		!r.KeepMethod && (r.Method == http.MethodGet || r.Method == http.MethodHead)
	switch invalid := checkURL(target); {
	case invalid != nil:
		return refuse(to, invalid.Detail)
	case from.Scheme == "https" && target.Scheme == "http":
		return refuse(to, "it leads from https to http")
	case !SameOrigin(from, target):
		return refuse(to, "it leads to another origin than the configured one")
	case !keepsMethod:
		return refuse(to, "following it would repeat the request as GET, without its body")
	default:
		return target, nil
	}
}

var redirects = []int{
	http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
}

// SameOrigin reports whether two URLs have the same scheme, host and port (RFC 6454 section 5).
func SameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// maxShown bounds a text from outside, in bytes.
const maxShown = 300

// ShowURL writes the origin and path of a configured URL in ASCII. Userinfo, query
// and fragment are left out, because they may hold credentials.
func ShowURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	var nothing secret.Redactor
	return nothing.Excerpt((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String(), maxShown)
}

// ShowStatus writes a status with its text, if it has one, as in "401 Unauthorized".
func ShowStatus(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// pathParameters are what RFC 3986 section 3.3 lets follow in a segment, such as
// ";jsessionid=1".
var pathParameters = regexp.MustCompile("(?:;|%3[Bb])[^/]*")

// showTarget is ShowURL for the target of a redirect. The server may have put into host
// and path what it was sent, or a session of its own.
func showTarget(target *url.URL, secrets []secret.String) string {
	origin := url.URL{Scheme: target.Scheme, Host: target.Host}
	shown := origin.String() + pathParameters.ReplaceAllString(target.EscapedPath(), "")
	return secret.NewRedactor(secrets...).Excerpt(shown, maxShown)
}
