// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// TestValidateUnknown holds that a value which is not known yet is no finding,
// one attribute at a time and all at once, in whatever block.
func TestValidateUnknown(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	t.Run("provider", func(t *testing.T) {
		t.Parallel()
		mustAcceptUnknown(t, s.schema.Provider, s.validateProvider)
	})
	for name, schema := range s.schema.EphemeralResourceSchemas {
		t.Run("ephemeral "+name, func(t *testing.T) {
			t.Parallel()
			mustAcceptUnknown(t, schema, func(config attributes) diagnostics {
				return s.validateEphemeral(name, merged(needed(name)("https://example.com"), config))
			})
		})
	}
	for name, schema := range s.schema.DataSourceSchemas {
		t.Run("data "+name, func(t *testing.T) {
			t.Parallel()
			mustAcceptUnknown(t, schema, func(config attributes) diagnostics { return s.validateDataSource(name, config) })
		})
	}
}

// mustAcceptUnknown validates a block with attributes that are not known, wholly
// or in part.
func mustAcceptUnknown(t *testing.T, schema *tfprotov6.Schema, validate func(attributes) diagnostics) {
	t.Helper()
	partly := attributes{
		"scopes": []any{"read", unknown}, "resources": []any{unknown},
		"parameters": attributes{"a": unknown}, "headers": attributes{"Authorization": unknown},
		"tls": attributes{"ca_certificate": unknown},
	}
	required, all := attributes{}, attributes{}
	for _, attribute := range schema.Block.Attributes {
		if attribute.Required {
			required[attribute.Name] = unknown
		}
		if attribute.Required || attribute.Optional {
			all[attribute.Name] = unknown
		}
	}
	validate(all).mustBeEmpty(t)
	for name := range all {
		validate(merged(required, attributes{name: unknown})).mustBeEmpty(t)
		if value, ok := partly[name]; ok {
			validate(merged(required, attributes{name: value})).mustBeEmpty(t)
		}
	}
}

// TestValidateUnknownContradictions holds that of two values which may
// contradict each other both must be known.
func TestValidateUnknownContradictions(t *testing.T) {
	t.Parallel()
	tests := map[string]attributes{
		"method and secret":   {"client_secret": "x", "token_endpoint_auth_method": unknown},
		"secret and method":   {"client_secret": unknown, "token_endpoint_auth_method": "none"},
		"encoding and method": {"client_secret_basic_encoding": "raw", "token_endpoint_auth_method": unknown},
		"encoding and id":     {"client_secret_basic_encoding": unknown, "client_id": "a:b"},
		"header and method":   {"client_secret": "x", "headers": attributes{"Authorization": "x"}, "token_endpoint_auth_method": unknown},
		"header and secret":   {"client_secret": unknown, "headers": attributes{"Authorization": "x"}},
		"header and issuer":   {"client_secret": "x", "headers": attributes{"Authorization": "x"}, "issuer": unknown},
		"scopes and query":    {"token_endpoint": unknown, "scopes": []string{"read"}},
		"certificate and tls": {"token_endpoint_auth_method": "tls_client_auth", "tls": unknown},
		"certificate unknown": {"token_endpoint_auth_method": "tls_client_auth", "tls": attributes{"client_certificate": unknown}},
		"secret and JWT":      {"client_secret": unknown, "token_endpoint_auth_method": "client_secret_jwt"},
		"http and permission": {"token_endpoint": "http://login.example.com/token", "allow_plaintext_http": unknown},
	}
	for name, config := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newSession(t).validateProvider(config).mustBeEmpty(t)
		})
	}
}

// TestUnknownInAssertion holds that a value within an assertion of the provider
// block that is not known yet is named by the attribute it is in, and nothing is
// sent.
func TestUnknownInAssertion(t *testing.T) {
	t.Parallel()
	tests := map[string]attributes{
		"signed_assertion":    {"signed_assertion": attributes{"private_key": unknown}},
		"federated_assertion": {"federated_assertion": attributes{"request": attributes{"url_env": "C", "query": attributes{"a": unknown}}}},
		"tls":                 {"tls": attributes{"client_certificate": unknown, "client_key": unknown}},
	}
	for name, block := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			s := newSession(t).mustConfigure(merged(attributes{"token_endpoint": srv.TokenURL(), "client_id": clientID}, block))
			got := s.open(tokenType, nil).diagnostics.String()
			if !strings.Contains(got, "Provider configuration not known yet: "+name) {
				t.Errorf("the diagnostics are\n%s", got)
			}
			mustCount(t, srv, 0)
		})
	}
}
