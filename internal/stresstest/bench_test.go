// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
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

// newStore returns what opens an empty store, as each process does.
func newStore(b *testing.B, kind string) (open func() tokencache.Store) {
	b.Helper()
	must := func(store tokencache.Store, err error) tokencache.Store {
		if err != nil {
			b.Fatal(err)
		}
		return store
	}
	switch kind {
	case "file":
		folder := b.TempDir()
		return func() tokencache.Store { return must(filestore.Open(folder, time.Now)) }
	case "redis":
		url := secret.New(redistest.Start(b, redistest.Options{}).URL("", ""))
		return func() tokencache.Store {
			store, err := redisstore.Open(redisstore.Config{URL: url})
			if err == nil {
				b.Cleanup(func() { _ = store.Close() })
			}
			return must(store, err)
		}
	default:
		return func() tokencache.Store { return nil }
	}
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
		b.Run("cache="+kind, func(b *testing.B) {
			asking := newAsker(b, startServer(b))
			source := asking.process(tokensource.Cache{Store: newStore(b, kind)()})
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

// counting counts the calls of a store.
type counting struct {
	tokencache.Store
	calls *atomic.Int64
}

func (c counting) Load(ctx context.Context, key string) ([]byte, time.Duration, error) {
	c.calls.Add(1)
	return c.Store.Load(ctx, key)
}

func (c counting) TryLock(ctx context.Context, key string) (func(), error) {
	c.calls.Add(1)
	return c.Store.TryLock(ctx, key)
}

// BenchmarkContended measures 16 sources, each in place of a process with a store of its
// own, that get one token which is not cached from an endpoint that takes 50 ms. The
// metric x-endpoint is the time until all have it, as a multiple of the endpoint's own;
// polls/process is how often each looks for the token or tries to lock it.
func BenchmarkContended(b *testing.B) {
	const number, latency = 16, 50 * time.Millisecond
	for _, kind := range kinds[1:] {
		b.Run("cache="+kind, func(b *testing.B) {
			srv := startServer(b)
			asking := newAsker(b, srv)
			asking.get(b, asking.process(tokensource.Cache{Off: true})) // connects
			srv.Override(authserver.TokenEndpoint, func(http.ResponseWriter, *http.Request) bool {
				time.Sleep(latency)
				return false
			})
			var calls atomic.Int64
			open := newStore(b, kind)
			sources := make([]*tokensource.Source, number)
			for i := range sources {
				sources[i] = asking.process(tokensource.Cache{Store: counting{open(), &calls}})
			}
			for b.Loop() {
				asking.client.Request.Audience = rand.Text() // another token each time
				var running sync.WaitGroup
				for _, source := range sources {
					running.Go(func() { asking.get(b, source) })
				}
				running.Wait()
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(latency), "x-endpoint")
			b.ReportMetric(float64(calls.Load())/float64(b.N)/number, "polls/process")
		})
	}
}
