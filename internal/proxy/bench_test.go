// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package proxy_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/proxy"
)

// load are calls from several connections at once.
const (
	loadCalls       = 10_000
	loadConnections = 64
)

// BenchmarkCalls compares calls through the proxy with the same calls made directly, in
// turn: throughput, and the time that a call takes.
func BenchmarkCalls(b *testing.B) {
	body := strings.Repeat("x", 1<<10)
	srv := serve(b, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	client, err := httpstack.New(httpstack.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.CloseIdleConnections)
	p := start(b, srv.URL, func(c *proxy.Config) { c.Transport = client.Streaming() })
	var direct, proxied []time.Duration
	var directTook, proxiedTook time.Duration
	b.ReportAllocs()
	for b.Loop() {
		begin := time.Now()
		direct = append(direct, load(b, srv.URL, "")...)
		directTook += time.Since(begin)
		begin = time.Now()
		proxied = append(proxied, load(b, p.URL(), "Bearer "+p.Credential().Reveal())...)
		proxiedTook += time.Since(begin)
	}
	slices.Sort(direct)
	slices.Sort(proxied)
	ratio := func(a, b time.Duration) float64 { return float64(a) / float64(b) }
	b.ReportMetric(float64(len(proxied))/proxiedTook.Seconds(), "calls/s")
	b.ReportMetric(ratio(directTook, proxiedTook), "throughput/direct")
	b.ReportMetric(ratio(proxied[len(proxied)/2], direct[len(direct)/2]), "p50/direct")
	b.ReportMetric(ratio(proxied[len(proxied)*99/100], direct[len(direct)*99/100]), "p99/direct")
}

// load makes calls, and returns how long each took.
func load(b *testing.B, address, authorization string) []time.Duration {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: loadConnections, MaxConnsPerHost: loadConnections, DisableCompression: true}
	defer transport.CloseIdleConnections()
	took := make([]time.Duration, loadCalls)
	var callers sync.WaitGroup
	for caller := range loadConnections {
		callers.Go(func() {
			for i := caller; i < loadCalls; i += loadConnections {
				begin := time.Now()
				request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, address+"/x", nil)
				if err != nil {
					b.Error(err)
					return
				}
				request.Header.Set("Authorization", authorization)
				response, err := transport.RoundTrip(request)
				if err != nil {
					b.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				if err != nil || response.StatusCode != 200 {
					b.Errorf("status %d, %v", response.StatusCode, err)
					return
				}
				took[i] = time.Since(begin)
			}
		})
	}
	callers.Wait()
	return took
}
