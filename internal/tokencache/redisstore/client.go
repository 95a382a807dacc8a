// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// stepTimeout bounds each step of an operation: to connect, to write, to read.
	stepTimeout = 2 * time.Second
	// connections are more than the resources of one run need at once of one server.
	connections = 4

	// A fail-over is waited for, about three seconds in all, which is less than a caller
	// waits for the cache.
	failoverRetries                 = 8
	shortestBackoff, longestBackoff = 100 * time.Millisecond, 500 * time.Millisecond
	clusterReload                   = 5 * time.Second // a node that hangs sends no redirection
)

// quiet keeps the library from writing to standard error, whatever Terraform's log level.
var quiet = sync.OnceFunc(logging.Disable)

// newClient returns a client that connects when it must, and sends no command beyond
// those that the store needs: a user's rights may be as narrow as the package's
// documentation says.
func newClient(at address, settings *tls.Config) redis.UniversalClient {
	quiet()
	dial := dialer(at.tls(settings))
	options := serverOptions(at.user, at.password, dial)
	options.Network, options.Addr, options.DB = at.network, at.hosts[0], at.database
	switch at.topology {
	case cluster:
		return newCluster(at.hosts, options)
	case sentinel:
		found := &sentinels{hosts: at.hosts, master: at.master, user: at.user, password: at.password, dial: dial}
		options.Dialer, options.DialTimeout = found.dialMaster, 2*stepTimeout // to find the master, and to connect to it
		options.MaxRetries, options.MinRetryBackoff, options.MaxRetryBackoff = failoverRetries, shortestBackoff, longestBackoff
	case single:
		options.MaxRetries = 1 // a connection that rested may have been closed meanwhile
	}
	return redis.NewClient(options)
}

// serverOptions bounds what a server can do to this process, be it a node of a cluster
// or a Sentinel.
func serverOptions(user, password string, dial dialFunc) *redis.Options {
	return &redis.Options{
		Username: user,
		Password: password,
		Dialer:   dial,

		Protocol:                 2,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},

		ContextTimeoutEnabled: true,
		DialTimeout:           stepTimeout,
		ReadTimeout:           stepTimeout,
		WriteTimeout:          stepTimeout,
		PoolTimeout:           stepTimeout,
		DialerRetries:         1,
		MaxRetries:            -1,

		PoolSize:       connections,
		MaxActiveConns: connections,
	}
}

// newCluster returns a client of a cluster. Each of its nodes gets the options.
func newCluster(seeds []string, options *redis.Options) redis.UniversalClient {
	var client *redis.ClusterClient
	dial := options.Dialer
	options.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := dial(ctx, network, address)
		if err != nil {
			client.ReloadState(ctx) // another node may have replaced this one
		}
		return connection, err
	}
	client = redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: seeds,
		NewClient: func(node *redis.Options) *redis.Client {
			each := *options
			each.Addr = node.Addr
			return redis.NewClient(&each)
		},
		MaxRedirects:               failoverRetries,
		MinRetryBackoff:            shortestBackoff,
		MaxRetryBackoff:            longestBackoff,
		ClusterStateReloadInterval: clusterReload,
		DisableRoutingPolicies:     true, // they are read with COMMAND, which the user may have no right to
	})
	return client
}

// tls returns the settings of a connection, nil if there is no TLS.
func (at address) tls(settings *tls.Config) *tls.Config {
	if !at.secure {
		return nil
	}
	if settings == nil {
		return &tls.Config{MinVersion: tls.VersionTLS12}
	}
	merged := settings.Clone()
	merged.MinVersion = max(settings.MinVersion, tls.VersionTLS12)
	merged.NextProtos = nil // those of HTTP
	return merged
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// dialer returns a function that connects to a server, with TLS unless config is nil. The
// server's certificate must be for the host that is dialed, also if it is not in the URL
// but the one that a cluster or Sentinel names.
func dialer(config *tls.Config) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if network == "tcp" && (err != nil || host == "") { // which would be this machine
			return nil, errNoAddress
		}
		connection, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if config == nil {
			return &guard{Conn: connection}, nil
		}
		each := config.Clone()
		each.ServerName = host
		secured := tls.Client(connection, each)
		err = secured.HandshakeContext(ctx)
		if err == nil {
			return &guard{Conn: secured}, nil
		}
		_ = connection.Close()
		if ctx.Err() != nil {
			return nil, errors.New("no response to the TLS handshake; the port may be without TLS")
		}
		return nil, fmt.Errorf("%w: %w", ErrTLS, err)
	}
}

var errNoAddress = errors.New("a node announces no address; set cluster-announce-ip or cluster-announce-hostname there")
