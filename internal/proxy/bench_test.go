// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package proxy_test

import (
	"fmt"
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

// BenchmarkCalls compares small calls through the proxy with the same calls made directly,
// in turn, to an API that takes a time to respond. An operation is a call through the proxy.
// The metrics are ratios: of the times that calls take, and of throughputs.
func BenchmarkCalls(b *testing.B) {
	for _, load := range []struct {
		latency     time.Duration
		connections int
	}{{0, 1}, {0, 64}, {20 * time.Millisecond, 10}} {
		b.Run(fmt.Sprintf("latency=%s/connections=%d", load.latency, load.connections), func(b *testing.B) {
			body := strings.Repeat("x", 1<<10)
			srv := serve(b, func(w http.ResponseWriter, _ *http.Request) {
				time.Sleep(load.latency)
				_, _ = io.WriteString(w, body)
			})
			client, err := httpstack.New(httpstack.Config{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(client.CloseIdleConnections)
			p := start(b, srv.URL, func(c *proxy.Config) { c.Transport = client.Streaming() })
			direct := newCaller(b, srv.URL, load.connections)
			proxied := newCaller(b, p.URL(), load.connections)
			proxied.authorization = "Bearer " + p.Credential().Reveal()
			direct.connect(b)
			proxied.connect(b)
			b.ReportAllocs()
			b.ResetTimer()
			for left := b.N; left > 0; { // in turn, as the machine may be busy for a while
				part := min(left, 10*load.connections)
				b.StopTimer()
				direct.call(b, part)
				b.StartTimer()
				proxied.call(b, part)
				left -= part
			}
			b.StopTimer()
			b.ReportMetric(float64(direct.total)/float64(proxied.total), "throughput/direct")
			b.ReportMetric(proxied.percentile(50)/direct.percentile(50), "p50/direct")
			b.ReportMetric(proxied.percentile(99)/direct.percentile(99), "p99/direct")
		})
	}
}

// caller makes calls over a number of connections, and measures them.
type caller struct {
	transport     *http.Transport
	address       string
	connections   int
	authorization string

	total time.Duration
	took  []time.Duration // each call
}

func newCaller(b *testing.B, address string, connections int) *caller {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true}
	b.Cleanup(transport.CloseIdleConnections)
	return &caller{transport: transport, address: address + "/x", connections: connections}
}

func (c *caller) percentile(percent int) float64 {
	slices.Sort(c.took)
	return float64(c.took[len(c.took)*percent/100])
}

// connect opens the connections.
func (c *caller) connect(b *testing.B) {
	b.Helper()
	c.call(b, 10*c.connections)
	c.total, c.took = 0, nil
}

func (c *caller) call(b *testing.B, number int) {
	b.Helper()
	took := make([]time.Duration, number)
	begin := time.Now()
	var callers sync.WaitGroup
	for first := range min(c.connections, number) {
		callers.Go(func() {
			for i := first; i < number; i += c.connections {
				begin := time.Now()
				if err := c.once(b); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(begin)
			}
		})
	}
	callers.Wait()
	c.total += time.Since(begin)
	c.took = append(c.took, took...)
}

func (c *caller) once(b *testing.B) error {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, c.address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", c.authorization)
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return err
}
