// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// caller makes calls. It trusts the authority of a proxy.
var caller = &http.Client{
	Timeout:       time.Minute,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// call makes a GET request, and returns status and body.
func call(t testing.TB, address string, header http.Header) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		request.Header = header
	}
	response, err := caller.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

// through makes a call through a proxy.
func through(t testing.TB, proxy attributes, path string) (status int, body string) {
	t.Helper()
	return call(t, proxy["local_url"].(string)+path, http.Header{"Authorization": {proxy["authorization_header"].(string)}})
}

// refusesConnections reports whether nothing listens at an address any more.
func refusesConnections(t testing.TB, address string) bool {
	t.Helper()
	_, host, _ := strings.Cut(address, "://")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", host)
	if err == nil {
		_ = conn.Close()
	}
	return err != nil
}

// keepPort keeps an address from other tests after its listener is closed, by a connection that
// stays open until the test ends.
func keepPort(t testing.TB, address string) {
	t.Helper()
	_, host, _ := strings.Cut(address, "://")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
}

// TestAccProxyOutputs echoes the outputs.
func TestAccProxyOutputs(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	config := hclProvider(srv) + fmt.Sprintf(`
ephemeral "oauth2cc_proxy" "plain" {
  url = %[1]q
}

ephemeral "oauth2cc_proxy" "https" {
  url             = "%[1]s/"
  https           = true
  request_headers = { X-Key = "value" }
  token           = { scopes = ["read"] }
  token_header    = { name = "X-Token", scheme = "" }
}

locals {
  plain = ephemeral.oauth2cc_proxy.plain
  https = ephemeral.oauth2cc_proxy.https
}
`, srv.APIURL) + echo(`{
    local_url  = replace(local.plain.local_url, "/[0-9]+$/", "PORT")
    token      = local.plain.access_token
    header     = local.plain.authorization_header == "Bearer ${local.plain.access_token}"
    capability = local.plain.capability_url == "${local.plain.local_url}/${local.plain.access_token}"
    no_ca      = local.plain.ca_certificate
    https_url  = local.https.local_url
    ca         = local.https.ca_certificate
    others     = local.https.access_token != local.plain.access_token
  }`)
	testSteps(t, refused(strings.Replace(config, clientSecret, "wrong", 1), "invalid_client"), resource.TestStep{
		Config: config,
		ConfigStateChecks: []statecheck.StateCheck{
			echoed(knownvalue.StringExact("http://127.0.0.1:PORT"), "local_url"),
			echoed(matches("[0-9a-f]{64}"), "token"),
			echoed(knownvalue.Bool(true), "header"),
			echoed(knownvalue.Bool(true), "capability"),
			echoed(knownvalue.Null(), "no_ca"),
			echoed(matches(`https://127\.0\.0\.1:\d+`), "https_url"),
			echoed(matches(`(?s)-----BEGIN CERTIFICATE-----.*`), "ca"),
			echoed(knownvalue.Bool(true), "others"),
		},
	})
}

// clock is a clock that a test sets.
type clock struct{ offset atomic.Int64 }

func newClock() *clock { return new(clock) }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

func (c *clock) advance(by time.Duration) { c.offset.Add(int64(by)) }

// TestProxyOneTokenPerLifetime holds that all calls are authorized, with one token for each
// lifetime, and what Close logs.
func TestProxyOneTokenPerLifetime(t *testing.T) {
	t.Parallel()
	clock := newClock()
	srv := authservertest.Start(t, authserver.Config{Clients: []authserver.Client{exampleClient()}, Now: clock.now})
	var log lockedBuffer
	s := newSession(t, provider.WithNow(clock.now)).mustConfigure(providerBlock(srv))
	s.ctx = log.capture(t.Context())
	proxy := s.open(proxyType, attributes{"url": srv.APIURL + "/v1"})
	proxy.diagnostics.mustBeEmpty(t)
	for range 3 {
		for range 20 {
			status, body := through(t, proxy.result, "/orders?x=1")
			var received struct{ Path string }
			if err := json.Unmarshal([]byte(body), &received); err != nil || status != 200 || !strings.HasSuffix(received.Path, "/v1/orders") {
				t.Fatalf("received %d %s", status, body)
			}
		}
		clock.advance(time.Hour)
	}
	if tokens := srv.Count(authserver.TokenEndpoint); tokens != 3 {
		t.Errorf("%d tokens", tokens)
	}
	keepPort(t, proxy.result["local_url"].(string))
	s.close(s.ctx, proxy).mustBeEmpty(t)
	if !refusesConnections(t, proxy.result["local_url"].(string)) {
		t.Error("the proxy still listens")
	}
	for _, text := range []string{`"@level":"info"`, `"the proxy is closed"`, `"calls":60`, `"tokens":3`, `"renewals":2`} {
		if !strings.Contains(log.String(), text) {
			t.Errorf("the log has no %s:\n%s", text, log.String())
		}
	}
	for _, secret := range []string{proxy.result["access_token"].(string), srv.Requests(authserver.API)[0].Header.Get("Authorization")[len("Bearer "):]} {
		if strings.Contains(log.String(), secret) {
			t.Error("a secret is logged")
		}
	}
}

// TestProxyRevokedToken holds that a token that the API no longer accepts is replaced, and
// the call repeated with its body.
func TestProxyRevokedToken(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	s := newSession(t).mustConfigure(providerBlock(srv))
	proxy := s.mustOpen(proxyType, attributes{"url": srv.APIURL})
	srv.Fail(authserver.API, 1, authserver.Respond(401, http.Header{"WWW-Authenticate": {`Bearer error="invalid_token"`}}, ""))
	response, err := caller.Post(proxy["capability_url"].(string)+"/x", "text/plain", io.MultiReader(strings.NewReader("body"))) //nolint:noctx // of no length
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	calls := srv.Requests(authserver.API)
	if response.StatusCode != 200 || len(calls) != 2 || calls[0].Header.Get("Authorization") == calls[1].Header.Get("Authorization") ||
		string(calls[0].Body) != "body" || string(calls[1].Body) != "body" {
		t.Errorf("received %s, sent %v", response.Status, calls)
	}
}

// TestProxyDPoP holds that calls through a proxy prove possession of the token's key, and
// that a challenge for a nonce costs no token and is not seen by the caller.
func TestProxyDPoP(t *testing.T) {
	t.Parallel()
	srv := startBound(t)
	s := newSession(t).mustConfigure(merged(providerBlock(srv), attributes{"dpop_bound_access_tokens": true}))
	proxy := s.mustOpen(proxyType, attributes{"url": srv.APIURL + "/v1"})
	for range 2 {
		for _, path := range []string{"", "/orders?x=1", "/a%2Fb/c;d/?x=%20"} {
			if status, body := through(t, proxy, path); status != 200 {
				t.Errorf("%q: received %d %s", path, status, body)
			}
		}
		response, err := caller.Post(proxy["capability_url"].(string)+"/x", "text/plain", io.MultiReader(strings.NewReader("body"))) //nolint:noctx // of no length
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != 200 || response.Header.Get("DPoP-Nonce") != "" {
			t.Errorf("received %s with %v", response.Status, response.Header)
		}
		srv.RotateNonce()
	}
	if tokens, calls := srv.Count(authserver.TokenEndpoint), srv.Count(authserver.API); tokens != 2 || calls != 10 {
		t.Errorf("%d token requests and %d calls, want 2 and 10: one each was challenged, and a call once more after the change", tokens, calls)
	}
}

// TestProxyHeaders holds where the token and the headers of the block are sent, and that
// the API sees the provider's client certificate (RFC 8705).
func TestProxyHeaders(t *testing.T) {
	t.Parallel()
	ca := authservertest.NewAuthority(t)
	certificate := ca.Issue(t, authservertest.NewKey(t, authservertest.P256), authservertest.ClientTemplate("client"))
	var received atomic.Pointer[http.Request]
	api := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { received.Store(r) }))
	api.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool()}
	api.StartTLS()
	t.Cleanup(api.Close)
	srv := startServer(t)
	s := newSession(t).mustConfigure(providerBlock(srv, attributes{"tls": attributes{
		"ca_certificate":     authservertest.CertificatePEM(tls.Certificate{Certificate: [][]byte{api.Certificate().Raw}}),
		"client_certificate": authservertest.CertificatePEM(certificate),
		"client_key":         pkcs8(t, certificate),
	}}))
	proxy := s.mustOpen(proxyType, attributes{
		"url": api.URL, "https": true, "request_headers": attributes{"X-Key": "ours", "Authorization": "Basic eDp5"},
		"token_header": attributes{"name": "X-Token", "scheme": "Key="},
	})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(proxy["ca_certificate"].(string)))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, proxy["local_url"].(string), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Authorization": {proxy["authorization_header"].(string)}, "X-Key": {"theirs"}, "X-Token": {"theirs"}}
	response, err := transport.RoundTrip(request)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("received %v, %v", response, err)
	}
	_ = response.Body.Close()
	got := received.Load()
	if header := got.Header; header.Get("X-Key") != "ours" || header.Get("Authorization") != "Basic eDp5" || !strings.HasPrefix(header.Get("X-Token"), "Key=") ||
		len(header["X-Token"]) != 1 || got.TLS.PeerCertificates[0].Subject.CommonName != "client" {
		t.Errorf("received %v", got.Header)
	}
}

// TestProxyFailures holds what the caller learns of a call that fails, and the user at the
// end; and that the next call works once the server is back.
func TestProxyFailures(t *testing.T) {
	t.Parallel()
	ownAPI := func(_ *testing.T, srv *authservertest.Server) string { return srv.APIURL }
	tests := map[string]struct {
		block  attributes
		api    func(t *testing.T, srv *authservertest.Server) string
		strike func(srv *authservertest.Server) // when the proxy is open, and its token expired
		status int
		says   string // the problem and the warning
		back   bool
	}{
		"API down": {nil, func(*testing.T, *authservertest.Server) string { return "http://127.0.0.1:1" }, nil,
			502, "The server cannot be reached", false},
		"API does not complete a connection": {
			attributes{"timeout": "1s"}, silentAPI, nil,
			504, "No response in time", false,
		},
		"API closes": {nil, ownAPI, func(srv *authservertest.Server) { srv.Fail(authserver.API, 1, authserver.Drop()) },
			502, "The response cannot be read", true},
		"token endpoint down": {attributes{"max_retries": 0}, ownAPI, func(srv *authservertest.Server) {
			srv.Fail(authserver.TokenEndpoint, 1, authserver.Respond(503, nil, "down"))
		}, 502, "503", true},
		"client disabled": {nil, ownAPI, func(srv *authservertest.Server) {
			srv.Fail(authserver.TokenEndpoint, authserver.Always, authserver.OAuthError(401, "invalid_client", "disabled "+clientSecret))
		}, 502, "disabled [redacted]", false},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			srv := authservertest.Start(t, authserver.Config{Clients: []authserver.Client{exampleClient()}, Now: clock.now})
			var log lockedBuffer
			s := newSession(t, provider.WithNow(clock.now)).mustConfigure(providerBlock(srv, row.block))
			s.ctx = log.capture(t.Context())
			proxy := s.open(proxyType, attributes{"url": row.api(t, srv)})
			proxy.diagnostics.mustBeEmpty(t)
			if row.strike != nil {
				clock.advance(2 * time.Hour)
				row.strike(srv)
			}
			var problem struct {
				Status        int
				Title, Detail string
			}
			status, body := through(t, proxy.result, "/x")
			if err := json.Unmarshal([]byte(body), &problem); err != nil || status != row.status || problem.Status != row.status ||
				!strings.Contains(problem.Title+problem.Detail, row.says) {
				t.Errorf("received %d %s", status, body)
			}
			status, body = through(t, proxy.result, "/x")
			if row.back != (status == 200) {
				t.Errorf("then received %d %s", status, body)
			}
			if !strings.Contains(log.String(), `"@level":"warn"`) {
				t.Errorf("logged is %s", log.String())
			}
			found := s.close(s.ctx, proxy)
			if len(found) != 1 || found[0].Severity != tfprotov6.DiagnosticSeverityWarning || !strings.Contains(found[0].Detail, row.says) {
				t.Errorf("Close says %s", found)
			}
		})
	}
}

// silentAPI is an address at which connections are accepted, and no more.
func silentAPI(t *testing.T, _ *authservertest.Server) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return "https://" + listener.Addr().String()
}

// TestProxyRefused holds what is an error at open, before a call can fail, and what is a
// warning.
func TestProxyRefused(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	tests := map[string]struct {
		block, config attributes
		says          string
	}{
		"wrong client":   {attributes{"client_secret": "wrong"}, attributes{"url": srv.APIURL}, "invalid_client"},
		"plaintext":      {nil, attributes{"url": "http://api.example.com"}, "Plaintext http refused"},
		"nothing known":  {attributes{"client_id": unknown}, attributes{"url": srv.APIURL}, "a proxy must be open at plan"},
		"token once":     {attributes{"request_body": "grant_type=client_credentials"}, attributes{"url": srv.APIURL}, "The proxy cannot replace its token"},
		"scope not ours": {nil, attributes{"url": srv.APIURL, "token": attributes{"scopes": []any{"admin"}}}, "invalid_scope"},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := newSession(t).mustConfigure(providerBlock(srv, row.block)).open(proxyType, row.config)
			if len(proxy.diagnostics) != 1 || !strings.Contains(proxy.diagnostics.String(), row.says) {
				t.Errorf("Open says %s", proxy.diagnostics)
			}
		})
	}
}

// TestProxyEndsWithTheProcess holds that what is open when the process ends is closed, and
// nothing opened any more.
func TestProxyEndsWithTheProcess(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	cleanup := new(provider.Cleanup)
	s := newSession(t, provider.WithCleanup(cleanup)).mustConfigure(providerBlock(srv))
	first, second := s.mustOpen(proxyType, attributes{"url": srv.APIURL}), s.mustOpen(proxyType, attributes{"url": srv.APIURL})
	proxies := []attributes{first, second}
	for _, proxy := range proxies {
		keepPort(t, proxy["local_url"].(string))
	}
	closeAll(t, cleanup, time.Minute)
	for _, proxy := range proxies {
		if !refusesConnections(t, proxy["local_url"].(string)) {
			t.Error("the proxy still listens")
		}
	}
	if found := s.open(proxyType, attributes{"url": srv.APIURL}).diagnostics; !strings.Contains(found.String(), "The provider is stopping") {
		t.Errorf("Open says %s", found)
	}
}

// streaming is an API that responds to each part of a body, repeats trailers, and repeats
// what it reads after an upgrade.
func streaming(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	if r.Header.Get("Upgrade") != "" {
		conn, buffered, err := control.Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_, _ = io.Copy(conn, buffered)
		return
	}
	_ = control.EnableFullDuplex()
	w.Header().Set("Trailer", "X-Sum")
	part := make([]byte, 3)
	for {
		if _, err := io.ReadFull(r.Body, part); err != nil {
			break
		}
		_, _ = w.Write(part)
		_ = control.Flush()
	}
	w.Header().Set("X-Sum", r.Trailer.Get("X-Sum"))
}

// TestProxyStreams holds that whatever attaches the token, calls are passed on as they come.
func TestProxyStreams(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	api := httptest.NewServer(http.HandlerFunc(streaming))
	t.Cleanup(api.Close)
	proxy := newSession(t).mustConfigure(providerBlock(srv)).mustOpen(proxyType, attributes{"url": api.URL})
	begin := func(fields string) (net.Conn, *http.Response) {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(proxy["local_url"].(string), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		_, _ = io.WriteString(conn, "POST /x HTTP/1.1\r\nHost: localhost\r\nAuthorization: "+proxy["authorization_header"].(string)+"\r\n"+fields)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		return conn, response
	}
	echo := func(sent io.Writer, framed string, received io.Reader, text string) {
		t.Helper()
		_, _ = io.WriteString(sent, framed)
		got := make([]byte, len(text))
		if n, err := io.ReadFull(received, got); err != nil || string(got) != text {
			t.Fatalf("received %q, %v", got[:n], err)
		}
	}
	conn, response := begin("Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\none\r\n")
	echo(conn, "", response.Body, "one")
	echo(conn, "3\r\ntwo\r\n", response.Body, "two")
	_, _ = io.WriteString(conn, "0\r\nX-Sum: 2\r\n\r\n")
	if rest, err := io.ReadAll(response.Body); len(rest) > 0 || err != nil || response.Trailer.Get("X-Sum") != "2" {
		t.Errorf("received %q, %v, %v", rest, response.Trailer, err)
	}
	conn, response = begin("Connection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	if response.StatusCode != 101 {
		t.Fatalf("received %v", response)
	}
	echo(conn, "text", conn, "text")
	conn, response = begin("Connection: close\r\nContent-Length: 1000000\r\n\r\nabc") // of which no more comes yet
	echo(conn, "", response.Body, "abc")
	echo(conn, "def", response.Body, "def")
}
