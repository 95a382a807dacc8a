// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// What is wrong with a URL. None of these shows a part of it: if a password contains a
// character that has a meaning in URLs, it may be in any other part.
var (
	errURL      = errors.New("not a valid URL; special characters in the user and password must be percent-encoded")
	errScheme   = errors.New("its scheme must be redis, rediss or unix")
	errPassword = errors.New("it has a user without a password; without a user, write redis://:password@host")
	errHost     = errors.New("it has no host")
	errPort     = errors.New("its port must be a number from 1 to 65535")
	errPath     = errors.New("a unix URL needs an absolute path and no host, as in unix:///run/redis.sock")
	errDatabase = errors.New("its database must be a number, as in redis://host/0 or unix:///run/redis.sock?db=0")
	errQuery    = errors.New("it has a query option that is not supported; the only one is db, of unix URLs")
	errFragment = errors.New("it has a fragment; a # in the password must be percent-encoded")
)

// CheckURL reports why [Open] would not accept a URL. The error shows no part of it.
func CheckURL(text string) error {
	_, err := parseURL(text)
	return err
}

// parseURL returns the options that a URL has, and the name of the server's certificate
// if it is one with TLS. The library's parser accepts options that undo the bounds of this
// package, and shows the URL in its errors.
func parseURL(text string) (*redis.Options, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		return nil, errURL
	}
	password, _ := parsed.User.Password()
	switch {
	case parsed.User != nil && password == "":
		return nil, errPassword
	case strings.Contains(text, "#"):
		return nil, errFragment
	}
	options := &redis.Options{Username: parsed.User.Username(), Password: password}
	var database string
	switch host := parsed.Hostname(); parsed.Scheme {
	case "redis", "rediss":
		port := cmp.Or(parsed.Port(), "6379") // registered for Redis, with TLS or without
		number, err := strconv.ParseUint(port, 10, 16)
		switch {
		case host == "":
			return nil, errHost
		case err != nil || number == 0:
			return nil, errPort
		case parsed.RawQuery != "":
			return nil, errQuery
		}
		options.Network, options.Addr, database = "tcp", net.JoinHostPort(host, port), strings.TrimPrefix(parsed.Path, "/")
		if parsed.Scheme == "rediss" {
			options.TLSConfig = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
		}
	case "unix":
		query, err := url.ParseQuery(parsed.RawQuery)
		switch {
		case parsed.Host != "" || !strings.HasPrefix(parsed.Path, "/"):
			return nil, errPath
		case err != nil || len(query) > 1 || len(query) == 1 && len(query["db"]) != 1:
			return nil, errQuery
		}
		options.Network, options.Addr, database = "unix", parsed.Path, query.Get("db")
	default:
		return nil, errScheme
	}
	number, err := strconv.ParseUint(cmp.Or(database, "0"), 10, 31) // as many bits as servers have for it
	if err != nil {
		return nil, errDatabase
	}
	options.DB = int(number)
	return options, nil
}

const (
	// stepTimeout bounds each step of an operation: to connect, to write, to read.
	stepTimeout = 2 * time.Second
	// connections are more than the resources of one run need at once.
	connections = 4
)

// newClient returns a client that connects when it must, and sends no command beyond
// those that the store needs: a user's rights may be as narrow as the package's
// documentation says. It completes the options of a URL.
func newClient(options *redis.Options, settings *tls.Config) *redis.Client {
	logging.Disable() // it would write to standard error, whatever Terraform's log level
	options.Dialer = dialer(secure(options.TLSConfig, settings))

	options.Protocol = 2
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}

	options.ContextTimeoutEnabled = true
	options.DialTimeout = stepTimeout
	options.ReadTimeout = stepTimeout
	options.WriteTimeout = stepTimeout
	options.PoolTimeout = stepTimeout
	options.DialerRetries = 1
	options.MaxRetries = 1 // a connection that rested may have been closed meanwhile

	options.PoolSize = connections
	options.MaxActiveConns = connections
	options.PipelinePoolSize = -1 // pipelines use the same connections
	return redis.NewClient(options)
}

// secure merges the settings of a URL with TLS and the user's; nil if there is no TLS.
func secure(config, settings *tls.Config) *tls.Config {
	if config == nil || settings == nil {
		return config
	}
	merged := settings.Clone()
	merged.ServerName = config.ServerName
	merged.MinVersion = max(settings.MinVersion, config.MinVersion)
	merged.NextProtos = nil // those of HTTP
	return merged
}

// dialer returns a function that connects to the server, with TLS unless config is nil.
func dialer(config *tls.Config) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if config == nil {
			return &guard{Conn: connection}, nil
		}
		secured := tls.Client(connection, config)
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
