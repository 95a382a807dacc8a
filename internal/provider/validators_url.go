// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
)

// endpointURL is the URL of an endpoint of an authorization server.
func endpointURL() validator.String {
	return httpURL(endpointFragment)
}

const endpointFragment = "The URL has a fragment (\"#…\"), which an endpoint must not have (RFC 6749 section 3.2). Remove it."

// requestURL is the URL of a request to an API.
func requestURL() validator.String {
	return httpURL(requestFragment)
}

const requestFragment = "The URL has a fragment (\"#…\"), which is never sent (RFC 9110 section 7.1). Remove it, or write \"%23\" to send a \"#\"."

// baseURL is the URL that the addresses of an API begin with.
func baseURL() validator.String {
	return short(httpURL(requestFragment), withoutQuery("The base address of an API has no query: each request brings its own."))
}

// placeholder matches a word in braces or angle brackets, as documentation writes
// a value to be replaced. Encoded braces may also be data, such as the UUIDs in
// URLs of Bitbucket's API, so the word must look like one. It is compiled when it is
// needed, which takes as long as the rest of this package's start.
var placeholder = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)([{<]|%7B|%3C)[a-z]([a-z_. -]|%20){0,40}[0-9]{0,3}([}>]|%7D|%3E)`)
})

// httpURL is an absolute URL that a request can be sent to. The problem is that of a
// fragment.
func httpURL(fragment string) stringRule {
	return short(func(value string) string {
		address, err := url.Parse(value)
		place, _, _ := strings.Cut(value, "?")
		left := placeholder().FindString(place)
		switch {
		case left != "" && !strings.Contains(place, "@"): // after which it could be part of a password
			return "The URL still has the placeholder " + left + ". Replace it with your own value."
		case strings.ContainsAny(value, "{}<>"):
			return "The URL has braces or angle brackets, which must be percent-encoded (RFC 3986 section 2)."
		case startsWithHost.MatchString(value):
			return notAbsolute
		case err != nil || hasControl(value) || strings.Contains(value, " "):
			return "The value is not a URL. Check it for spaces, line breaks and unescaped characters."
		case strings.ContainsFunc(address.RawQuery, isNotASCII):
			return "The URL's query has characters beyond ASCII. Percent-encode them, for example with urlencode()."
		case (address.Scheme != "https" && address.Scheme != "http") || address.Hostname() == "":
			return notAbsolute
		case address.User != nil:
			return "The URL holds a user name or password. Use the attributes for credentials instead."
		case strings.Contains(value, "#"):
			return fragment
		}
		return ""
	})
}

const notAbsolute = "The value is not an absolute URL. Write it as \"https://host/path\"."

// startsWithHost matches a host and a port at the start, where a URL has its scheme.
var startsWithHost = regexp.MustCompile(`^[A-Za-z0-9.-]+:[0-9]{1,5}(/|$)`)

// issuerURL is the identifier of an authorization server (RFC 8414 section 2).
func issuerURL() validator.String {
	return short(httpURL(endpointFragment), withoutQuery("An issuer has no query (RFC 8414 section 2)."))
}

// withoutQuery refuses a query, which is the problem.
func withoutQuery(problem string) stringRule {
	return func(value string) string {
		if strings.Contains(value, "?") {
			return problem + " Remove the \"?\" and everything after it."
		}
		return ""
	}
}

var hostShaped = regexp.MustCompile(`^[A-Za-z0-9._:-]+$`)

// hostName is the name or address of a server.
func hostName() validator.String {
	return short(func(value string) string {
		if !hostShaped.MatchString(value) {
			return "The value is not a host name. Write it without scheme, port and path, and international names in their ASCII form (\"xn--…\")."
		}
		return ""
	})
}

// absoluteURI is a resource indicator (RFC 8707 section 2).
func absoluteURI() validator.String {
	return short(func(value string) string {
		identifier, err := url.Parse(value)
		if err != nil || !identifier.IsAbs() {
			return "A resource must be an absolute URI such as \"https://api.example.com/\" or \"urn:example:api\" (RFC 8707 section 2). " +
				"If the server needs another value, set parameters = { resource = \"…\" }."
		}
		if strings.Contains(value, "#") {
			return "A resource must not have a fragment (RFC 8707 section 2). Remove the \"#\" and everything after it."
		}
		return ""
	})
}

// proxyURL is the address of a proxy.
func proxyURL() validator.String {
	return short(func(value string) string {
		if _, err := httpstack.ParseProxyURL(value); err != nil {
			return "The proxy URL " + err.Error() + "."
		}
		return ""
	})
}

// redisURL is the address of a Redis server.
func redisURL() validator.String {
	return short(func(value string) string { return problemOf(redisstore.CheckURL(value)) })
}

func isNotASCII(char rune) bool { return char > unicode.MaxASCII }
