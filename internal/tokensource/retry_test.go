// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// flaky is a server that is not always there: its faults, by path, come first.
type flaky struct {
	*server

	mu     sync.Mutex
	faults map[string][]fault
	sent   map[string][]httpstack.Request
	// before, if not nil, is called before each request.
	before func(httpstack.Request)
}

// fault is what comes instead of the usual response: another one, or none.
type fault struct {
	failure  *httpstack.Error
	response httpstack.Response
}

// Faults of the connection, and of servers and proxies.
var (
	unreachable = fault{failure: &httpstack.Error{Kind: httpstack.Refused}}
	dropped     = fault{failure: &httpstack.Error{Kind: httpstack.Truncated, Sent: true}}
	noResponse  = fault{failure: &httpstack.Error{Kind: httpstack.Timeout, Sent: true}}
	unavailable = status(503, "")
	limited     = status(429, "")
)

// status is a fault with a response, whose header has pairs of names and values.
func status(code int, body string, header ...string) fault {
	fields := http.Header{}
	for pair := range slices.Chunk(header, 2) {
		fields.Set(pair[0], pair[1])
	}
	return fault{response: httpstack.Response{StatusCode: code, Body: []byte(body), Header: fields}}
}

func newFlaky() *flaky {
	return &flaky{server: newServer(), faults: map[string][]fault{}, sent: map[string][]httpstack.Request{}}
}

// retrying returns a source that repeats requests up to three times.
func (f *flaky) retrying() *tokensource.Source { return f.repeating(3) }

func (f *flaky) repeating(most int) *tokensource.Source {
	return tokensource.New(tokensource.Config{
		HTTP: f, Now: f.now, Retries: httpstack.Retries{Max: most, Timeout: httpstack.DefaultTimeout},
	})
}

// fail queues faults at a path.
func (f *flaky) fail(path string, faults ...fault) *flaky {
	f.faults[path] = append(f.faults[path], faults...)
	return f
}

func repeated(times int, one fault) []fault {
	all := make([]fault, times)
	for i := range all {
		all[i] = one
	}
	return all
}

func (f *flaky) Do(ctx context.Context, request httpstack.Request) (*httpstack.Response, error) {
	if f.before != nil {
		f.before(request)
	}
	f.mu.Lock()
	path := request.URL.Path
	f.sent[path] = append(f.sent[path], request)
	queue := f.faults[path]
	if len(queue) == 0 {
		f.mu.Unlock()
		return f.server.Do(ctx, request)
	}
	defer f.mu.Unlock()
	f.faults[path] = queue[1:]
	if queue[0].failure != nil {
		return nil, queue[0].failure
	}
	response := queue[0].response
	response.RequestedAt, response.Secrets = f.now(), request.Sent()
	return &response, nil
}

// count is the number of requests to a path, faults and all.
func (f *flaky) count(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.sent[path])
}

func (f *flaky) mustCount(t *testing.T, path string, want int) {
	t.Helper()
	if got := f.count(path); got != want {
		t.Errorf("%d requests to %s, want %d", got, path, want)
	}
}

// TestFaultsOfTheTokenEndpoint holds which failures of a token request another one
// follows. Each fault comes twice: it takes three requests, or one.
func TestFaultsOfTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	const page = "<html><title>Blocked</title></html>"
	notFound := &net.DNSError{Err: "no such host", IsNotFound: true}
	failing := func(failure httpstack.Error) fault { return fault{failure: &failure} }
	tests := map[string]struct {
		fault fault
		again bool
	}{
		"refused":             {unreachable, true},
		"dropped":             {dropped, true},
		"no response in time": {noResponse, true},
		"no connection":       {failing(httpstack.Error{Kind: httpstack.Timeout}), true},
		"name server is busy": {failing(httpstack.Error{Kind: httpstack.DNS, Err: &net.DNSError{IsTimeout: true}}), true},
		"no such name":        {failing(httpstack.Error{Kind: httpstack.DNS, Err: notFound}), false},
		"certificate":         {failing(httpstack.Error{Kind: httpstack.TLS}), false},
		"alert":               {failing(httpstack.Error{Kind: httpstack.TLS, Alert: true}), false},
		"proxy forbids":       {failing(httpstack.Error{Kind: httpstack.Proxy}), false},
		"redirect":            {failing(httpstack.Error{Kind: httpstack.Redirect, Sent: true}), false},
		"too large":           {failing(httpstack.Error{Kind: httpstack.TooLarge, Sent: true}), false},
		"not HTTP":            {failing(httpstack.Error{Kind: httpstack.Protocol, Sent: true}), false},
		"plaintext":           {failing(httpstack.Error{Kind: httpstack.Plaintext}), false},
		"invalid":             {failing(httpstack.Error{Kind: httpstack.Invalid}), false},
		"other":               {failing(httpstack.Error{Kind: httpstack.Other}), false},

		"408":                     {status(408, ""), true},
		"429":                     {limited, true},
		"500":                     {status(500, ""), true},
		"500, page":               {status(500, page), true},
		"501":                     {status(501, ""), false},
		"502":                     {status(502, page), true},
		"503":                     {unavailable, true},
		"504":                     {status(504, ""), true},
		"temporarily_unavailable": {status(400, `{"error":"temporarily_unavailable"}`), true},
		"server_error":            {status(500, `{"error":"server_error"}`), true},
		"425":                     {status(425, ""), true},
		"599":                     {status(599, page), true},

		"505":                    {status(505, ""), false},
		"511":                    {status(511, page), false},
		"400, page":              {status(400, page), false},
		"403, page":              {status(403, page), false},
		"404, page":              {status(404, page), false},
		"422, page":              {status(422, page), false},
		"invalid_client":         {status(401, `{"error":"invalid_client"}`), false},
		"invalid_client in 500":  {status(500, `{"error":"invalid_client"}`), false},
		"invalid_client in 429":  {status(429, `{"error":"invalid_client"}`, "Retry-After", "1"), false},
		"invalid_grant":          {status(400, `{"error":"invalid_grant"}`), false},
		"invalid_scope":          {status(400, `{"error":"invalid_scope"}`), false},
		"unauthorized_client":    {status(400, `{"error":"unauthorized_client"}`), false},
		"unsupported_grant_type": {status(400, `{"error":"unsupported_grant_type"}`), false},
		"invalid_request":        {status(400, `{"error":"invalid_request"}`), false},
		"access_denied":          {status(403, `{"error":"access_denied"}`), false},
		"unknown code":           {status(400, `{"error":"hiccup"}`), false},
		"401, page":              {status(401, page), false},
		"403, empty":             {status(403, ""), false},
		"403, JSON":              {status(403, `{"message":"Forbidden"}`), false},
		"405, page":              {status(405, page), false},
		"no token in 200":        {status(200, `{}`), false},
		"page in 200":            {status(200, page), false},
		"302":                    {status(302, ""), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newFlaky().fail("/token", test.fault, test.fault)
				_, err := network.retrying().Open(t.Context(), client(), false)
				want := 1
				if test.again {
					want = 3
				}
				network.mustCount(t, "/token", want)
				if (err == nil) != test.again {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// TestRetriesEnd: the error of the last attempt has the number of all.
func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	for most := range 4 {
		synctest.Test(t, func(t *testing.T) {
			network := newFlaky().fail("/token", repeated(9, unavailable)...)
			_, err := network.repeating(most).Open(t.Context(), client(), false)
			network.mustCount(t, "/token", most+1)
			response, ok := errors.AsType[*oauth2.Error](err)
			if !ok || response.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("got %v", err)
			}
			if failed, ok := errors.AsType[*tokensource.RetriedError](err); ok != (most > 0) || ok && failed.Count != most+1 {
				t.Errorf("with %d retries: %v", most, err)
			}
		})
	}
}

// TestWaitThatDoesNotFit is an error at once, and nothing else is sent to the server
// until the wait is over, or five minutes have passed.
func TestWaitThatDoesNotFit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		most  int
		fault fault
		wait  time.Duration
		rest  time.Duration
	}{
		"an hour":        {3, status(429, "", "Retry-After", "3600"), time.Hour, 5 * time.Minute},
		"three minutes":  {3, status(503, "", "Retry-After", "180"), 3 * time.Minute, 3 * time.Minute},
		"retries off":    {0, status(429, "", "Retry-After", "10"), 10 * time.Second, 10 * time.Second},
		"a date":         {3, status(503, "", "Retry-After", "Tue, 22 Mar 2011 18:43:00 GMT"), time.Hour, 5 * time.Minute},
		"quota of Auth0": {3, status(429, "", "Auth0-Client-Quota-Limit", "b=per_hour;q=10;r=0;t=3540"), 59 * time.Minute, 5 * time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newFlaky().fail("/token", test.fault)
				source, start := network.repeating(test.most), time.Now()
				var group sync.WaitGroup
				for number := range 40 {
					group.Go(func() {
						_, err := source.Open(t.Context(), scoped(strconv.Itoa(number)), false)
						failed, ok := errors.AsType[*tokensource.RetriedError](err)
						if !ok || failed.Wait != test.wait || !failed.RetryAt.Equal(network.now().Add(test.wait)) {
							t.Errorf("got %v", err)
						}
					})
				}
				group.Wait()
				network.mustCount(t, "/token", 1)
				if took := time.Since(start); took != 0 {
					t.Errorf("took %s", took)
				}
				network.pass(test.rest - 1)
				if _, err := source.Open(t.Context(), client(), false); err == nil {
					t.Error("a token while the server rests")
				}
				network.pass(1)
				if got := tokenFor(t, source, client()); got != "t1" {
					t.Errorf("got %s", got)
				}
			})
		})
	}
}

// TestSingleUse: what may have been used up by the first request is not sent
// again, except where it never left or the server says that it did not look at it.
func TestSingleUse(t *testing.T) {
	t.Parallel()
	with := func(grant string, parameters ...string) tokensource.ClientConfig {
		config := client()
		config.Request.GrantType, config.Request.Parameters = grant, secrets(parameters...)
		return config
	}
	body := client()
	body.Request.Body = secret.New("grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA")
	clients := map[string]struct {
		config tokensource.ClientConfig
		// again has the faults that another request follows: always, and then.
		unsent, busy, arrived bool
	}{
		"client credentials":            {with("client_credentials"), true, true, true},
		"JWT bearer":                    {with(oauth2.GrantJWTBearer, "assertion", "e30.e30."), true, true, true},
		"request_body":                  {body, true, false, false},
		"authorization code":            {with("authorization_code", "code", "c"), true, false, false},
		"code, grant by parameter":      {with("client_credentials", "grant_type", "authorization_code"), true, false, false},
		"code of another grant":         {with("urn:example:grant", "code", "c"), true, false, false},
		"device code":                   {with("urn:ietf:params:oauth:grant-type:device_code", "device_code", "d"), true, false, false},
		"refresh token":                 {with("refresh_token", "refresh_token", "r"), true, true, false},
		"refresh token, another grant":  {with("urn:example:grant", "refresh_token", "r"), true, true, false},
		"refresh token that is removed": {with("client_credentials", "refresh_token", ""), true, true, true},
	}
	for name, row := range clients {
		for about, again := range map[string]struct {
			fault fault
			want  bool
		}{
			"refused": {unreachable, row.unsent}, "429": {limited, row.busy}, "503": {unavailable, row.arrived},
			"503, Retry-After": {status(503, "", "Retry-After", "1"), row.busy},
			"dropped":          {dropped, row.arrived}, "no response": {noResponse, row.arrived}, "502": {status(502, ""), row.arrived},
			"temporarily_unavailable": {status(400, `{"error":"temporarily_unavailable"}`), row.arrived},
			"425":                     {status(425, ""), row.busy},
		} {
			t.Run(name+"/"+about, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					network := newFlaky().fail("/token", again.fault)
					_, err := network.retrying().Open(t.Context(), row.config, false)
					want := 1
					if again.want {
						want = 2
					}
					network.mustCount(t, "/token", want)
					if (err == nil) != again.want {
						t.Errorf("error %v", err)
					}
				})
			})
		}
	}
}

// TestRefreshTokenIsNotLost: it may be good for one use.
func TestRefreshTokenIsNotLost(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault fault
		want  int
	}{"refused": {unreachable, 2}, "503": {unavailable, 1}, "503, Retry-After": {status(503, "", "Retry-After", "1"), 2}, "429": {limited, 2}, "dropped": {dropped, 1}, "500": {status(500, ""), 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newFlaky()
				network.members = refreshable
				session := open(t, network.retrying(), client(), false)
				network.fail("/token", row.fault)
				if err := session.Renew(t.Context()); (err == nil) != (row.want == 2) {
					t.Errorf("error %v", err)
				}
				network.mustCount(t, "/token", 1+row.want)
			})
		})
	}
}

// TestAttemptsAreBuiltAnew: each has an assertion of its own, with a jti of its own
// (RFC 7523 section 3), and what the platform has by then.
func TestAttemptsAreBuiltAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newFlaky().fail("/token", unavailable, dropped)
		config := client()
		config.TokenEndpointAuthMethod, config.ClientSecret = clientauth.ClientSecretJWT, secret.New(strings.Repeat("k", 32))
		tokenFor(t, network.retrying(), config)
		seen := map[string]bool{}
		for _, request := range network.sent["/token"] {
			seen[claims(t, form(t, request).Get("client_assertion"))["jti"].(string)] = true
		}
		if len(seen) != 3 {
			t.Errorf("%d different jti in three attempts", len(seen))
		}
	})
}

// claims decodes the payload of a JWT.
func claims(t *testing.T, assertion string) map[string]any {
	t.Helper()
	var decoded map[string]any
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(assertion, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

// TestAssertionIsReadAgain: platforms replace the file in the meantime.
func TestAssertionIsReadAgain(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	synctest.Test(t, func(t *testing.T) {
		network := newFlaky().fail("/token", unavailable, unavailable)
		write := func(number string) {
			if err := os.WriteFile(file, []byte(`e30.`+base64.RawURLEncoding.EncodeToString([]byte(`{"n":`+number+`}`))+`.`), 0o600); err != nil {
				t.Error(err)
			}
		}
		write("1")
		network.before = func(httpstack.Request) { write("2") }
		config := client()
		config.TokenEndpointAuthMethod = clientauth.PrivateKeyJWT
		config.FederatedAssertion = &clientauth.FederatedAssertion{File: file}
		tokenFor(t, network.retrying(), config)
		for i, want := range []float64{1, 2, 2} {
			if got := claims(t, form(t, network.sent["/token"][i]).Get("client_assertion"))["n"]; got != want {
				t.Errorf("attempt %d shows assertion %v, want %v", i+1, got, want)
			}
		}
	})
}

// TestPlatformIsAskedApart: its failures are not multiplied by the attempts of the
// token request, and each of those requests a new one.
func TestPlatformIsAskedApart(t *testing.T) {
	t.Parallel()
	const assertion = "e30.e30."
	tests := map[string]struct {
		method             string
		platform, endpoint []fault
		asked, tokens      int
	}{
		"platform fails":                {http.MethodGet, repeated(4, unavailable), nil, 4, 0},
		"platform fails once":           {http.MethodGet, repeated(1, dropped), nil, 2, 1},
		"platform refuses":              {http.MethodGet, repeated(1, status(403, "no")), nil, 1, 0},
		"both fail":                     {http.MethodGet, repeated(1, unavailable), repeated(2, unavailable), 4, 3},
		"POST, dropped":                 {http.MethodPost, repeated(1, dropped), nil, 1, 0},
		"POST, refused":                 {http.MethodPost, repeated(1, unreachable), nil, 2, 1},
		"POST, asks to wait a bit":      {http.MethodPost, repeated(1, status(503, "", "Retry-After", "1")), nil, 2, 1},
		"platform asks for a long wait": {http.MethodGet, repeated(1, status(429, "", "Retry-After", "3600")), nil, 1, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newFlaky().fail("/identity", test.platform...).fail("/token", test.endpoint...)
				network.fail("/identity", repeated(4, status(200, assertion))...)
				config := client()
				config.TokenEndpointAuthMethod = clientauth.PrivateKeyJWT
				config.FederatedAssertion = &clientauth.FederatedAssertion{Request: &clientauth.PlatformRequest{
					URL: "https://platform.example.com/identity", Method: test.method,
				}}
				_, err := network.retrying().Open(t.Context(), config, false)
				network.mustCount(t, "/identity", test.asked)
				network.mustCount(t, "/token", test.tokens)
				if (err == nil) != (test.tokens > 0) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// TestDiscoveryIsRepeated: both well-known addresses are one question.
func TestDiscoveryIsRepeated(t *testing.T) {
	t.Parallel()
	const oauth, openID = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
	const document = `{"issuer":"` + issuer + `","token_endpoint":"` + tokenURL + `"}`
	found := status(200, document)
	tests := map[string]struct {
		first, second []fault
		want          [2]int
		fails         bool
	}{
		"503 once":                {[]fault{unavailable, found}, nil, [2]int{2, 0}, false},
		"dropped once":            {[]fault{dropped, found}, nil, [2]int{2, 0}, false},
		"429 always":              {repeated(4, limited), nil, [2]int{4, 0}, true},
		"500 once":                {[]fault{status(500, ""), found}, nil, [2]int{2, 1}, false},
		"500 here, found there":   {[]fault{status(500, "")}, []fault{found}, [2]int{1, 1}, false},
		"404 here, 503 there":     {repeated(2, status(404, "")), []fault{unavailable, found}, [2]int{2, 2}, false},
		"404 here, dropped there": {repeated(2, status(404, "")), []fault{dropped, found}, [2]int{2, 2}, false},
		"404 at both":             {nil, nil, [2]int{1, 1}, true},
		"404 with a page":         {[]fault{status(404, "<p>")}, []fault{status(404, "<p>")}, [2]int{1, 1}, true},
		"403 with a page":         {[]fault{status(403, "<p>")}, []fault{status(403, "<p>")}, [2]int{1, 1}, true},
		"another issuer":          {[]fault{status(200, `{"issuer":"x"}`)}, nil, [2]int{1, 1}, true},
		"much later":              {[]fault{status(503, "", "Retry-After", "3600")}, nil, [2]int{1, 0}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newFlaky().fail(oauth, test.first...).fail(openID, test.second...)
				_, err := network.retrying().Metadata(t.Context(), issuer)
				network.mustCount(t, oauth, test.want[0])
				network.mustCount(t, openID, test.want[1])
				if (err != nil) != test.fails {
					t.Errorf("error %v", err)
				}
				if _, ok := errors.AsType[*oauth2.MetadataError](err); ok != test.fails {
					t.Errorf("error of type %T", err)
				}
			})
		})
	}
}

// TestRevocationIsRepeated within the time that closing may take.
func TestRevocationIsRepeated(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		faults []fault
		want   int
		fails  bool
	}{
		"503 twice":      {repeated(2, unavailable), 3, false},
		"dropped once":   {repeated(1, dropped), 2, false},
		"refused":        {repeated(1, status(400, `{"error":"unsupported_token_type"}`)), 1, true},
		"as requested":   {repeated(1, status(503, "", "Retry-After", "4")), 2, false},
		"too late then":  {repeated(1, status(503, "", "Retry-After", "5")), 1, true},
		"invalid_client": {repeated(1, status(401, `{"error":"invalid_client"}`)), 1, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newFlaky().fail("/revoke", test.faults...)
				network.time = time.Now() // by which the deadline is set
				session, start := open(t, network.retrying(), revocable(), true), time.Now()
				if err := session.Close(t.Context()); (err != nil) != test.fails {
					t.Errorf("error %v", err)
				}
				network.mustCount(t, "/revoke", test.want)
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

// TestCallsAreRepeated where that is the same as once (RFC 9110 section 9.2.2), or
// nothing was done.
func TestCallsAreRepeated(t *testing.T) {
	t.Parallel()
	safe := []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete}
	unsafe := []string{http.MethodPost, http.MethodPatch}
	tests := map[string]struct {
		fault        fault
		safe, unsafe bool
	}{
		"refused":          {unreachable, true, true},
		"dropped":          {dropped, true, false},
		"no response":      {noResponse, true, false},
		"408":              {status(408, ""), true, false},
		"429":              {limited, true, true},
		"429, Retry-After": {status(429, "", "Retry-After", "1"), true, true},
		"429, rate limit":  {status(429, "", "X-RateLimit-Reset", "2"), true, true},
		"500":              {status(500, ""), true, false},
		"500, Retry-After": {status(500, "", "Retry-After", "1"), true, false},
		"501":              {status(501, ""), false, false},
		"503":              {unavailable, true, false},
		"503, Retry-After": {status(503, "", "Retry-After", "1"), true, true},
		"400":              {status(400, "<p>no"), false, false},
		"403, page":        {status(403, "<p>no"), false, false},
		"404":              {status(404, ""), false, false},
		"409":              {status(409, ""), false, false},
		"418, expected":    {status(418, ""), false, false},
		"504, expected":    {status(504, ""), false, false},
		"certificate":      {fault{failure: &httpstack.Error{Kind: httpstack.TLS}}, false, false},
	}
	for name, test := range tests {
		check := func(methods []string, again bool) {
			for _, method := range methods {
				t.Run(name+"/"+method, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						network := newFlaky().fail("/orders", test.fault)
						request := orders(t, nil)
						request.Method, request.Expected = method, []int{418, 504}
						response, err := network.retrying().Do(t.Context(), request)
						want := 1
						if again {
							want = 2
						}
						network.mustCount(t, "/orders", want)
						if again && (err != nil || response.StatusCode != 200 || response.Attempts.Count != 2) {
							t.Errorf("got %+v, error %v", response, err)
						}
						if !again && err == nil && response.StatusCode != test.fault.response.StatusCode {
							t.Errorf("got %+v", response)
						}
					})
				})
			}
		}
		check(safe, test.safe)
		check(unsafe, test.unsafe)
	}
}

// TestCancelledInTheMiddle: waiting for a token, or for another request, ends when
// Terraform cancels.
func TestCancelledInTheMiddle(t *testing.T) {
	t.Parallel()
	asks := map[string]func(context.Context, *tokensource.Source) error{
		"shared": func(ctx context.Context, source *tokensource.Source) error {
			_, err := source.Open(ctx, client(), false)
			return err
		},
		"own": func(ctx context.Context, source *tokensource.Source) error {
			_, err := source.Open(ctx, revocable(), true)
			return err
		},
		"discovery": func(ctx context.Context, source *tokensource.Source) error {
			_, err := source.Metadata(ctx, issuer)
			return err
		},
	}
	for name, ask := range asks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				late := status(503, "", "Retry-After", "60")
				network := newFlaky().fail("/token", repeated(4, late)...).fail("/.well-known/oauth-authorization-server", repeated(4, late)...)
				source := network.retrying()
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(10*time.Second, cancel)
				start := time.Now()
				var group sync.WaitGroup
				for range 5 {
					group.Go(func() {
						if err := ask(ctx, source); !errors.Is(err, context.Canceled) {
							t.Errorf("error %v", err)
						}
					})
				}
				group.Wait()
				if took := time.Since(start); took != 10*time.Second {
					t.Errorf("took %s", took)
				}
				time.Sleep(5 * time.Minute) // a shared request goes on for those who may still come
			})
		})
	}
}
