// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// benchmarkCall measures a call, whose diagnostics must be empty.
func benchmarkCall(b *testing.B, call func() ([]*tfprotov6.Diagnostic, error)) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if found, err := call(); err != nil || len(found) > 0 {
			b.Fatalf("%v %s", err, diagnostics(found))
		}
	}
}

// BenchmarkEphemeral measures each call of an ephemeral resource whose token is in memory.
func BenchmarkEphemeral(b *testing.B) {
	s := newSession(b).mustConfigure(providerBlock(startServer(b)))
	config := s.encode(s.schema.EphemeralResourceSchemas[tokenType], attributes{"scopes": []string{"read"}})
	b.Run("Validate", func(b *testing.B) {
		benchmarkCall(b, func() ([]*tfprotov6.Diagnostic, error) {
			response, err := s.server.ValidateEphemeralResourceConfig(s.ctx, &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: tokenType, Config: config})
			return response.Diagnostics, err
		})
	})
	b.Run("Open", func(b *testing.B) {
		benchmarkCall(b, func() ([]*tfprotov6.Diagnostic, error) {
			response, err := s.server.OpenEphemeralResource(s.ctx, &tfprotov6.OpenEphemeralResourceRequest{TypeName: tokenType, Config: config})
			return response.Diagnostics, err
		})
	})
	b.Run("Close", func(b *testing.B) {
		benchmarkCall(b, func() ([]*tfprotov6.Diagnostic, error) {
			response, err := s.server.CloseEphemeralResource(s.ctx, &tfprotov6.CloseEphemeralResourceRequest{TypeName: tokenType})
			return response.Diagnostics, err
		})
	})
}

// BenchmarkDataSource measures each call of a data source whose token is in memory.
func BenchmarkDataSource(b *testing.B) {
	s := newSession(b).mustConfigure(providerBlock(startServer(b)))
	config := s.encode(s.schema.DataSourceSchemas[tokenType], attributes{"scopes": []string{"read"}})
	b.Run("Validate", func(b *testing.B) {
		benchmarkCall(b, func() ([]*tfprotov6.Diagnostic, error) {
			response, err := s.server.ValidateDataResourceConfig(s.ctx, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: tokenType, Config: config})
			return response.Diagnostics, err
		})
	})
	b.Run("Read", func(b *testing.B) {
		benchmarkCall(b, func() ([]*tfprotov6.Diagnostic, error) {
			response, err := s.server.ReadDataSource(s.ctx, &tfprotov6.ReadDataSourceRequest{TypeName: tokenType, Config: config})
			return response.Diagnostics, err
		})
	})
}
