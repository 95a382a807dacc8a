// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/proxy"
)

// deadline bounds what takes no time unless something hangs.
const deadline = 20 * time.Second

// log is a log that is written from several goroutines.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start starts a proxy for a base address, which puts a token on each call.
func start(t testing.TB, base string, change ...func(*proxy.Config)) *proxy.Proxy {
	t.Helper()
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true, ExpectContinueTimeout: deadline, MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	config := proxy.Config{
		Target: target,
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			r.Header.Set("Authorization", "Bearer token-of-the-api")
			return transport.RoundTrip(r)
		}),
		Describe: func(error) proxy.Problem {
			return proxy.Problem{Status: 502, Title: "The server cannot be reached", Detail: "It is down."}
		},
		Logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&config)
	}
	p, err := proxy.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		cancel()
		_ = p.Close(ended)
	})
	return p
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// dial opens a connection to the proxy.
func dial(t testing.TB, p *proxy.Proxy) net.Conn {
	t.Helper()
	_, address, _ := strings.Cut(p.URL(), "://")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(deadline))
	return conn
}

// exchange sends bytes to the proxy and reads one response.
func exchange(t testing.TB, p *proxy.Proxy, request string) *http.Response {
	t.Helper()
	conn := dial(t, p)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return readResponse(t, bufio.NewReader(conn), request)
}

// readResponse reads one response and its body.
func readResponse(t testing.TB, from *bufio.Reader, request string) *http.Response {
	t.Helper()
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(from, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response
}

// text is the body of a response.
func text(t testing.TB, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// api is an API that records the bytes of its requests.
type api struct {
	url string

	mu       sync.Mutex
	received []string
}

// startAPI starts an API that reads each connection's header and body of a declared length,
// and sends response.
func startAPI(t testing.TB, response string) *api {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	a := &api{url: "http://" + listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go a.serve(conn, response)
		}
	}()
	return a
}

func (a *api) serve(conn net.Conn, response string) {
	defer func() { _ = conn.Close() }()
	var header strings.Builder
	reader := textproto.NewReader(bufio.NewReader(io.TeeReader(conn, &header)))
	if _, err := reader.ReadLine(); err != nil {
		return
	}
	if _, err := reader.ReadMIMEHeader(); err != nil {
		return
	}
	a.mu.Lock()
	a.received = append(a.received, header.String())
	a.mu.Unlock()
	_, _ = io.WriteString(conn, response)
}

// requests are those received so far.
func (a *api) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.received)
}

const noContent = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

// get is a GET request with the proxy's credential.
func get(p *proxy.Proxy, path string, fields ...string) string {
	return request(p, "GET", path, fields...)
}

func request(p *proxy.Proxy, method, path string, fields ...string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n%s\r\n",
		method, path, p.Credential().Reveal(), strings.Join(append(fields, ""), "\r\n"))
}

// TestPathAndQuery holds that path and query reach the API byte for byte, below the target.
func TestPathAndQuery(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ base, sent, received string }{
		"root":                         {"", "/", "/"},
		"root with a slash":            {"/", "/x", "/x"},
		"base":                         {"/v1", "/x", "/v1/x"},
		"base with a slash":            {"/v1/", "/x", "/v1/x"},
		"escaped base":                 {"/a%2Fb%20c", "/x", "/a%2Fb%20c/x"},
		"characters to be escaped":     {"/v1", "/\"^|`{}<>\\é", "/v1/\"^|`{}<>\\é"},
		"escaped":                      {"/v1", "/%2F%41%7e%7E", "/v1/%2F%41%7e%7E"},
		"sub-delimiters":               {"/v1", "/!$&'()*+,;=:@[]", "/v1/!$&'()*+,;=:@[]"},
		"empty segments":               {"/v1", "//a///b//", "/v1//a///b//"},
		"two slashes at the root":      {"", "//a//b", "//a//b"},
		"slashes and an odd one":       {"", "//a|b", "http://HOST//a|b"}, // absolute form (RFC 9112 section 3.2.2)
		"question mark alone":          {"/v1", "/x?", "/v1/x?"},
		"query as it is":               {"/v1", "/x?a=%zz;b&&=c|d\"?e/../f", "/v1/x?a=%zz;b&&=c|d\"?e/../f"},
		"number sign":                  {"/v1", "/x#y?z", "/v1/x#y?z"},
		"dot segments that stay":       {"/v1", "/a/../b/./c", "/v1/a/../b/./c"},
		"dots that are no dot segment": {"/v1", "/.../..a/a../.b", "/v1/.../..a/a../.b"},
		"address in a path":            {"/v1", "/http://example.com/x", "/v1/http://example.com/x"},
		"absolute form":                {"/v1", "http://127.0.0.1:80/a%2Fb?c", "/v1/a%2Fb?c"},
		"absolute form without path":   {"/v1", "http://localhost", "/v1"},
		"absolute form, only query":    {"/v1", "http://localhost?x", "/v1?x"},
		"capability":                   {"/v1", "/CREDENTIAL/a|b//c?d", "/v1/a|b//c?d"},
		"capability alone":             {"/v1", "/CREDENTIAL", "/v1"},
		"capability, only query":       {"/v1", "/CREDENTIAL?x", "/v1?x"},
		"capability of the root":       {"", "/CREDENTIAL", "/"},
		"capability and two slashes":   {"", "/CREDENTIAL//x", "//x"},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startAPI(t, noContent)
			p := start(t, a.url+row.base)
			sent := strings.Replace(row.sent, "CREDENTIAL", p.Credential().Reveal(), 1)
			if response := exchange(t, p, get(p, sent)); response.StatusCode != 204 {
				t.Fatalf("status %d", response.StatusCode)
			}
			host := strings.TrimPrefix(a.url, "http://")
			want := "GET " + strings.Replace(row.received, "HOST", host, 1) + " HTTP/1.1\r\nHost: " + host + "\r\n"
			if got := a.requests()[0]; !strings.HasPrefix(got, want) {
				t.Errorf("received %q, want %q", got, want)
			}
		})
	}
}

// TestRefused holds what is not forwarded, and why.
func TestRefused(t *testing.T) {
	t.Parallel()
	const authorized = "Authorization: Bearer CREDENTIAL\r\n"
	tests := map[string]struct {
		request string
		status  int
	}{
		"no credential":            {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 401},
		"another credential":       {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n", 401},
		"more than the credential": {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer CREDENTIALx\r\n\r\n", 401},
		"credential as user":       {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic BASE64(CREDENTIAL:)\r\n\r\n", 401},
		"not base64":               {"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic CREDENTIAL\r\n\r\n", 401},
		"in another header":        {"GET / HTTP/1.1\r\nHost: localhost\r\nProxy-Authorization: Bearer CREDENTIAL\r\n\r\n", 401},
		"as the second segment":    {"GET /x/CREDENTIAL HTTP/1.1\r\nHost: localhost\r\n\r\n", 401},
		"capability cut short":     {"GET /SHORT/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 401},
		"OPTIONS *":                {"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 401},
		"OPTIONS * beside a path":  {"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n" + authorized + "\r\n", 400},
		"foreign Host":             {"GET / HTTP/1.1\r\nHost: example.com\r\n" + authorized + "\r\n", 421},
		"Host like loopback":       {"GET / HTTP/1.1\r\nHost: localhost.example.com\r\n" + authorized + "\r\n", 421},
		"any address as Host":      {"GET / HTTP/1.1\r\nHost: 0.0.0.0\r\n" + authorized + "\r\n", 421},
		"foreign absolute form":    {"GET http://example.com/ HTTP/1.1\r\nHost: localhost\r\n" + authorized + "\r\n", 421},
		"foreign, no credential":   {"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", 421},
		"CONNECT":                  {"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n" + authorized + "\r\n", 405},
		"CONNECT to itself":        {"CONNECT /CREDENTIAL/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
		"TRACE":                    {"TRACE / HTTP/1.1\r\nHost: localhost\r\n" + authorized + "\r\n", 405},
		"credential in the query":  {"GET /x?y=CREDENTIAL HTTP/1.1\r\nHost: localhost\r\n" + authorized + "\r\n", 400},
		"credential in the path":   {"GET /CREDENTIAL/x/CREDENTIAL HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
		"encoded in the query":     {"GET /?y=BASE64(user:CREDENTIAL) HTTP/1.1\r\nHost: localhost\r\n" + authorized + "\r\n", 400},
		"no slash":                 {"GET x:y HTTP/1.1\r\nHost: localhost\r\n" + authorized + "\r\n", 400},
		"two Hosts":                {"GET / HTTP/1.1\r\nHost: localhost\r\nHost: example.com\r\n" + authorized + "\r\n", 400},
		"no Host":                  {"GET / HTTP/1.1\r\n" + authorized + "\r\n", 400},
		"folded header":            {"GET / HTTP/1.1\r\nHost: localhost\r\n" + authorized + "X: a\r\n b: c\r\nTransfer-Encoding : chunked\r\n\r\n", 400},
		"two lengths":              {"POST / HTTP/1.1\r\nHost: localhost\r\n" + authorized + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
		"unknown coding":           {"POST / HTTP/1.1\r\nHost: localhost\r\n" + authorized + "Transfer-Encoding: xchunked\r\n\r\n", 501},
	}
	for _, path := range []string{
		"/..", "/../x", "/a/../../x", "//../x", "/./../x", "/%2e%2e/x", "/.%2E/x", "/..%2fx", "/a/..%2f..%2fx", "/a%2fb/../../x", "/%2f../x",
		"/..\\x", "/a\\..\\..\\x", "/..%5cx", "/a\\b/../../x", "/..;x/y", "/..;/x", "/a/..;b/..;c/x", "/;/../x", "/CREDENTIAL/../x", "/CREDENTIAL/%2e%2e",
	} {
		tests["path "+path] = struct {
			request string
			status  int
		}{"GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + authorized + "\r\n", 400}
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startAPI(t, noContent)
			p := start(t, a.url+"/v1")
			sent := strings.NewReplacer("CREDENTIAL", p.Credential().Reveal(), "SHORT", p.Credential().Reveal()[1:]).Replace(row.request)
			if before, rest, ok := strings.Cut(sent, "BASE64("); ok {
				plain, after, _ := strings.Cut(rest, ")")
				sent = before + base64.StdEncoding.EncodeToString([]byte(plain)) + after
			}
			response := exchange(t, p, sent)
			if response.StatusCode != row.status {
				t.Errorf("status %d, want %d", response.StatusCode, row.status)
			}
			if got := a.requests(); len(got) > 0 {
				t.Errorf("forwarded %q", got)
			}
			if !response.Close {
				t.Error("the connection stays open")
			}
			if len(response.Header["Www-Authenticate"]) > 0 != (row.status == 401) || response.Header.Get("Allow") != "" != (row.status == 405) {
				t.Errorf("header %v", response.Header)
			}
			if response.Header.Get("Content-Type") != "application/problem+json" {
				return // of net/http
			}
			var problem proxy.Problem
			body := text(t, response)
			if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Status != row.status || problem.Title == "" || problem.Detail == "" {
				t.Errorf("problem %s", body)
			}
			if strings.Contains(body, p.Credential().Reveal()) {
				t.Error("the problem shows the credential")
			}
		})
	}
}

// TestAuthorized holds in which ways a caller can authenticate.
func TestAuthorized(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"Bearer":         "Bearer CREDENTIAL",
		"lower case":     "bearer  CREDENTIAL ",
		"another scheme": "Token CREDENTIAL",
		"Basic":          "Basic BASE64(user:CREDENTIAL)",
		"Basic, no user": "basic BASE64(:CREDENTIAL)",
	}
	for name, value := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startAPI(t, noContent)
			p := start(t, a.url)
			value = strings.ReplaceAll(value, "CREDENTIAL", p.Credential().Reveal())
			if scheme, plain, ok := strings.Cut(value, "BASE64("); ok {
				value = scheme + base64.StdEncoding.EncodeToString([]byte(strings.TrimSuffix(plain, ")")))
			}
			response := exchange(t, p, "GET / HTTP/1.1\r\nHost: [::1]:1\r\nAuthorization: Other x\r\nAuthorization: "+value+"\r\n\r\n")
			if response.StatusCode != 204 {
				t.Errorf("status %d", response.StatusCode)
			}
			if got := a.requests()[0]; strings.Count(got, "Authorization:") != 1 || !strings.Contains(got, "Authorization: Bearer token-of-the-api\r\n") {
				t.Errorf("received %q", got)
			}
		})
	}
}

// TestHeader holds which fields reach the API.
func TestHeader(t *testing.T) {
	t.Parallel()
	a := startAPI(t, noContent)
	p := start(t, a.url, func(c *proxy.Config) {
		c.Header = http.Header{"X-Ours": {"ours"}, "Accept": {"application/vnd.example"}}
		transport := c.Transport
		c.Transport = roundTripper(func(r *http.Request) (*http.Response, error) { // whose token is elsewhere
			if got := r.Header["Authorization"]; got != nil {
				t.Errorf("Authorization is %q", got)
			}
			return transport.RoundTrip(r)
		})
	})
	basic := base64.StdEncoding.EncodeToString([]byte("user:" + p.Credential().Reveal()))
	exchange(t, p, get(p, "/x",
		"X-Forwarded-For: 1.2.3.4", "X-Forwarded-Port: 1", "Forwarded: for=1.2.3.4", "Via: 1.1 a",
		"Connection: X-Hop, close", "X-Hop: 1", "Keep-Alive: 5", "Proxy-Authorization: Basic x", "Proxy-Connection: close",
		"Te: trailers, gzip", "Upgrade: h2c", "X-Copy: Basic "+basic, "Cookie: a="+p.Credential().Reveal(), "Referer: "+p.CapabilityURL().Reveal(),
		"Accept: text/plain", "Accept-Encoding: br", "X-Theirs: \xff", "X-Theirs: theirs", "x-oURS: theirs", "If-None-Match: \"x\"", "Content-Length: 0"))
	want := []string{
		"Accept-Encoding: br", "Accept: application/vnd.example", "Authorization: Bearer token-of-the-api", "Connection: close", "Host: " + strings.TrimPrefix(a.url, "http://"),
		"If-None-Match: \"x\"", "Te: trailers", "X-Ours: ours", "X-Theirs: \xff", "X-Theirs: theirs",
	}
	got := strings.Split(strings.TrimSpace(a.requests()[0]), "\r\n")[1:]
	want = slices.DeleteFunc(want, func(field string) bool { return field == "Connection: close" })
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("received\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestResponse holds that a response reaches the caller as it was sent.
func TestResponse(t *testing.T) {
	t.Parallel()
	const received = "HTTP/1.1 299 Odd\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nContent-Encoding: gzip\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n" +
		"WWW-Authenticate: Bearer\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 5\r\n\r\n<htm>"
	p := start(t, startAPI(t, received).url)
	response := exchange(t, p, get(p, "/", "Accept-Encoding: gzip"))
	want := http.Header{
		"Content-Encoding": {"gzip"}, "Set-Cookie": {"a", "b"}, "Www-Authenticate": {"Bearer"},
		"Date": {"Thu, 01 Jan 1970 00:00:00 GMT"}, "Content-Length": {"5"},
	}
	if got := response.Header; response.StatusCode != 299 || fmt.Sprint(got) != fmt.Sprint(want) || text(t, response) != "<htm>" {
		t.Errorf("got %d %v, want %v", response.StatusCode, got, want)
	}
}

// TestLocation holds what a caller sees of the addresses in a response.
func TestLocation(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ base, sent, local string }{
		"below":                   {"/v1", "API/v1/x/y?z#f", "LOCAL/x/y?z#f"},
		"the target itself":       {"/v1", "API/v1", "LOCAL"},
		"only a query":            {"/v1", "API/v1?x", "LOCAL?x"},
		"byte for byte":           {"/v1", "API/v1/a%2Fb//c|d?", "LOCAL/a%2Fb//c|d?"},
		"target with a slash":     {"/v1/", "API/v1/x", "LOCAL/x"},
		"root":                    {"", "API/x", "LOCAL/x"},
		"root without path":       {"", "API?x", "LOCAL?x"},
		"root-relative":           {"/v1", "/v1/x?y", "LOCAL/x?y"},
		"root-relative, outside":  {"/v1", "/login?y", "API/login?y"},
		"similar":                 {"/v1", "/v1x", "API/v1x"},
		"outside":                 {"/v1", "API/v2/x", "API/v2/x"},
		"leaves":                  {"/v1", "/v1/../x", "API/v1/../x"},
		"absolute, leaves":        {"/v1", "API/v1/%2e%2e/x", "API/v1/%2e%2e/x"},
		"without scheme":          {"/v1", "//HOST/v1/x", "LOCAL/x"},
		"without scheme, outside": {"/v1", "//example.com/v1/x", "http://example.com/v1/x"},
		"upper case":              {"/v1", "HTTP://HOST/v1/x", "LOCAL/x"},
		"another scheme":          {"/v1", "https://HOST/v1/x", "https://HOST/v1/x"},
		"another origin":          {"/v1", "https://example.com/v1/x", "https://example.com/v1/x"},
		"another port":            {"/v1", "http://127.0.0.1:1/v1/x", "http://127.0.0.1:1/v1/x"},
		"with a user":             {"/v1", "http://user@HOST/v1/x", "http://user@HOST/v1/x"},
		"relative":                {"/v1", "x/y?z", "x/y?z"},
		"relative, up":            {"/v1", "../x", "../x"},
		"query":                   {"/v1", "?x", "?x"},
		"not http":                {"/v1", "urn:x:y", "urn:x:y"},
		"not a URL":               {"/v1", "http://[", "http://["},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sent := strings.NewReplacer("API", "http://"+r.Host, "HOST", r.Host).Replace(row.sent)
				w.Header()["Location"], w.Header()["Content-Location"] = []string{sent}, []string{sent}
				w.WriteHeader(http.StatusFound)
			}))
			t.Cleanup(srv.Close)
			p := start(t, srv.URL+row.base)
			host := strings.TrimPrefix(p.URL(), "http://")
			for local, sent := range map[string]string{
				p.URL():                    "GET /x HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + p.Credential().Reveal() + "\r\n\r\n",
				"http://localhost:1":       "GET /x HTTP/1.1\r\nHost: localhost:1\r\nAuthorization: Bearer " + p.Credential().Reveal() + "\r\n\r\n",
				p.CapabilityURL().Reveal(): "GET /" + p.Credential().Reveal() + "/x HTTP/1.0\r\n\r\n",
			} {
				response := exchange(t, p, sent)
				want := strings.NewReplacer("API", srv.URL, "HOST", strings.TrimPrefix(srv.URL, "http://"), "LOCAL", local).Replace(row.local)
				for _, field := range []string{"Location", "Content-Location"} {
					if got := response.Header.Get(field); got != want {
						t.Errorf("%s is %q, want %q", field, got, want)
					}
				}
			}
		})
	}
}

// TestOptions holds that OPTIONS reaches an API that is a whole server.
func TestOptions(t *testing.T) {
	t.Parallel()
	a := startAPI(t, noContent)
	p := start(t, a.url)
	exchange(t, p, request(p, "OPTIONS", "*"))
	if got := a.requests(); len(got) != 1 || !strings.HasPrefix(got[0], "OPTIONS * HTTP/1.1\r\n") {
		t.Errorf("received %q", got)
	}
}

// TestTLS holds that a caller who trusts the proxy's authority is served, also by HTTP/2,
// and that no other name or authority is.
func TestTLS(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://"+r.Host+"/y")
	}))
	t.Cleanup(srv.Close)
	p := start(t, srv.URL, func(c *proxy.Config) { c.TLS = true })
	if !strings.HasPrefix(p.URL(), "https://127.0.0.1:") {
		t.Fatalf("the address is %q", p.URL())
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(p.CACertificate())) {
		t.Fatal("not a certificate")
	}
	for _, row := range []struct {
		protocol string
		name     string
		config   *tls.Config
		trusted  bool
	}{
		{"HTTP/1.1", "127.0.0.1", &tls.Config{RootCAs: roots}, true},
		{"HTTP/2.0", "localhost", &tls.Config{RootCAs: roots}, true},
		{"HTTP/1.1", "::1", &tls.Config{RootCAs: roots}, true},
		{"HTTP/1.1", "example.com", &tls.Config{RootCAs: roots}, false},
		{"HTTP/1.1", "127.0.0.1", &tls.Config{}, false},
	} {
		row.config.ServerName = row.name
		transport := &http.Transport{TLSClientConfig: row.config, ForceAttemptHTTP2: row.protocol == "HTTP/2.0"}
		t.Cleanup(transport.CloseIdleConnections)
		sent, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL()+"/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		sent.Header.Set("Authorization", "Bearer "+p.Credential().Reveal())
		response, err := transport.RoundTrip(sent)
		if _, refused := errors.AsType[*tls.CertificateVerificationError](err); refused == row.trusted {
			t.Errorf("%s: %v", row.name, err)
		}
		if err == nil && (response.Proto != row.protocol || response.Header.Get("Location") != p.URL()+"/y") {
			t.Errorf("%s: %s %v", row.name, response.Proto, response.Header)
		}
	}
}

// TestFailures holds what the caller receives and the log says of calls that failed.
func TestFailures(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "9")
		_, _ = io.WriteString(w, "cut")
	}))
	t.Cleanup(srv.Close)
	var logged log
	var down bool
	p := start(t, srv.URL, func(c *proxy.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&logged, nil))
		transport := c.Transport
		c.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if down {
				return nil, errors.New("down")
			}
			return transport.RoundTrip(r)
		})
		c.Describe = func(err error) proxy.Problem {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				return proxy.Problem{Status: 502, Title: "Cut", Detail: "In the middle."}
			}
			return proxy.Problem{Status: 504, Title: "Down", Detail: err.Error() + "\nNow."}
		}
	})
	conn := dial(t, p)
	_, _ = io.WriteString(conn, get(p, "/"))
	got, err := io.ReadAll(conn)
	if err != nil || !strings.HasSuffix(string(got), "\r\n\r\ncut") {
		t.Errorf("received %q, %v", got, err)
	}
	down = true
	for range 2 {
		response := exchange(t, p, get(p, "/"))
		body := text(t, response)
		if response.StatusCode != 504 || response.Header.Get("Content-Type") != "application/problem+json" ||
			body != `{"status":504,"title":"Down","detail":"down\nNow."}` {
			t.Errorf("received %v %s", response, body)
		}
	}
	failures := p.Failures()
	if len(failures) != 2 || failures[0].Title != "Cut" || failures[0].Calls != 1 || failures[1].Title != "Down" || failures[1].Calls != 2 {
		t.Errorf("failures are %+v", failures)
	}
	if got := logged.String(); strings.Count(got, "level=WARN") != 3 || !strings.Contains(got, `method=GET title=Down detail="down Now."`) {
		t.Errorf("logged is %s", got)
	}
	if p.Calls() != 3 {
		t.Errorf("%d calls", p.Calls())
	}
}
