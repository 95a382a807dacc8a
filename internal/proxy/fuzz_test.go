// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package proxy

import (
	"bufio"
	"encoding/base64"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// fuzzTarget is a target below a path.
func fuzzTarget(t testing.TB) target {
	t.Helper()
	base, err := url.Parse("https://api.example.com/v1/base")
	if err != nil {
		t.Fatal(err)
	}
	return newTarget(base)
}

// stays reports whether no reading of a path leaves the target.
func stays(sent string) bool {
	for _, slashes := range []*strings.Replacer{
		strings.NewReplacer(), strings.NewReplacer(`\`, "/"), strings.NewReplacer("%2f", "/", "%2F", "/", "%5c", "/", "%5C", "/", `\`, "/"),
	} {
		decoded, err := url.PathUnescape(slashes.Replace(sent))
		if err != nil {
			return false
		}
		if clean := path.Clean(decoded); clean != "/v1/base" && !strings.HasPrefix(clean, "/v1/base/") {
			return false
		}
	}
	return true
}

func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"", "/", "/x", "//x", "/a|b", "/%2F", "/..", "/a/%2e%2e/..", "/\\..", "/..;/", "*", "x", "/%zz"} {
		f.Add(seed, "", false)
		f.Add(seed, "a=b|c", true)
	}
	f.Fuzz(func(t *testing.T, sent, query string, hasQuery bool) {
		if strings.Contains(sent, "?") || query != "" && !hasQuery {
			t.Skip()
		}
		resolved, err := fuzzTarget(t).resolve(sent, query, hasQuery)
		if err != nil {
			return
		}
		want := "/v1/base" + sent
		if !stays(want) {
			t.Errorf("%q leaves the target", sent)
		}
		if hasQuery {
			want += "?" + query
		}
		if got := resolved.RequestURI(); got != want || resolved.Scheme != "https" || resolved.Host != "api.example.com" {
			t.Errorf("%q becomes %q of %s, want %q", sent, got, resolved.Host, want)
		}
	})
}

func FuzzLocalize(f *testing.F) {
	for _, seed := range []string{
		"", "/v1/base/x", "/v1/base?x#y", "/v1", "//api.example.com/v1/base", "HTTPS://API.example.com:443/v1/base/..", "x", "?", "/\\x", "//x", "http:x", "http://a@b",
	} {
		f.Add(seed)
	}
	const local = "http://127.0.0.1:1"
	f.Fuzz(func(t *testing.T, sent string) {
		got := fuzzTarget(t).localize(sent, local)
		below, isLocal := strings.CutPrefix(got, local)
		switch {
		case got == sent, strings.HasPrefix(sent, "//") && got == "https:"+sent, got == "https://api.example.com"+sent:
		case !isLocal || !strings.HasSuffix(sent, below) || below != "" && !strings.ContainsRune("/?#", rune(below[0])):
			t.Errorf("%q becomes %q", sent, got)
		default:
			before, _, _ := strings.Cut(below, "#")
			before, query, hasQuery := strings.Cut(before, "?")
			if _, err := fuzzTarget(t).resolve(before, query, hasQuery); err != nil {
				t.Errorf("%q becomes %q, which the proxy refuses", sent, got)
			}
		}
	})
}

func FuzzAdmit(f *testing.F) {
	const credential = "8b7df143d91c716ecfa5fc1730022f6b4c8c4c4d"
	f.Add("GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + credential + "\r\n\r\n")
	f.Add("GET / HTTP/1.0\r\nAuthorization: Basic " + base64.StdEncoding.EncodeToString([]byte("u:"+credential)) + "\r\n\r\n")
	f.Add("GET /" + credential + "/x?y HTTP/1.1\r\nHost: [::1]:80\r\n\r\n")
	f.Add("GET http://127.0.0.1/" + credential + " HTTP/1.1\r\nHost: x\r\n\r\n")
	f.Add("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
	f.Add("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n")
	f.Add("GET x:y HTTP/1.1\r\nHost:\r\n\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			return
		}
		p := &Proxy{target: fuzzTarget(t), address: "http://127.0.0.1:1", credential: secret.New(credential)}
		p.redactor = secret.NewRedactor(p.credential)
		c := call{proxy: p}
		if c.admit(r) != nil {
			return
		}
		if p.redactor.RedactKnown(raw) == raw {
			t.Errorf("%q is forwarded without the credential", raw)
		}
		if c.url.Host != "api.example.com" || strings.Contains(c.url.RequestURI(), credential) || !stays(c.url.EscapedPath()) {
			t.Errorf("%q is sent to %s", raw, c.url)
		}
	})
}
