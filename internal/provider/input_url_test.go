// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestInputWithinURLs puts hostile texts behind the host of a URL, in its path and
// in its query. They are refused; or what is sent has a request-target of visible
// ASCII (RFC 9112 section 3.2) that says the same.
func TestInputWithinURLs(t *testing.T) {
	t.Parallel()
	blocks := blocks(t)
	tests := map[string]struct {
		block  block
		config func(url string) attributes
	}{
		"token_endpoint": {blocks["provider"], func(url string) attributes {
			return attributes{"token_endpoint": url, "client_id": clientID, "client_secret": clientSecret}
		}},
		"issuer": {blocks["provider"], func(url string) attributes {
			return attributes{"issuer": url, "client_id": clientID, "client_secret": clientSecret}
		}},
		"url": {blocks["ephemeral "+requestType], func(url string) attributes {
			return attributes{"url": url, "authenticate": false}
		}},
		"platform": {blocks["ephemeral "+tokenType], func(url string) attributes {
			return attributes{"federated_assertion": attributes{"request": attributes{"url": url}}}
		}},
	}
	for name, row := range tests {
		for what, text := range hostile() {
			if what == "separators" { // they separate
				continue
			}
			for part, before := range map[string]string{"path": "/a", "query": "/?x_test="} {
				t.Run(name+"/"+what+" in the "+part, func(t *testing.T) {
					t.Parallel()
					site := startSite(t)
					t.Cleanup(site.Close)
					checkURL(t, site, row.block, row.config(site.URL+before+text), part, text)
				})
			}
		}
	}
}

// checkURL tries a configuration whose URL has a text in it.
func checkURL(t *testing.T, site *site, in block, config attributes, part, text string) {
	t.Helper()
	s := newSession(t)
	found := in.validate(s, config)
	checkTold(t, "validate", found, textField{})
	if len(found) > 0 {
		return
	}
	checkTold(t, "run", in.run(s, config, site.URL), textField{})
	received := site.received()
	for _, target := range received["target"] {
		if strings.ContainsFunc(target, func(char rune) bool { return char <= ' ' || char > '~' }) {
			t.Errorf("the request-target is %.100q", target)
		}
	}
	want, err := url.PathUnescape(text) // percent signs mean what they say
	if err != nil {
		t.Fatal(err)
	}
	if part == "query" && !slices.Contains(received["query x_test"], want) {
		t.Errorf("arrived %.100q", received["target"])
	}
	if part == "path" && !slices.ContainsFunc(received["path"], func(path string) bool { return strings.Contains(path, "/a"+want) }) {
		t.Errorf("arrived %.100q", received["path"])
	}
}
