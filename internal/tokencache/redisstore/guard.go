// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

const (
	// maxReply bounds the reply to a command, in bytes: the largest value and what is
	// around it.
	maxReply = tokencache.MaxSize + 64<<10
	// elementSize is what the client allocates for an element of an array, in bytes.
	elementSize = 16
)

var (
	errNotRedis = errors.New("it does not speak the Redis protocol")
	errTooLarge = fmt.Errorf("its reply has more than %d bytes", maxReply)
)

// guard is a connection whose replies are bounded. go-redis allocates what a reply
// announces before any of it arrives, and has no limit for it: one line, "*10000000000", from a server that is
// broken or, without TLS, from anyone in between ends the process for lack of memory.
// A guard reads along and fails before the client sees such a line.
//
// It is used by one goroutine at a time, as the client's connections are.
type guard struct {
	net.Conn
	left    int    // how much more may come before the next command
	line    []byte // what has arrived of a line
	content int    // what is still to come of a string
}

// Write sends a command, which may be replied to.
func (g *guard) Write(data []byte) (int, error) {
	g.left = maxReply
	return g.Conn.Write(data)
}

// Read returns what it has checked.
func (g *guard) Read(data []byte) (int, error) {
	n, err := g.Conn.Read(data)
	if refusal := g.check(data[:n]); refusal != nil {
		return 0, refusal
	}
	return n, err
}

// check follows the lines and strings of the protocol's second version.
func (g *guard) check(data []byte) error {
	for len(data) > 0 {
		if skipped := min(g.content, len(data)); skipped > 0 {
			g.content -= skipped
			data = data[skipped:]
			continue
		}
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		g.line, data = append(g.line, line...), rest
		if g.left -= len(line) + 1; g.left < 0 {
			return errTooLarge
		}
		if whole {
			if err := g.checkLine(string(g.line)); err != nil {
				return err
			}
			g.line = g.line[:0]
		}
	}
	return nil
}

// checkLine accounts for what a line announces: a string of so many bytes, or an
// array of so many elements.
func (g *guard) checkLine(line string) error {
	kind := line[:min(1, len(line))]
	switch kind {
	case "+", "-", ":":
		return nil
	case "$", "*":
	default:
		return errNotRedis
	}
	size, err := strconv.Atoi(strings.TrimSuffix(line[1:], "\r"))
	switch {
	case err != nil:
		return errNotRedis
	case size > maxReply:
		return errTooLarge
	case size < 0: // stands for no string or array at all
		return nil
	case kind == "$":
		g.content = size + len("\r\n")
		g.left -= size
	case kind == "*":
		g.left -= size * elementSize
	}
	if g.left < 0 {
		return errTooLarge
	}
	return nil
}
