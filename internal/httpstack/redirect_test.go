// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

// redirecting responds to /start as configured, and to all others with what
// it received.
func redirecting(t *testing.T, status int, location string) string {
	t.Helper()
	server := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/start" {
			w.Header().Set("Location", strings.ReplaceAll(location, "{host}", r.Host))
			w.WriteHeader(status)
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Received", fmt.Sprintf("%s %s %s %q", r.Method, r.RequestURI, r.Header.Get("Authorization"), body))
	})
	return server.URL + "/start?query=canary"
}

func redirectRequest(t *testing.T, method, address string) httpstack.Request {
	t.Helper()
	request := httpstack.Request{Method: method, URL: parse(t, address), Header: http.Header{"Authorization": {"Basic canary"}}}
	if method != http.MethodGet && method != http.MethodHead {
		request.Body = []byte("a=canary")
	}
	return request
}

// RFC 9110 sections 15.4.2 to 15.4.9: 307 and 308 keep the method; for the others
// clients turn all but GET and HEAD into GET.
func TestRedirectWithinOrigin(t *testing.T) {
	t.Parallel()
	const get, head, post, put, remove = "GET", "HEAD", "POST", "PUT", "DELETE"
	tests := []struct {
		status            int
		followed, refused []string
	}{
		{http.StatusMovedPermanently, []string{get, head}, []string{post, put, remove}},
		{http.StatusFound, []string{get, head}, []string{post, put, remove}},
		{http.StatusSeeOther, []string{get, head}, []string{post, put, remove}},
		{http.StatusTemporaryRedirect, []string{get, head, post, put, remove}, nil},
		{http.StatusPermanentRedirect, []string{get, head, post, put, remove}, nil},
	}
	for _, test := range tests {
		for _, method := range test.followed {
			t.Run(fmt.Sprintf("%d %s is followed", test.status, method), func(t *testing.T) {
				t.Parallel()
				request := redirectRequest(t, method, redirecting(t, test.status, "/final?x=1#f"))
				response, err := newClient(t, httpstack.Config{}).Do(t.Context(), request)
				if err != nil {
					t.Fatal(err)
				}
				want := fmt.Sprintf("%s /final?x=1 Basic canary %q", method, request.Body)
				if got := response.Header.Get("X-Received"); got != want {
					t.Errorf("server received %s, want %s", got, want)
				}
			})
		}
		for _, method := range test.refused {
			t.Run(fmt.Sprintf("%d %s is refused", test.status, method), func(t *testing.T) {
				t.Parallel()
				request := redirectRequest(t, method, redirecting(t, test.status, "/final?x=canary"))
				_, err := newClient(t, httpstack.Config{}).Do(t.Context(), request)
				wantRefused(t, err, "http://"+request.URL.Host+"/final")
				wantText(t, err, "without its body")
			})
		}
	}
}

// wantRefused checks that err says where a redirect pointed, which may be nowhere,
// and no more.
func wantRefused(t *testing.T, err error, location string) {
	t.Helper()
	wantFailure(t, err, httpstack.Redirect, true)
	if location != "" {
		location = " to " + location
	}
	wantText(t, err, "a redirect"+location+", is not followed")
	wantText(t, err, "configure its final address")
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("error shows what it must not: %v", err)
	}
}

func TestRedirectOutOfOrigin(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ location, shown, text string }{
		"another port":       {"http://127.0.0.1:1/login?x=canary#canary", "http://127.0.0.1:1/login", "another origin"},
		"another host":       {"https://login.example.com/a%2Fb?x=canary", "https://login.example.com/a%2Fb", "another origin"},
		"another scheme":     {"https://{host}/", "https://{host}/", "another origin"},
		"host without //":    {"//evil.example/x", "http://evil.example/x", "another origin"},
		"name for address":   {"http://localhost/", "http://localhost/", "another origin"},
		"userinfo":           {"http://user:canary@{host}/", "http://{host}/", "user name"},
		"host as userinfo":   {"http://{host}@evil.example/", "http://evil.example/", "user name"},
		"not http":           {"ftp://{host}/x", "ftp://{host}/x", "https://"},
		"no address":         {"mailto:someone@example.com", "mailto:", "https://"},
		"script":             {"javascript:alert('canary')", "javascript:", "https://"},
		"space in query":     {"/x?canary HTTP/1.1", "http://{host}/x", "percent-encoded"},
		"not a URL":          {"http://[::1?canary", "", "not a URL"},
		"letters look alike": {"http://127.0.0.1\u200b/", "http://127.0.0.1%E2%80%8B/", "another origin"},
	}
	for name, test := range tests {
		for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect} {
			t.Run(fmt.Sprintf("%s, %d", name, status), func(t *testing.T) {
				t.Parallel()
				request := redirectRequest(t, http.MethodGet, redirecting(t, status, test.location))
				_, err := newClient(t, httpstack.Config{}).Do(t.Context(), request)
				wantRefused(t, err, strings.ReplaceAll(test.shown, "{host}", request.URL.Host))
				wantText(t, err, test.text)
			})
		}
	}
}

func TestRedirectFromHTTPSToHTTP(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server := startTLS(t, ca, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://"+r.Host+"/x")
		w.WriteHeader(http.StatusTemporaryRedirect)
	}))
	client := newClient(t, httpstack.Config{CACertificates: ca.pem(), AllowPlaintextHTTP: true})
	_, err := get(t, client, server.URL)
	wantRefused(t, err, strings.Replace(server.URL, "https:", "http:", 1)+"/x")
	wantText(t, err, "from https to http")
}

// An origin may be spelled in several ways (RFC 6454 sections 4 and 5). The proxy
// stands in for a server on the default port.
func TestSameOriginSpelledOtherwise(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"http://as.example:80/final", "http://AS.Example/final", "HTTP://as.example/final", "final", "../final", "?done"} {
		t.Run(location, func(t *testing.T) {
			t.Parallel()
			proxy := start(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/start" && r.URL.RawQuery == "" {
					w.Header().Set("Location", location)
					w.WriteHeader(http.StatusPermanentRedirect)
				}
			})
			client := newClient(t, httpstack.Config{ProxyURL: proxyURL(proxy.URL), AllowPlaintextHTTP: true})
			response, err := get(t, client, "http://as.example/start")
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != http.StatusOK {
				t.Errorf("status is %d, want 200", response.StatusCode)
			}
		})
	}
}

func TestNumberOfRedirects(t *testing.T) {
	t.Parallel()
	// Each request /n is sent on to /n-1 until /0.
	server := start(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, _ = fmt.Sscanf(r.URL.Path, "/%d", &n); n > 0 {
			http.Redirect(w, r, fmt.Sprintf("/%d", n-1), http.StatusFound)
		}
	})
	client := newClient(t, httpstack.Config{})
	if _, err := get(t, client, server.URL+"/5"); err != nil {
		t.Errorf("five redirects: %v", err)
	}
	_, err := get(t, client, server.URL+"/6")
	wantFailure(t, err, httpstack.Redirect, true)
	wantText(t, err, "more than 5")
}

// These have a Location, or a 3xx status, and are responses all the same.
func TestNotARedirect(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status   int
		location string
	}{
		"created":          {http.StatusCreated, "https://elsewhere.example/"},
		"multiple choices": {http.StatusMultipleChoices, "https://elsewhere.example/"},
		"not modified":     {http.StatusNotModified, ""},
		"no location":      {http.StatusFound, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, err := get(t, newClient(t, httpstack.Config{}), redirecting(t, test.status, test.location))
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.status {
				t.Errorf("status is %d, want %d", response.StatusCode, test.status)
			}
		})
	}
}

func TestLongLocationIsCut(t *testing.T) {
	t.Parallel()
	_, err := get(t, newClient(t, httpstack.Config{}), redirecting(t, http.StatusFound, "https://a.example/"+strings.Repeat("x", 10_000)))
	wantFailure(t, err, httpstack.Redirect, true)
	if len(err.Error()) > 700 {
		t.Errorf("error has %d bytes", len(err.Error()))
	}
}

func FuzzRedirectLocation(f *testing.F) {
	for _, location := range []string{
		"/x", "//b.example", "https://as.example:443/", "http://as.example/", "https://u:p@as.example/", "\\\\b.example", "https:///x",
		"https://as.example%00.b.example", "?a b", "https://as.example:/x", "https:x", "%", "https://[::1%25eth0]/", "/\u202e", ";//b",
	} {
		f.Add(location, http.StatusTemporaryRedirect)
	}
	from := parse(f, "https://as.example/token?query=canary")
	f.Fuzz(func(t *testing.T, location string, status int) {
		shown, target := httpstack.RedirectTarget("GET", from, status, location+"?canary")
		if target == nil {
			checkShown(t, shown, location)
			return
		}
		again, err := url.Parse(target.String())
		if err != nil {
			t.Fatalf("%q leads to %q, which is not a URL: %v", location, target, err)
		}
		if again.Scheme != "https" || !strings.EqualFold(again.Hostname(), "as.example") || again.User != nil {
			t.Errorf("%q leads to %q", location, again)
		}
		if p := again.Port(); p != "" && p != "443" {
			t.Errorf("%q leads to port %s", location, p)
		}
	})
}

// checkShown checks the text of an error about location, which ended in a canary.
func checkShown(t *testing.T, shown, location string) {
	t.Helper()
	if strings.Contains(shown, "canary") && !strings.Contains(location, "canary") {
		t.Errorf("%q: the query shows in %q", location, shown)
	}
	if len(shown) > 700 {
		t.Errorf("%q: the error has %d bytes", location, len(shown))
	}
	for _, r := range shown {
		if (r < ' ' || r > '~') && r != '…' {
			t.Errorf("%q: %q in the error %q", location, r, shown)
		}
	}
}

// TestRedirectTargetIsRedacted holds that neither an error nor the log shows what a
// server has put into the host or the path of a redirect.
func TestRedirectTargetIsRedacted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ location, shown string }{
		"host":              {"https://gx1fbat3bv7fjfp0.example.com/", "https://[redacted].example.com/"},
		"path":              {"https://login.example.com/a/gx1fbat3bv7fjfp0/b", "https://login.example.com/a/[redacted]/b"},
		"path, escaped":     {"https://login.example.com/a/gx1fbat3bv%37fjfp0", "https://login.example.com/a/[redacted]"},
		"path, base64":      {"https://login.example.com/Z3gxZmJhdDNidjdmamZwMA", "https://login.example.com/[redacted]"},
		"JWT":               {"https://login.example.com/eyJhbGciOiJub25lIn0.e30.", "https://login.example.com/[redacted]"},
		"path parameter":    {"https://login.example.com/a;jsessionid=c4n4ry/b%3Bk=c4n4ry?c4n4ry", "https://login.example.com/a/b"},
		"second redirect":   {"/again/gx1fbat3bv7fjfp0", "http://{host}/elsewhere"},
		"redirect in a log": {"/log/gx1fbat3bv7fjfp0;k=c4n4ry", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/start":
					w.Header().Set("Location", test.location)
				case strings.HasPrefix(r.URL.Path, "/again"):
					w.Header().Set("Location", "https://"+r.Host+"/elsewhere")
				default:
					return
				}
				w.WriteHeader(http.StatusTemporaryRedirect)
			})
			logger, out := recorder()
			_, err := newClient(t, httpstack.Config{Logger: logger}).Do(t.Context(), httpstack.Request{
				Method: http.MethodPost, URL: parse(t, server.URL+"/start"), Header: http.Header{"Authorization": {"Bearer gx1fbat3bv7fjfp0"}},
			})
			text := out.String()
			if test.shown != "" {
				wantFailure(t, err, httpstack.Redirect, true)
				text += err.Error()
			}
			if test.shown != "" && name != "second redirect" {
				wantText(t, err, "a redirect to "+test.shown+", is not followed")
			}
			for _, trace := range []string{"gx1fbat3", "bv%37", "Z3gxZmJh", "eyJhb", "c4n4ry"} {
				if strings.Contains(text, trace) {
					t.Errorf("%q is shown: %s", trace, text)
				}
			}
		})
	}
}
