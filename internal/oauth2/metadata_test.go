// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package oauth2_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
)

// rfcMetadata is the example of RFC 8414 section 3.2.
const rfcMetadata = `{
  "issuer": "https://server.example.com",
  "authorization_endpoint": "https://server.example.com/authorize",
  "token_endpoint": "https://server.example.com/token",
  "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
  "token_endpoint_auth_signing_alg_values_supported": ["RS256", "ES256"],
  "userinfo_endpoint": "https://server.example.com/userinfo",
  "jwks_uri": "https://server.example.com/jwks.json",
  "registration_endpoint": "https://server.example.com/register",
  "scopes_supported": ["openid", "profile", "email", "address", "phone", "offline_access"],
  "response_types_supported": ["code", "code token"],
  "service_documentation": "http://server.example.com/service_documentation.html",
  "ui_locales_supported": ["en-US", "en-GB", "en-CA", "fr-FR", "fr-CA"]
}`

// site responds to GET requests by URL, everything else with 404, and keeps the
// order in which it was asked.
type site struct {
	pages map[string]httpstack.Response
	fails map[string]error
	asked []string
}

func (s *site) Do(_ context.Context, request httpstack.Request) (*httpstack.Response, error) {
	address := request.URL.String()
	s.asked = append(s.asked, request.Method+" "+address)
	if err := s.fails[address]; err != nil {
		return nil, err
	}
	page, ok := s.pages[address]
	if !ok {
		page = httpstack.Response{StatusCode: http.StatusNotFound, Body: []byte("404 page not found")}
	}
	if page.Header == nil {
		page.Header = http.Header{}
	}
	return &page, nil
}

// serving returns a site of JSON documents.
func serving(documents map[string]string) *site {
	s := &site{pages: map[string]httpstack.Response{}}
	for address, document := range documents {
		s.pages[address] = httpstack.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(document),
		}
	}
	return s
}

func TestMetadataOfTheRFC(t *testing.T) {
	t.Parallel()
	server := serving(map[string]string{"https://server.example.com/.well-known/oauth-authorization-server": rfcMetadata})
	metadata, err := oauth2.Discover(t.Context(), server, "https://server.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := metadata.EndpointFor("token_endpoint", false); err != nil || got != "https://server.example.com/token" {
		t.Errorf("token_endpoint %q, %v", got, err)
	}
	if got := metadata.Strings("token_endpoint_auth_methods_supported"); !slices.Equal(got, []string{"client_secret_basic", "private_key_jwt"}) {
		t.Errorf("methods %q", got)
	}
	if metadata.Issuer != "https://server.example.com" || len(metadata.Document) != 12 {
		t.Errorf("issuer %q, %d members", metadata.Issuer, len(metadata.Document))
	}
	if len(server.asked) != 1 {
		t.Errorf("asked %q", server.asked)
	}
}

// TestWellKnownAddresses: RFC 8414 section 3.1 inserts its path, and OpenID
// Connect Discovery 1.0 section 4.1 appends its own.
func TestWellKnownAddresses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ issuer, inserted, appended string }{
		"no path": {
			"https://example.com", "https://example.com/.well-known/oauth-authorization-server",
			"https://example.com/.well-known/openid-configuration",
		},
		"the RFC's issuer1": {
			"https://example.com/issuer1", "https://example.com/.well-known/oauth-authorization-server/issuer1",
			"https://example.com/issuer1/.well-known/openid-configuration",
		},
		"terminating slash, Auth0": {
			"https://tenant.auth0.com/", "https://tenant.auth0.com/.well-known/oauth-authorization-server",
			"https://tenant.auth0.com/.well-known/openid-configuration",
		},
		"path with a slash": {
			"https://example.com/a/b/", "https://example.com/.well-known/oauth-authorization-server/a/b",
			"https://example.com/a/b/.well-known/openid-configuration",
		},
		"port, Keycloak": {
			"https://sso.example.com:8443/realms/my%20realm",
			"https://sso.example.com:8443/.well-known/oauth-authorization-server/realms/my%20realm",
			"https://sso.example.com:8443/realms/my%20realm/.well-known/openid-configuration",
		},
		"encoded slash": {
			"https://example.com/a%2Fb", "https://example.com/.well-known/oauth-authorization-server/a%2Fb",
			"https://example.com/a%2Fb/.well-known/openid-configuration",
		},
		"path that begins with two slashes": {
			"https://example.com//other.example/a", "https://example.com/.well-known/oauth-authorization-server//other.example/a",
			"https://example.com//other.example/a/.well-known/openid-configuration",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serving(map[string]string{test.appended: `{"issuer":"` + test.issuer + `"}`})
			metadata, err := oauth2.Discover(t.Context(), server, test.issuer)
			if want := []string{"GET " + test.inserted, "GET " + test.appended}; !slices.Equal(server.asked, want) {
				t.Errorf("asked %q, want %q", server.asked, want)
			}
			if err != nil || metadata.Issuer != test.issuer {
				t.Errorf("got %+v, %v", metadata, err)
			}
		})
	}
}

// TestMetadataFromTheSecondAddress: whatever the first one returns, also a page
// for people.
func TestMetadataFromTheSecondAddress(t *testing.T) {
	t.Parallel()
	const first, second = "https://example.com/.well-known/oauth-authorization-server", "https://example.com/.well-known/openid-configuration"
	tests := map[string]httpstack.Response{
		"404":               {StatusCode: 404},
		"403, object store": {StatusCode: 403, Body: []byte("<Error><Code>AccessDenied</Code></Error>")},
		"500":               {StatusCode: 500},
		"catch-all page":    {StatusCode: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<!doctype html><title>App</title>")},
		"empty":             {StatusCode: 204},
		"list":              {StatusCode: 200, Body: []byte("[]")},
		"null":              {StatusCode: 200, Body: []byte("null")},
		"of another issuer": {StatusCode: 200, Body: []byte(`{"issuer":"https://other.example"}`)},
		"of no issuer":      {StatusCode: 200, Body: []byte(`{"token_endpoint":"https://evil.example/token"}`)},
	}
	for name, page := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serving(map[string]string{second: `{"issuer":"https://example.com","token_endpoint":"https://example.com/t"}`})
			server.pages[first] = page
			metadata, err := oauth2.Discover(t.Context(), server, "https://example.com")
			if err != nil {
				t.Fatal(err)
			}
			if got, err := metadata.EndpointFor("token_endpoint", false); err != nil || got != "https://example.com/t" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// TestFirstAddressOutOfBounds: a response that the HTTP stack refuses says no more
// than a 404 about whether there is a second address.
func TestFirstAddressOutOfBounds(t *testing.T) {
	t.Parallel()
	for _, kind := range []httpstack.Kind{httpstack.Redirect, httpstack.TooLarge} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server := serving(map[string]string{"https://example.com/.well-known/openid-configuration": `{"issuer":"https://example.com"}`})
			server.fails = map[string]error{
				"https://example.com/.well-known/oauth-authorization-server": &httpstack.Error{Kind: kind, Sent: true, Detail: "to a login page"},
			}
			if _, err := oauth2.Discover(t.Context(), server, "https://example.com"); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestIssuerMustMatch to the letter (RFC 8414 section 3.3).
func TestIssuerMustMatch(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"another":              `"https://example.org"`,
		"terminating slash":    `"https://example.com/"`,
		"case":                 `"https://Example.com"`,
		"default port":         `"https://example.com:443"`,
		"http":                 `"http://example.com"`,
		"longer":               `"https://example.com.evil.example"`,
		"empty":                `""`,
		"null":                 `null`,
		"list":                 `["https://example.com"]`,
		"invisible characters": `"https://example.com\u200b"`,
	}
	for name, issuer := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serving(map[string]string{
				"https://example.com/.well-known/oauth-authorization-server": `{"issuer":` + issuer + `,"token_endpoint":"https://example.com/t"}`,
			})
			metadata, err := oauth2.Discover(t.Context(), server, "https://example.com")
			if !errors.Is(err, oauth2.ErrIssuerMismatch) {
				t.Errorf("got %+v, %v", metadata, err)
			}
		})
	}
}

// TestDiscoveryErrorHasBothAddresses: the more telling failure comes first.
func TestDiscoveryErrorHasBothAddresses(t *testing.T) {
	t.Parallel()
	const inserted, appended = "https://example.com/.well-known/oauth-authorization-server", "https://example.com/.well-known/openid-configuration"
	other := `{"issuer":"https://example.org"}`
	overloaded := &httpstack.Error{Kind: httpstack.Timeout, Method: "GET", URL: appended, Detail: "no response"}
	tests := map[string]struct {
		documents map[string]string
		fails     map[string]error
		want      []string // in this order
	}{
		"nothing at either":  {nil, nil, []string{inserted + " returned 404", appended + " returned 404"}},
		"mismatch at first":  {map[string]string{inserted: other}, nil, []string{inserted, "example.org", appended + " returned 404"}},
		"mismatch at second": {map[string]string{appended: other}, nil, []string{appended, "example.org", inserted + " returned 404"}},
		"second unreachable": {nil, map[string]error{appended: overloaded}, []string{appended, "no response", inserted + " returned 404"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serving(test.documents)
			server.fails = test.fails
			_, err := oauth2.Discover(t.Context(), server, "https://example.com")
			if _, ok := errors.AsType[*oauth2.MetadataError](err); !ok {
				t.Fatalf("got %v", err)
			}
			rest := err.Error()
			for _, part := range test.want {
				_, after, ok := strings.Cut(rest, part)
				if !ok {
					t.Fatalf("%v: no %q in %q", err, part, rest)
				}
				rest = after
			}
		})
	}
}

// TestDiscoveryErrorSaysMore: of two failures, the mismatch is what helps.
func TestDiscoveryErrorSaysMore(t *testing.T) {
	t.Parallel()
	server := serving(map[string]string{"https://example.com/.well-known/openid-configuration": `{"issuer":"https://example.com/\u001b[31m"}`})
	_, err := oauth2.Discover(t.Context(), server, "https://example.com")
	if !errors.Is(err, oauth2.ErrIssuerMismatch) || !strings.Contains(err.Error(), "https://example.com/ [31m") {
		t.Errorf("got %v", err)
	}

	_, err = oauth2.Discover(t.Context(), &site{}, "https://example.com/a")
	failure, ok := errors.AsType[*oauth2.Error](err)
	if !ok || failure.StatusCode != http.StatusNotFound || !strings.Contains(failure.Error(), "/.well-known/oauth-authorization-server/a") {
		t.Errorf("got %v", err)
	}
}

func TestDiscoveryStopsWithoutResponse(t *testing.T) {
	t.Parallel()
	_, err := oauth2.Discover(t.Context(), failing{}, "https://example.com")
	if failure, ok := errors.AsType[*httpstack.Error](err); !ok || failure.Kind != httpstack.DNS {
		t.Errorf("got %v", err)
	}
	server := &site{}
	if _, err := oauth2.Discover(t.Context(), server, "https://user:c4n4ry@example.com:port"); err == nil || len(server.asked) > 0 || strings.Contains(err.Error(), "c4n4ry") {
		t.Errorf("asked %q, got %v", server.asked, err)
	}
}

func TestMetadataEndpoint(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		issuer, json string
		want         error // nil: the endpoint is good
	}{
		"https":                   {"https://example.com", `"https://elsewhere.example/token?x=1"`, nil},
		"http for http":           {"http://localhost:8080", `"http://localhost:8080/token"`, nil},
		"https for http":          {"http://localhost:8080", `"https://localhost/token"`, nil},
		"downgrade":               {"https://example.com", `"http://example.com/token"`, oauth2.ErrDowngrade},
		"downgrade to loopback":   {"https://example.com", `"http://localhost/token"`, oauth2.ErrDowngrade},
		"downgrade, scheme upper": {"https://example.com", `"HTTP://example.com/token"`, oauth2.ErrDowngrade},
		"downgrade, issuer upper": {"HTTPS://example.com", `"http://example.com/token"`, oauth2.ErrDowngrade},
		"other scheme":            {"https://example.com", `"file:///etc/passwd"`, oauth2.ErrDowngrade},
		"relative":                {"https://example.com", `"/token"`, oauth2.ErrDowngrade},
		"user name":               {"https://example.com", `"https://evil@example.com/token"`, oauth2.ErrBadEndpoint},
		"fragment":                {"https://example.com", `"https://example.com/token#x"`, oauth2.ErrBadEndpoint},
		"empty fragment":          {"https://example.com", `"https://example.com/token#"`, oauth2.ErrBadEndpoint},
		"no host":                 {"https://example.com", `"https:///token"`, oauth2.ErrBadEndpoint},
		"opaque":                  {"https://example.com", `"https:example.com/token"`, oauth2.ErrBadEndpoint},
		"relative, http issuer":   {"http://localhost:8080", `"/token"`, oauth2.ErrBadEndpoint},
		"missing":                 {"https://example.com", ``, oauth2.ErrNoEndpoint},
		"null":                    {"https://example.com", `null`, oauth2.ErrNoEndpoint},
		"empty":                   {"https://example.com", `""`, oauth2.ErrNoEndpoint},
		"list":                    {"https://example.com", `["https://example.com/token"]`, oauth2.ErrNoEndpoint},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := map[string]any{}
			if test.json != "" {
				var value any
				if err := json.Unmarshal([]byte(test.json), &value); err != nil {
					t.Fatal(err)
				}
				document["token_endpoint"] = value
			}
			metadata := oauth2.Metadata{Issuer: test.issuer, Document: document}
			got, err := metadata.EndpointFor("token_endpoint", false)
			if !errors.Is(err, test.want) || (err == nil) != (got != "") {
				t.Errorf("got %q, %v", got, err)
			}
			if err != nil && !strings.Contains(err.Error(), "token_endpoint") {
				t.Errorf("%v does not say which", err)
			}
		})
	}
}

func TestMetadataStrings(t *testing.T) {
	t.Parallel()
	metadata := oauth2.Metadata{Document: map[string]any{
		"list": []any{"a", "b"}, "mixed": []any{"a", json.Number("1"), nil, "b"}, "text": "a", "empty": []any{},
	}}
	for name, want := range map[string][]string{"list": {"a", "b"}, "mixed": {"a", "b"}, "text": nil, "empty": nil, "none": nil} {
		if got := metadata.Strings(name); !slices.Equal(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
