// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

var update = flag.Bool("update", false, "rewrite the requests in testdata")

const (
	tokenURL = "https://server.example.com/token"
	// formVector is the test string of RFC 6749 appendix B.
	formVector = " %&+£€"
)

func basic(id, password, encoding string) oauth2.ClientAuth {
	return clientauth.Basic{ClientID: id, ClientSecret: secret.New(password), Encoding: encoding}
}

func post(id, password string) oauth2.ClientAuth {
	return clientauth.Post{ClientID: id, ClientSecret: secret.New(password)}
}

// asking returns a call that asks for a token.
func asking(auth oauth2.ClientAuth, request oauth2.TokenRequest) func(context.Context, *endpoint) error {
	return func(ctx context.Context, server *endpoint) error {
		client := oauth2.Client{HTTP: server, Auth: auth}
		_, err := client.Token(ctx, request)
		return err
	}
}

// refreshing returns a call that refreshes the token of RFC 6749 section 6.
func refreshing(auth oauth2.ClientAuth) func(context.Context, *endpoint) error {
	return func(ctx context.Context, server *endpoint) error {
		client := oauth2.Client{HTTP: server, Auth: auth}
		_, err := client.Refresh(ctx, oauth2.TokenRequest{Endpoint: tokenURL}, &oauth2.Token{RefreshToken: secret.New("tGzv3JOkF0XG5Qx2TlKWIA")})
		return err
	}
}

// revoking is the example of RFC 7009 section 2.1.
func revoking(ctx context.Context, server *endpoint) error {
	client := oauth2.Client{HTTP: server, Auth: basic(clientID, clientSecret, "")}
	return client.Revoke(ctx, "https://server.example.com/revoke", oauth2.TokenRequest{}, secret.New("45ghiukldjahdnhzdauz"), oauth2.HintRefreshToken)
}

// TestRequest compares whole requests with those in testdata, whose README says
// from where each was written.
func TestRequest(t *testing.T) {
	t.Parallel()
	grant := oauth2.TokenRequest{Endpoint: tokenURL, GrantType: "client_credentials"}
	vector := grant
	vector.Scopes = []string{formVector}
	resources := grant
	resources.Endpoint = "https://authorization-server.example.com/as/token.oauth2"
	resources.Resources = []string{"https://cal.example.com/", "https://contacts.example.com/"}

	calls := map[string]func(context.Context, *endpoint) error{
		"rfc6749-2.3.1-basic":                asking(basic(clientID, "7Fjfp0ZBr1KtDRbnfVdmIw", ""), grant),
		"rfc6749-2.3.1-body":                 refreshing(post(clientID, "7Fjfp0ZBr1KtDRbnfVdmIw")),
		"rfc6749-4.4.2":                      asking(basic(clientID, clientSecret, ""), grant),
		"rfc6749-6":                          refreshing(basic(clientID, clientSecret, "")),
		"rfc6749-B-client_secret_basic-form": asking(basic(formVector, formVector, "form"), vector),
		"rfc6749-B-client_secret_basic-raw":  asking(basic(formVector, formVector, "raw"), vector),
		"rfc6749-B-client_secret_post":       asking(post(formVector, formVector), vector),
		"rfc6749-B-none":                     asking(clientauth.IDOnly{ClientID: formVector}, vector),
		"rfc7009-2.1":                        revoking,
		"rfc8707-2.2":                        asking(basic(clientID, "hsqEzQlUoHAE9px4FSr4yI", ""), resources),
	}
	methods := map[string]oauth2.ClientAuth{
		"client_secret_basic": basic(clientID, clientSecret, ""),
		"client_secret_post":  post(clientID, clientSecret),
		"none":                clientauth.IDOnly{ClientID: clientID},
	}
	for method, auth := range methods {
		for _, place := range []oauth2.ParametersIn{oauth2.InForm, oauth2.InJSON, oauth2.InQuery} {
			full := resources
			full.Endpoint = tokenURL + "?api-version=2"
			full.ParametersIn = place
			full.Scopes = []string{"orders:read", "orders:write"}
			full.Audience = "https://api.example.com"
			full.Parameters = map[string]secret.String{"tenant": secret.New("R&D")}
			calls[method+"-in-"+string(place)] = asking(auth, full)
		}
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := responding(http.StatusOK, `{"access_token":"2YotnFZFEjr1zCsicMWpAA"}`)
			if err := call(t.Context(), server); err != nil {
				t.Fatal(err)
			}
			if len(server.asked) != 1 {
				t.Fatalf("%d requests", len(server.asked))
			}
			compareWithFile(t, filepath.Join("testdata", "requests", name+".http"), written(server.asked[0]))
		})
	}
}

func compareWithFile(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\n--- got\n%s--- want\n%s", file, got, want)
	}
}

// written is a request as the files have it.
func written(request httpstack.Request) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\nHost: %s\n", request.Method, request.URL.RequestURI(), request.URL.Host)
	for _, name := range slices.Sorted(maps.Keys(request.Header)) {
		for _, value := range request.Header[name] {
			fmt.Fprintf(&text, "%s: %s\n", name, value)
		}
	}
	if len(request.Body) > 0 {
		fmt.Fprintf(&text, "\n%s\n", request.Body)
	}
	return text.String()
}

// asked returns the one request that asking for a token makes.
func asked(t *testing.T, request oauth2.TokenRequest) httpstack.Request {
	t.Helper()
	server := responding(http.StatusOK, `{"access_token":"2YotnFZFEjr1zCsicMWpAA"}`)
	if _, err := server.ask(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	return server.asked[0]
}

// secrets makes secrets of a map's values.
func secrets(values map[string]string) map[string]secret.String {
	made := map[string]secret.String{}
	for name, value := range values {
		made[name] = secret.New(value)
	}
	return made
}

func TestParametersAreReplacedRemovedAndAppended(t *testing.T) {
	t.Parallel()
	full := oauth2.TokenRequest{
		GrantType: "client_credentials",
		Scopes:    []string{"b", "a"},
		Audience:  "x",
		Resources: []string{"https://a.example", "https://b.example"},
	}
	const credentials = "client_id=s6BhdRkqt3&client_secret=gX1fBat3bV"
	const rest = "&scope=b+a&audience=x&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example"
	tests := map[string]struct {
		request    oauth2.TokenRequest
		parameters map[string]string
		want       string
	}{
		"nothing but credentials": {want: credentials},
		"no parameters":           {full, nil, "grant_type=client_credentials&" + credentials + rest},
		"appended by name": {
			full, map[string]string{"z": "1", "b": "2", "Z": "3"},
			"grant_type=client_credentials&" + credentials + rest + "&Z=3&b=2&z=1",
		},
		"replaced where it stands": {
			full, map[string]string{"grant_type": "account_credentials", "scope": "c"},
			"grant_type=account_credentials&" + credentials + strings.Replace(rest, "b+a", "c", 1),
		},
		"one in place of a repeated one": {
			full, map[string]string{"resource": "urn:x"},
			"grant_type=client_credentials&" + credentials + "&scope=b+a&audience=x&resource=urn%3Ax",
		},
		"removed": {
			full, map[string]string{"grant_type": "", "resource": "", "client_id": "", "client_secret": "", "audience": ""},
			"scope=b+a",
		},
		"removed though never there": {parameters: map[string]string{"nonce": ""}, want: credentials},
		"name is encoded":            {parameters: map[string]string{"a&b=c": "d"}, want: credentials + "&a%26b%3Dc=d"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.request.Parameters = secrets(test.parameters)
			if got := string(asked(t, test.request).Body); got != test.want {
				t.Errorf("\ngot  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestJSONParametersKeepEveryCharacter(t *testing.T) {
	t.Parallel()
	request := asked(t, oauth2.TokenRequest{
		ParametersIn: oauth2.InJSON,
		Parameters:   secrets(map[string]string{"x": "<é&>\"\\\u2028\n"}),
	})
	// U+2028 may be escaped or not (RFC 8259 section 7); the encoder escapes it.
	const want = `{"client_id":"s6BhdRkqt3","client_secret":"gX1fBat3bV","x":"<é&>\"\\\u2028\n"}`
	if got := string(request.Body); got != want {
		t.Errorf("\ngot  %s\nwant %s", got, want)
	}
}

// TestEndpointQueryIsKept holds RFC 6749 section 3.2, to the letter.
func TestEndpointQueryIsKept(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in   oauth2.ParametersIn
		path string
		want string
	}{
		"form":           {oauth2.InForm, "/token?b=%2f&a=1+2&b", "/token?b=%2f&a=1+2&b"},
		"query":          {oauth2.InQuery, "/token?b=%2f&a", "/token?b=%2f&a&client_id=s6BhdRkqt3&client_secret=gX1fBat3bV"},
		"query, none":    {oauth2.InQuery, "/token", "/token?client_id=s6BhdRkqt3&client_secret=gX1fBat3bV"},
		"encoded path":   {oauth2.InForm, "/a%2Fb/token", "/a%2Fb/token"},
		"terminal slash": {oauth2.InForm, "/token/", "/token/"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := asked(t, oauth2.TokenRequest{Endpoint: "https://server.example.com" + test.path, ParametersIn: test.in})
			if got := request.URL.RequestURI(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestParametersOfTheEndpointAreSentOnce, RFC 6749 section 3.2: "Request and
// response parameters MUST NOT be included more than once."
func TestParametersOfTheEndpointAreSentOnce(t *testing.T) {
	t.Parallel()
	const credentials = "&client_id=s6BhdRkqt3&client_secret=gX1fBat3bV"
	tests := map[string]struct {
		own         string
		query, form string // behind the endpoint's own, and in the body
	}{
		"another name":      {"tenant=a", "&grant_type=client_credentials" + credentials + "&scope=read", "grant_type=client_credentials" + credentials + "&scope=read"},
		"grant type":        {"grant_type=account_credentials", credentials + "&scope=read", credentials[1:] + "&scope=read"},
		"client and scope":  {"scope=write&client_id=x", "&grant_type=client_credentials&client_secret=gX1fBat3bV", "grant_type=client_credentials&client_secret=gX1fBat3bV"},
		"scope twice":       {"scope=a&tenant=b&scope=c", "&grant_type=client_credentials" + credentials, "grant_type=client_credentials" + credentials},
		"without a value":   {"scope", "&grant_type=client_credentials" + credentials, "grant_type=client_credentials" + credentials},
		"percent-encoded":   {"%73cope=a", "&grant_type=client_credentials" + credentials, "grant_type=client_credentials" + credentials},
		"written otherwise": {"Scope=a", "&grant_type=client_credentials" + credentials + "&scope=read", "grant_type=client_credentials" + credentials + "&scope=read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := oauth2.TokenRequest{
				Endpoint: "https://server.example.com/token?" + test.own, GrantType: "client_credentials", Scopes: []string{"read"},
			}
			if got := asked(t, request); string(got.Body) != test.form || got.URL.RawQuery != test.own {
				t.Errorf("form: sent %q to ?%s", got.Body, got.URL.RawQuery)
			}
			request.ParametersIn = oauth2.InQuery
			if got := asked(t, request); got.URL.RawQuery != test.own+test.query {
				t.Errorf("query: sent to ?%s", got.URL.RawQuery)
			}
		})
	}
}

func TestHeadersAndMethodOfTheUser(t *testing.T) {
	t.Parallel()
	request := asked(t, oauth2.TokenRequest{
		Method: http.MethodPut,
		Headers: secrets(map[string]string{
			"accept": "application/vnd.example+json", "content-type": "text/plain", "x-tenant": "acme",
		}),
	})
	want := http.Header{
		"Accept": {"application/vnd.example+json"}, "Content-Type": {"text/plain"}, "X-Tenant": {"acme"},
	}
	if request.Method != http.MethodPut || !maps.EqualFunc(request.Header, want, slices.Equal) {
		t.Errorf("got %s %v", request.Method, request.Header)
	}
}

func TestBodyIsSentVerbatim(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, contentType string }{
		"form":      {"username=u&password=p%20q&x", "application/x-www-form-urlencoded"},
		"JSON":      {"{ \"clientId\" : \"x\",\n\"accessKey\":\"y\" }\n", "application/json"},
		"neither":   {"<xml/>", "application/x-www-form-urlencoded"},
		"its bytes": {"\x00\xff", "application/x-www-form-urlencoded"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := asked(t, oauth2.TokenRequest{
				GrantType: "client_credentials", Scopes: []string{"a"}, Body: secret.New(test.body),
			})
			if string(request.Body) != test.body {
				t.Errorf("got %q", request.Body)
			}
			if got := request.Header.Get("Content-Type"); got != test.contentType {
				t.Errorf("content type %q", got)
			}
			if request.URL.RawQuery != "" || len(request.Parameters) > 0 {
				t.Errorf("parameters went along: %q %v", request.URL.RawQuery, request.Parameters)
			}
		})
	}
}

// TestLogLearnsNamesAlone: what the log shows of parameters is their names.
func TestLogLearnsNamesAlone(t *testing.T) {
	t.Parallel()
	request := asked(t, oauth2.TokenRequest{GrantType: "client_credentials", Resources: []string{"urn:a", "urn:b"}})
	want := []string{"grant_type", "client_id", "client_secret", "resource"}
	if !slices.Equal(request.Parameters, want) {
		t.Errorf("got %q, want %q", request.Parameters, want)
	}
	if request.Endpoint == "" || strings.Contains(request.Endpoint, "://") {
		t.Errorf("the endpoint is called %q", request.Endpoint)
	}
}

func TestRequestThatCannotBeBuilt(t *testing.T) {
	t.Parallel()
	tests := map[string]oauth2.TokenRequest{
		"endpoint is not a URL": {Endpoint: "https://user:" + clientSecret + "@server.example.com:port/token?key=" + clientSecret},
	}
	for name, request := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := responding(http.StatusOK, `{"access_token":"x"}`)
			_, err := server.ask(t.Context(), request)
			if err == nil || len(server.asked) > 0 {
				t.Fatalf("asked %d times, error %v", len(server.asked), err)
			}
			if strings.Contains(err.Error(), clientSecret) {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}
