// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
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
		t.Error("jwks_uri is present")
	}
	for member, want := range map[string][]any{
		"token_endpoint_auth_methods_supported": {"client_secret_basic"},
		"grant_types_supported":                 {"client_credentials", "refresh_token"},
		"scopes_supported":                      {"api:read", "api:write"},
	} {
		if have, _ := got.document[member].([]any); !slices.Equal(have, want) {
			t.Errorf("%s is %v, want %v", member, got.document[member], want)
		}
	}
}

// RFC 8414 §3.2: empty lists are omitted.
func TestMetadataFollowsClients(t *testing.T) {
	t.Parallel()
	p256, rsa := authservertest.NewKey(t, authservertest.P256), authservertest.NewKey(t, authservertest.RSA)
	platform, err := authserver.NewPlatform(authserver.PlatformConfig{Issuer: "https://ci.example", Subject: "job", RequestToken: "r"})
	if err != nil {
		t.Fatal(err)
	}
	ps256 := keyedClient(authserver.Key{Public: rsa.Public()})
	ps256.ID, ps256.SigningAlgorithms = "ps256", []string{"PS256"}
	federated := keyedClient()
	federated.ID, federated.Federated = "federated", []authserver.Trust{{Issuer: "https://ci.example", Subject: "job"}}
	certified := authserver.Client{ID: "tls", AuthMethod: authserver.TLSClientAuth, SubjectDN: "CN=client", CertificateBound: true}
	const methods, algorithms = "_endpoint_auth_methods_supported", "_endpoint_auth_signing_alg_values_supported"
	rs := []any{"PS256", "PS384", "PS512", "RS256", "RS384", "RS512"}
	for name, row := range map[string]struct {
		clients             []authserver.Client
		methods, algorithms []any
		bound               any
	}{
		"none":         {nil, nil, nil, nil},
		"secret":       {[]authserver.Client{rfcClient()}, []any{"client_secret_basic"}, nil, nil},
		"key":          {[]authserver.Client{keyedClient(authserver.Key{Public: p256.Public()})}, []any{"private_key_jwt"}, []any{"ES256"}, nil},
		"one alg":      {[]authserver.Client{ps256}, []any{"private_key_jwt"}, []any{"PS256"}, nil},
		"platform":     {[]authserver.Client{federated}, []any{"private_key_jwt"}, rs, nil},
		"secret signs": {[]authserver.Client{{ID: "a", AuthMethod: "client_secret_jwt", Secret: strings.Repeat("s", 48)}}, []any{"client_secret_jwt"}, []any{"HS256", "HS384"}, nil},
		"certificate":  {[]authserver.Client{certified}, []any{"tls_client_auth"}, nil, true},
		"several":      {[]authserver.Client{rfcClient(), ps256, certified}, []any{"client_secret_basic", "private_key_jwt", "tls_client_auth"}, []any{"PS256"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, authserver.Config{Clients: row.clients, TrustedIssuers: []authserver.TrustedIssuer{platform.TrustedIssuer()}})
			got := send(t, srv, "GET /.well-known/oauth-authorization-server HTTP/1.1\nHost: h\n\n").document
			for _, endpoint := range []string{"token", "revocation"} {
				for member, want := range map[string][]any{endpoint + methods: row.methods, endpoint + algorithms: row.algorithms} {
					list, ok := got[member].([]any)
					if ok != (want != nil) || !slices.Equal(list, want) {
						t.Errorf("%s is %v, want %v", member, got[member], want)
					}
				}
			}
			if bound := got["tls_client_certificate_bound_access_tokens"]; bound != row.bound {
				t.Errorf("tls_client_certificate_bound_access_tokens is %v, want %v", bound, row.bound)
			}
		})
	}
}

// RFC 8705 §5.
func TestMetadataAliases(t *testing.T) {
	t.Parallel()
	const request = "GET /.well-known/oauth-authorization-server/a HTTP/1.1\nHost: h\n\n"
	srv := newServer(t, authserver.Config{Issuer: "https://example.com/a", MTLSOrigin: "https://mtls.example.com"})
	got := send(t, srv, request)
	want := map[string]any{
		"token_endpoint":      "https://mtls.example.com/a/token",
		"revocation_endpoint": "https://mtls.example.com/a/revoke",
	}
	if aliases, _ := got.document["mtls_endpoint_aliases"].(map[string]any); !maps.Equal(aliases, want) {
		t.Errorf("mtls_endpoint_aliases is %v, want %v", aliases, want)
	}
	if token := got.text(t, "token_endpoint"); token != "https://example.com/a/token" {
		t.Errorf("token_endpoint is %q", token)
	}
	without := send(t, newServer(t, authserver.Config{Issuer: "https://example.com/a"}), request)
	if aliases, ok := without.document["mtls_endpoint_aliases"]; ok {
		t.Errorf("mtls_endpoint_aliases is %v without an alias", aliases)
	}
}

func TestMetadataMethod(t *testing.T) {
	t.Parallel()
	got := send(t, newServer(t, authserver.Config{}), "POST /.well-known/oauth-authorization-server HTTP/1.1\nHost: h\n\n")
	if got.Code != 405 || got.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("response is %d, Allow %q", got.Code, got.Header().Get("Allow"))
	}
}

func TestEndpointsUnderIssuerPath(t *testing.T) {
	t.Parallel()
	srv := newServer(t, authserver.Config{Issuer: "https://example.com/issuer1", Clients: []authserver.Client{rfcClient()}})
	const rest = " HTTP/1.1\nHost: example.com\nAuthorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW\n" +
		"Content-Type: application/x-www-form-urlencoded\n\ntoken=a&grant_type=client_credentials"
	for path, status := range map[string]int{
		"/issuer1/token": 200, "/issuer1/revoke": 200, "/token": 404, "/revoke": 404,
	} {
		if got := send(t, srv, "POST "+path+rest); got.Code != status {
			t.Errorf("%s returns %d, want %d", path, got.Code, status)
		}
	}
}
