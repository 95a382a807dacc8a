// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package proxy

import (
	"errors"
	"net/url"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// target is the API's base address. Paths and queries pass through it byte for byte.
type target struct {
	origin *url.URL // scheme and host
	path   string   // as it is sent, without a slash at the end; "" is the root
}

// newTarget returns the target of a base address. A slash at its end is not significant.
func newTarget(base *url.URL) target {
	return target{
		origin: &url.URL{Scheme: base.Scheme, Host: base.Host},
		path:   strings.TrimSuffix(base.EscapedPath(), "/"),
	}
}

// errLeaves is for a path that does not stay below the target.
var errLeaves = errors.New("the path leaves the url of the proxy")

// resolve returns the URL for a path and query as they were received. The path is empty
// or begins with a slash, except for "*" (RFC 9112 section 3.2.4).
func (t target) resolve(path, query string, hasQuery bool) (*url.URL, error) {
	switch {
	case path == "*" && t.path == "":
	case path != "" && path[0] != '/', leaves(path):
		return nil, errLeaves
	}
	raw := t.path + path
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return nil, err
	}
	resolved := &url.URL{
		Scheme: t.origin.Scheme, Host: t.origin.Host,
		Path: decoded, RawPath: raw, RawQuery: query, ForceQuery: hasQuery,
	}
	if resolved.EscapedPath() == raw {
		return resolved, nil
	}
	// Net/url would escape a character such as ", ^ or |. It leaves Opaque alone, but takes
	// two slashes for the beginning of an authority.
	resolved.Opaque = raw
	if strings.HasPrefix(raw, "//") {
		resolved.Opaque = "//" + resolved.Host + raw
	}
	return resolved, nil
}

// leaves reports whether a path could mean something above its root to a server that
// also takes an encoded slash, a backslash or an encoded backslash for a separator, or
// drops what follows a semicolon. Under any of these readings, ".." must go up no more than
// the segments before it went down.
func leaves(path string) bool {
	depth := 0
	for segment := range strings.SplitSeq(path, "/") {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return true
		}
		up, down := 0, 0
		for part := range strings.FieldsFuncSeq(decoded, func(r rune) bool { return r == '/' || r == '\\' }) {
			switch name, _, _ := strings.Cut(part, ";"); name {
			case "..":
				up++
			case "", ".":
			default:
				down = 1 // the separators in it may not be any
			}
		}
		if up > 0 {
			down = 0
		}
		if depth += down - up; depth < 0 {
			return true
		}
	}
	return false
}

// localize returns a reference that the API sent in Location or Content-Location as the
// caller, who uses local as the target's address, has to see it.
func (t target) localize(reference, local string) string {
	parsed, err := url.Parse(reference)
	if err != nil || !strings.HasPrefix(reference, "/") && parsed.Host == "" {
		return reference // relative to the request's path, or not http
	}
	rest, absolute := reference, t.origin.ResolveReference(parsed)
	if parsed.Host != "" {
		_, rest, _ = strings.Cut(reference, "//")
		rest = rest[len(rest)-len(strings.TrimLeftFunc(rest, func(r rune) bool { return !strings.ContainsRune("/?#", r) })):]
	}
	if httpstack.SameOrigin(absolute, t.origin) && parsed.User == nil {
		if below, ok := t.below(rest); ok {
			return local + below
		}
	}
	switch {
	case parsed.Scheme != "":
		return reference
	case parsed.Host != "": // its scheme is the API's
		return t.origin.Scheme + ":" + reference
	default:
		return t.origin.Scheme + "://" + t.origin.Host + reference
	}
}

// below returns a path, with the query and the fragment after it, relative to the target,
// and false if it is not below.
func (t target) below(reference string) (string, bool) {
	relative, ok := strings.CutPrefix(reference, t.path)
	path := relative
	if end := strings.IndexAny(relative, "?#"); end >= 0 {
		path = relative[:end]
	}
	return relative, ok && (path == "" || path[0] == '/') && !leaves(path)
}
