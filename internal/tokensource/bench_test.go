// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// loopback returns a source and a client of a server on this machine.
func loopback(b *testing.B) (*tokensource.Source, tokensource.ClientConfig) {
	b.Helper()
	server := authservertest.Start(b, authserver.Config{Clients: []authserver.Client{
		{ID: "s6BhdRkqt3", Secret: "gX1fBat3bV", Lifetime: time.Hour},
	}})
	stack, err := httpstack.New(httpstack.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(stack.CloseIdleConnections)
	config := client()
	config.TokenEndpoint = server.TokenURL()
	return tokensource.New(tokensource.Config{HTTP: stack}), config
}

// request requests a token, whatever is cached.
func request(b *testing.B, source *tokensource.Source, config tokensource.ClientConfig) {
	b.Helper()
	config.Request.Body = secret.New("grant_type=client_credentials") // never shared
	if _, err := source.Open(b.Context(), config, false); err != nil {
		b.Error(err)
	}
}

// BenchmarkTokenRequest is what a token costs without the cache: one request to
// a server on loopback, over a connection that is open already. A real server is
// farther away and slower.
func BenchmarkTokenRequest(b *testing.B) {
	source, config := loopback(b)
	b.ReportAllocs()
	for b.Loop() {
		request(b, source, config)
	}
}

// BenchmarkCacheHit is what a token costs that is cached, while all processors
// ask for the same one. The metric hits/request tells how many of them fit into the
// time of one request to a server on loopback, measured in the same run.
func BenchmarkCacheHit(b *testing.B) {
	source, config := loopback(b)
	if _, err := source.Open(b.Context(), config, false); err != nil {
		b.Fatal(err)
	}
	const samples = 200
	start := time.Now()
	for range samples {
		request(b, source, config)
	}
	perRequest := time.Since(start) / samples

	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := source.Open(b.Context(), config, false); err != nil {
				b.Error(err)
			}
		}
	})
	perHit := float64(b.Elapsed()) / float64(b.N)
	b.ReportMetric(float64(perRequest)/perHit, "hits/request")
}
