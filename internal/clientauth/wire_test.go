// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package clientauth_test

import (
	"context"
	"errors"
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

// server sends the same response to every request, and keeps the requests.
type server struct {
	status int
	body   string
	asked  []httpstack.Request
}

func (s *server) Do(_ context.Context, request httpstack.Request) (*httpstack.Response, error) {
	s.asked = append(s.asked, request)
	return &httpstack.Response{
		StatusCode: s.status, Header: http.Header{}, Body: []byte(s.body), RequestedAt: noon, Secrets: request.Sent(),
	}, nil
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

// source is an assertion that is always the same, or an error.
type source struct {
	assertion string
	err       error
	calls     int
}

func (s *source) Assertion(context.Context) (secret.String, error) {
	s.calls++
	return secret.New(s.assertion), s.err
}

// fromRFC is the assertion of the examples in RFC 7523 section 2.
func fromRFC() *source {
	return &source{assertion: "eyJhbGciOiJFUzI1NiIsImtpZCI6IjE2In0.eyJpc3Mi.J9l-ZhwP"}
}

// TestRequests compares whole requests with those in testdata/requests.
func TestRequests(t *testing.T) {
	t.Parallel()
	const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	post := clientauth.Post{ClientID: clientID, ClientSecret: secret.New("gX1fBat3bV")}
	tests := map[string]struct {
		auth      oauth2.ClientAuth
		grant     string
		assertion func(context.Context) (secret.String, error)
	}{
		"rfc7523-2.1":                    {clientauth.IDOnly{}, jwtBearer, fromRFC().Assertion},
		"rfc7523-2.1-client_secret_post": {post, jwtBearer, fromRFC().Assertion},
		"rfc7523-2.1-tls_client_auth":    {clientauth.IDOnly{ClientID: clientID}, jwtBearer, fromRFC().Assertion},
		"rfc7523-2.2":                    {clientauth.JWT{Source: fromRFC()}, "client_credentials", nil},
		"rfc7523-2.2-client_id":          {clientauth.JWT{ClientID: clientID, Source: fromRFC()}, "client_credentials", nil},
		"rfc7523-2.2-refresh":            {clientauth.JWT{ClientID: clientID, Source: fromRFC()}, "refresh_token", nil},
		"rfc8705-2":                      {clientauth.IDOnly{ClientID: clientID}, "client_credentials", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &server{status: http.StatusOK, body: `{"access_token":"2YotnFZFEjr1zCsicMWpAA"}`}
			client := oauth2.Client{HTTP: server, Auth: test.auth}
			request := oauth2.TokenRequest{
				Endpoint: "https://as.example.com/token.oauth2", GrantType: test.grant, Assertion: test.assertion, Scopes: []string{"orders:read"},
			}
			var err error
			if test.grant == "refresh_token" {
				_, err = client.Refresh(t.Context(), request, &oauth2.Token{RefreshToken: secret.New("tGzv3JOkF0XG5Qx2TlKWIA")})
			} else {
				_, err = client.Token(t.Context(), request)
			}
			if err != nil || len(server.asked) != 1 {
				t.Fatalf("%d requests, error %v", len(server.asked), err)
			}
			file := filepath.Join("testdata", "requests", name+".http")
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := written(server.asked[0]); got != string(want) {
				t.Errorf("%s\n--- got\n%s--- want\n%s", file, got, want)
			}
		})
	}
}

// TestRefusalShowsNoAssertion: servers echo what they refuse.
func TestRefusalShowsNoAssertion(t *testing.T) {
	t.Parallel()
	for name, asking := range map[string]func(*source) (oauth2.ClientAuth, oauth2.TokenRequest){
		"client_assertion": func(s *source) (oauth2.ClientAuth, oauth2.TokenRequest) {
			return clientauth.JWT{ClientID: clientID, Source: s}, oauth2.TokenRequest{}
		},
		"assertion": func(s *source) (oauth2.ClientAuth, oauth2.TokenRequest) {
			return clientauth.IDOnly{}, oauth2.TokenRequest{Assertion: s.Assertion}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertions := &source{assertion: "opaque-7Fjfp0ZBr1KtDRbnfVdmIw"}
			server := &server{
				status: http.StatusUnauthorized,
				body:   `{"error":"invalid_client","error_description":"no: ` + assertions.assertion + `"}`,
			}
			auth, request := asking(assertions)
			request.Endpoint = "https://as.example.com/token"
			client := oauth2.Client{HTTP: server, Auth: auth}
			_, err := client.Token(t.Context(), request)
			if err == nil || strings.Contains(err.Error(), assertions.assertion) || !strings.Contains(err.Error(), "invalid_client") {
				t.Errorf("got %v", err)
			}
			if assertions.calls != 1 || len(server.asked) != 1 {
				t.Errorf("%d assertions, %d requests", assertions.calls, len(server.asked))
			}
		})
	}
}

// TestNoRequestWithoutAssertion: nothing is sent without an assertion.
func TestNoRequestWithoutAssertion(t *testing.T) {
	t.Parallel()
	failure := errors.New("the job has no identity token")
	server := &server{}
	client := oauth2.Client{HTTP: server, Auth: clientauth.JWT{Source: &source{err: failure}}}
	_, err := client.Token(t.Context(), oauth2.TokenRequest{Endpoint: "https://as.example.com/token"})
	if !errors.Is(err, failure) || len(server.asked) != 0 {
		t.Errorf("%d requests, error %v", len(server.asked), err)
	}
}
