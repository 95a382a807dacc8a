// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// onThisMachine marks the context of a request whose connection must not leave the
// machine.
type onThisMachine struct{}

// dialContext opens a connection, of a request that is marked only to a loopback
// address: a name, localhost included, is what a hosts file or a name server says. An
// idle connection that is used again was checked when it was opened.
func (c *Client) dialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.dial(ctx, network, address)
	if err != nil || ctx.Value(onThisMachine{}) == nil {
		return conn, err
	}
	dialled, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err == nil && dialled.Addr().Unmap().IsLoopback() {
		return conn, nil
	}
	_ = conn.Close() // on which nothing has been written
	return nil, &Error{
		Kind:   Plaintext,
		Detail: fmt.Sprintf("%s, and %s is %s here", plaintextRefused, address, conn.RemoteAddr()),
	}
}
