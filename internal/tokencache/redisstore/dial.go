// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
)

// dialer returns a function that connects to the server, with TLS if the URL says so.
func dialer(at address, config *tls.Config) func(context.Context, string, string) (net.Conn, error) {
	config = at.secure(config)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if config == nil {
			return &guard{Conn: connection}, nil
		}
		secured := tls.Client(connection, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = connection.Close()
			return nil, handshakeError(ctx, err)
		}
		return &guard{Conn: secured}, nil
	}
}

// secure returns the TLS settings for the address, nil if it is without TLS.
func (a address) secure(config *tls.Config) *tls.Config {
	if !a.tls {
		return nil
	}
	config = config.Clone() // nil if it is nil
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.ServerName = a.host
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	config.NextProtos = nil // those of HTTP
	return config
}

// handshakeError distinguishes a server that is not trusted from one that is slow.
func handshakeError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("no response to the TLS handshake; the port may be without TLS")
	}
	return fmt.Errorf("%w: %w", ErrTLS, err)
}
