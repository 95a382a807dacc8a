// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"slices"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// The addresses are those of RFC 8414 §3.1 and §5 for an issuer with a path.
func TestWellKnown(t *testing.T) {
	t.Parallel()
	const root, tenant = "https://example.com", "https://example.com/issuer1"
	for name, row := range map[string]struct {
		config authserver.Config
		path   string
		status int
	}{
		"OAuth":                    {authserver.Config{Issuer: root}, "/.well-known/oauth-authorization-server", 200},
		"OpenID":                   {authserver.Config{Issuer: root}, "/.well-known/openid-configuration", 200},
		"OAuth, path":              {authserver.Config{Issuer: tenant}, "/.well-known/oauth-authorization-server/issuer1", 200},
		"OAuth, terminating slash": {authserver.Config{Issuer: tenant + "/"}, "/.well-known/oauth-authorization-server/issuer1", 200},
		"OAuth, path ahead":        {authserver.Config{Issuer: tenant}, "/issuer1/.well-known/oauth-authorization-server", 404},
		"OpenID, path":             {authserver.Config{Issuer: tenant}, "/issuer1/.well-known/openid-configuration", 200},
		"OpenID, path inserted":    {authserver.Config{Issuer: tenant}, "/.well-known/openid-configuration/issuer1", 404},
		"OAuth off":                {authserver.Config{Issuer: root, NoMetadata: true}, "/.well-known/oauth-authorization-server", 404},
		"OAuth off, OpenID":        {authserver.Config{Issuer: root, NoMetadata: true}, "/.well-known/openid-configuration", 200},
		"OpenID off":               {authserver.Config{Issuer: root, NoOpenIDMetadata: true}, "/.well-known/openid-configuration", 404},
		"OpenID off, OAuth":        {authserver.Config{Issuer: root, NoOpenIDMetadata: true}, "/.well-known/oauth-authorization-server", 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := send(t, newServer(t, row.config), "GET "+row.path+" HTTP/1.1\nHost: example.com\n\n")
			if got.Code != row.status {
				t.Fatalf("status is %d, want %d", got.Code, row.status)
			}
			if row.status == 200 && got.text(t, "issuer") != row.config.Issuer {
				t.Errorf("issuer is %q, want %q", got.text(t, "issuer"), row.config.Issuer)
			}
		})
	}
}

func TestMetadataDocument(t *testing.T) {
	t.Parallel()
	srv := newServer(t, authserver.Config{
		Issuer: "https://example.com/issuer1", Clients: []authserver.Client{rfcClient()},
		Metadata: []authserver.Mutation{authserver.Omit("jwks_uri"), authserver.Set("service_documentation", "x")},
	})
	const request = "GET /.well-known/oauth-authorization-server/issuer1 HTTP/1.1\nHost: example.com\n\n"
	got := send(t, srv, request)
	for member, want := range map[string]string{
		"token_endpoint":        "https://example.com/issuer1/token",
		"revocation_endpoint":   "https://example.com/issuer1/revoke",
		"service_documentation": "x",
	} {
		if have := got.text(t, member); have != want {
			t.Errorf("%s is %q, want %q", member, have, want)
		}
	}
	if _, ok := got.document["jwks_uri"]; ok {
		t.Error("jwks_uri is there")
	}
	for member, want := range map[string][]any{
		"token_endpoint_auth_methods_supported": {"client_secret_basic", "client_secret_post", "none"},
		"grant_types_supported":                 {"client_credentials", "refresh_token"},
		"scopes_supported":                      {"api:read", "api:write"},
	} {
		if have, _ := got.document[member].([]any); !slices.Equal(have, want) {
			t.Errorf("%s is %v, want %v", member, got.document[member], want)
		}
	}
}

func TestMetadataIsRead(t *testing.T) {
	t.Parallel()
	got := send(t, newServer(t, authserver.Config{}), "POST /.well-known/oauth-authorization-server HTTP/1.1\nHost: h\n\n")
	if got.Code != 405 || got.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("answer is %d, Allow %q", got.Code, got.Header().Get("Allow"))
	}
}

// The endpoints under an issuer with a path, named in the document above, answer.
func TestEndpointsUnderIssuerPath(t *testing.T) {
	t.Parallel()
	srv := newServer(t, authserver.Config{Issuer: "https://example.com/issuer1", Clients: []authserver.Client{rfcClient()}})
	const rest = " HTTP/1.1\nHost: example.com\nAuthorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW\n" +
		"Content-Type: application/x-www-form-urlencoded\n\ntoken=a&grant_type=client_credentials"
	for path, status := range map[string]int{
		"/issuer1/token": 200, "/issuer1/revoke": 200, "/token": 404, "/revoke": 404,
	} {
		if got := send(t, srv, "POST "+path+rest); got.Code != status {
			t.Errorf("%s is answered %d, want %d", path, got.Code, status)
		}
	}
}
