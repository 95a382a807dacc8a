// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
)

// dialer returns what connects to the server, with TLS where the URL says so.
func dialer(at address, config *tls.Config) func(context.Context, string, string) (net.Conn, error) {
	config = at.secure(config)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if config == nil {
			return &guard{Conn: &stranger{Conn: connection, reason: errClear}}, nil
		}
		secured := tls.Client(connection, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = connection.Close()
			return nil, handshakeError(ctx, err)
		}
		return &guard{Conn: &stranger{Conn: secured, reason: errMute}}, nil
	}
}

// secure returns the TLS settings for the address, nil for those without TLS.
func (a address) secure(config *tls.Config) *tls.Config {
	if !a.tls {
		return nil
	}
	config = config.Clone() // of nil it is nil
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.ServerName = a.host
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	config.NextProtos = nil // those of HTTP
	return config
}

// handshakeError tells a server that cannot be trusted from one that is slow.
func handshakeError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("it does not answer the tls handshake; it may be a server without tls")
	}
	return fmt.Errorf("%w: %w", ErrTLS, err)
}

// Why a server may hang up without a word: one that wants TLS on a connection in the
// clear, and one that wants a client certificate after the handshake, where TLS 1.3
// has it refuse what it got (RFC 8446 section 4.4.2.4).
var (
	errClear = errors.New("it hangs up at once; it may want tls, which takes a rediss URL")
	errMute  = fmt.Errorf("%w: it hangs up at once; it may want a client certificate", ErrTLS)
)

// stranger is a connection to a server that has not said anything yet. Should it
// hang up, that is for the reason given.
type stranger struct {
	net.Conn
	reason error
	known  bool
}

// Read tells of a server that hangs up.
func (s *stranger) Read(data []byte) (int, error) {
	n, err := s.Conn.Read(data)
	s.known = s.known || n > 0
	return n, s.explain(err)
}

// Write tells of a server that hangs up.
func (s *stranger) Write(data []byte) (int, error) {
	n, err := s.Conn.Write(data)
	return n, s.explain(err)
}

// explain adds the reason to a failure, which slowness has none of.
func (s *stranger) explain(err error) error {
	if err == nil || s.known || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", s.reason, err)
}
