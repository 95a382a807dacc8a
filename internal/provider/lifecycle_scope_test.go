// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// TestFewerScopesGranted: RFC 6749 section 3.3 has the server name the scopes
// where they differ from those asked for. Nobody looks at an output for that, so it
// is said.
func TestFewerScopesGranted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		provider, block attributes
		answer          authserver.Mutation
		warned          bool
	}{
		"fewer":                     {nil, attributes{"scopes": []any{"read", "write"}}, authserver.Set("scope", "read"), true},
		"all, in another order":     {nil, attributes{"scopes": []any{"read", "write"}}, authserver.Set("scope", "write read"), false},
		"more":                      {nil, attributes{"scopes": []any{"read"}}, authserver.Set("scope", "read write"), false},
		"none named":                {nil, attributes{"scopes": []any{"read"}}, authserver.Omit("scope"), false},
		"fewer than the provider's": {attributes{"scopes": []any{"read", "write"}}, nil, authserver.Set("scope", "read"), true},
		"replaced by the parameter": {nil, attributes{"scopes": []any{"write"}, "parameters": attributes{"scope": "read"}}, authserver.Set("scope", "read"), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, answering(test.answer))
			opened := newSession(t).mustConfigure(providerBlock(srv, test.provider)).open(tokenType, test.block)
			if !test.warned {
				opened.diagnostics.mustBeEmpty(t)
				return
			}
			matchGolden(t, "warning, fewer scopes", opened.diagnostics)
		})
	}
}
