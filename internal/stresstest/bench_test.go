// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/filestore"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

// newStore returns an empty store.
func newStore(b *testing.B, kind string) tokencache.Store {
	b.Helper()
	var store tokencache.Store
	var err error
	switch kind {
	case "file":
		store, err = filestore.Open(b.TempDir(), time.Now)
	case "redis":
		store, err = redisstore.Open(redisstore.Config{URL: secret.New(redistest.Start(b, redistest.Options{}).URL("", ""))})
	}
	if err != nil {
		b.Fatal(err)
	}
	return store
}

// asker gets tokens for one client over one connection.
type asker struct {
	stack  *httpstack.Client
	client tokensource.ClientConfig
}

func newAsker(b *testing.B, srv *authservertest.Server) asker {
	b.Helper()
	stack, err := httpstack.New(httpstack.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(stack.CloseIdleConnections)
	return asker{stack, tokensource.ClientConfig{
		Server:      tokensource.Server{TokenEndpoint: srv.TokenURL()},
		Credentials: tokensource.Credentials{ClientID: clientID, ClientSecret: secret.New(clientSecret)},
		Request:     oauth2.TokenRequest{GrantType: tokensource.GrantClientCredentials},
	}}
}

// process returns what one provider process has.
func (a asker) process(cache tokensource.Cache) *tokensource.Source {
	return tokensource.New(tokensource.Config{HTTP: a.stack, Cache: cache})
}

// get gets a token.
func (a asker) get(b *testing.B, source *tokensource.Source) {
	b.Helper()
	if _, err := source.Open(b.Context(), a.client, false); err != nil {
		b.Error(err)
	}
}

// request returns the mean duration of a request to a server on loopback over an
// open connection. A real server is slower.
func (a asker) request(b *testing.B) time.Duration {
	b.Helper()
	const samples = 300
	direct := a.process(tokensource.Cache{Off: true})
	a.get(b, direct)
	start := time.Now()
	for range samples {
		a.get(b, direct)
	}
	return time.Since(start) / samples
}

// kinds are the caches that are compared.
var kinds = []string{"memory", "file", "redis"}

// BenchmarkHit measures a cache hit. The metric hits/request is the number of hits in
// the time of one request to a server on loopback, measured in the same run.
func BenchmarkHit(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind, func(b *testing.B) {
			asking := newAsker(b, startServer(b))
			source := asking.process(tokensource.Cache{Store: newStore(b, kind)})
			asking.get(b, source)
			perRequest := asking.request(b)
			b.ReportAllocs()
			for b.Loop() {
				asking.get(b, source)
			}
			b.ReportMetric(float64(perRequest)*float64(b.N)/float64(b.Elapsed()), "hits/request")
		})
	}
}

// BenchmarkContended measures 16 sources, each in place of a process, that get one
// token which is not cached. The metric requests is the number of requests to a
// server on loopback that take as long, measured in the same run; without a shared
// cache it would be 16.
func BenchmarkContended(b *testing.B) {
	const number = 16
	for _, kind := range kinds[1:] {
		b.Run(kind, func(b *testing.B) {
			asking := newAsker(b, startServer(b))
			store := newStore(b, kind)
			perRequest := asking.request(b)
			for b.Loop() {
				asking.client.Request.Audience = rand.Text() // another token each time
				var running sync.WaitGroup
				for range number {
					source := asking.process(tokensource.Cache{Store: store})
					running.Go(func() { asking.get(b, source) })
				}
				running.Wait()
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(perRequest), "requests")
		})
	}
}
