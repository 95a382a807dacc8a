// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokensource_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// loopback returns a source and a client of a server on this machine, as a block of the
// provider has it.
func loopback(tb testing.TB) (*tokensource.Source, tokensource.ClientConfig) {
	tb.Helper()
	server := authservertest.Start(tb, authserver.Config{Clients: []authserver.Client{
		{ID: "s6BhdRkqt3", Secret: "gX1fBat3bV", Lifetime: time.Hour},
	}})
	stack, err := httpstack.New(httpstack.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(stack.CloseIdleConnections)
	config := client()
	config.TokenEndpoint = server.TokenURL()
	config.Request.Parameters = map[string]secret.String{"tenant": secret.New("example")}
	config.Origins = map[string]string{}
	for _, name := range []string{"token_endpoint", "client_id", "client_secret", "grant_type", "parameters"} {
		config.Origins[name] = "the provider block"
	}
	return tokensource.New(tokensource.Config{HTTP: stack}), config
}

// hold opens a session, as a block does.
func hold(tb testing.TB, source *tokensource.Source, config tokensource.ClientConfig) {
	tb.Helper()
	session, err := source.Open(context.Background(), config, false)
	if err != nil || session.Token().AccessToken.IsZero() {
		tb.Error(err)
	}
}

// request requests a token, whatever is cached.
func request(tb testing.TB, source *tokensource.Source, config tokensource.ClientConfig) {
	tb.Helper()
	config.Request.Parameters, config.Origins = nil, nil
	config.Request.Body = secret.New("grant_type=client_credentials") // never shared
	hold(tb, source, config)
}

// BenchmarkTokenRequest measures a token request to a server on loopback, over a connection
// that is open already.
func BenchmarkTokenRequest(b *testing.B) {
	source, config := loopback(b)
	b.ReportAllocs()
	for b.Loop() {
		request(b, source, config)
	}
}

// BenchmarkCacheHit measures a token that is in memory. The metric hits/request is the
// number of hits in the time of one token request, measured in the same run.
func BenchmarkCacheHit(b *testing.B) {
	for _, row := range []struct {
		name   string
		number int
	}{{"1", 1}, {"cores", runtime.GOMAXPROCS(0)}, {"64", 64}} {
		b.Run("goroutines="+row.name, func(b *testing.B) {
			source, config := loopback(b)
			hold(b, source, config)
			const samples = 200
			start := time.Now()
			for range samples {
				request(b, source, config)
			}
			perRequest := time.Since(start) / samples
			b.ReportAllocs()
			b.ResetTimer()
			var running sync.WaitGroup
			for i := range row.number {
				running.Go(func() {
					for range (b.N + i) / row.number {
						if _, err := source.Open(context.Background(), config, false); err != nil {
							b.Error(err)
						}
					}
				})
			}
			running.Wait()
			b.ReportMetric(float64(perRequest)*float64(b.N)/float64(b.Elapsed()), "hits/request")
		})
	}
}
