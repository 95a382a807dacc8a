// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"context"
	"crypto/rand"
	"io"
	"net"
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

// storage is where stores keep what they share.
type storage struct {
	open      func() tokencache.Store // as each process does
	roundTrip func()                  // to the server and back; nil if there is none
}

// newStorage returns an empty storage. That of memory opens no stores.
func newStorage(b *testing.B, kind string) storage {
	b.Helper()
	switch kind {
	case "file":
		folder := b.TempDir()
		return storage{open: func() tokencache.Store {
			store, err := filestore.Open(folder, time.Now)
			if err != nil {
				b.Fatal(err)
			}
			return store
		}}
	case "redis":
		server := redistest.Start(b, redistest.Options{})
		return storage{
			open: func() tokencache.Store {
				store, err := redisstore.Open(redisstore.Config{URL: secret.New(server.URL("", ""))})
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = store.Close() })
				return store
			},
			roundTrip: pings(b, server.Address),
		}
	default:
		return storage{open: func() tokencache.Store { return nil }}
	}
}

// pings returns a function that sends PING on a socket and reads the reply.
func pings(b *testing.B, address string) func() {
	b.Helper()
	connection, err := new(net.Dialer).DialContext(b.Context(), "tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = connection.Close() })
	ping, reply := []byte("PING\r\n"), make([]byte, len("+PONG\r\n"))
	return func() {
		_, err := connection.Write(ping)
		if err == nil {
			_, err = io.ReadFull(connection, reply)
		}
		if err != nil {
			b.Fatal(err)
		}
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
// the time of one request to a server on loopback, and x-roundtrip a hit's time as a
// multiple of a PING's on a socket of its own, both measured in the same run.
func BenchmarkHit(b *testing.B) {
	for _, kind := range kinds {
		b.Run("cache="+kind, func(b *testing.B) {
			asking, storage := newAsker(b, startServer(b)), newStorage(b, kind)
			source := asking.process(tokensource.Cache{Store: storage.open()})
			asking.get(b, source)
			perRequest := asking.request(b)
			var hits, roundTrips time.Duration
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				asking.get(b, source)
				hits += time.Since(start)
				if storage.roundTrip != nil {
					storage.roundTrip()
					roundTrips += time.Since(start)
				}
			}
			b.ReportMetric(float64(hits)/float64(b.N), "ns/op")
			b.ReportMetric(float64(perRequest)*float64(b.N)/float64(hits), "hits/request")
			if storage.roundTrip != nil {
				b.ReportMetric(float64(hits)/float64(roundTrips-hits), "x-roundtrip")
			}
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
			storage := newStorage(b, kind)
			sources := make([]*tokensource.Source, number)
			for i := range sources {
				sources[i] = asking.process(tokensource.Cache{Store: counting{storage.open(), &calls}})
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
