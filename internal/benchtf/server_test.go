// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package benchtf

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

const (
	// delay is how long the token endpoint takes.
	delay        = 50 * time.Millisecond
	clientSecret = "gX1fBat3bV"
)

// server is an authorization server that counts connections.
type server struct {
	*authserver.Server

	connections atomic.Int64
}

// startServer starts one that has the largest number of clients.
func startServer(t *testing.T) *server {
	t.Helper()
	listener := httptest.NewUnstartedServer(nil)
	config := authserver.Config{Issuer: "http://" + listener.Listener.Addr().String()}
	for i := range 100 {
		config.Clients = append(config.Clients, authserver.Client{
			ID: fmt.Sprintf("client-%d", i), Secret: clientSecret, Lifetime: time.Hour,
		})
	}
	started, err := authserver.New(config)
	if err != nil {
		t.Fatal(err)
	}
	started.Override(authserver.TokenEndpoint, func(http.ResponseWriter, *http.Request) bool {
		time.Sleep(delay)
		return false
	})
	s := &server{Server: started}
	listener.Config.Handler = started
	listener.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	listener.Start()
	t.Cleanup(listener.Close)
	return s
}

// reset forgets what it has counted.
func (s *server) reset() {
	s.Reset()
	s.connections.Store(0)
}
