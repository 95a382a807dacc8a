// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// maxAnswer bounds what one command may bring back, in bytes: the largest value
// and what is around it.
const maxAnswer = tokencache.MaxSize + 64<<10

// elementSize is what the client sets aside for an element of an array that a
// server announces, in bytes.
const elementSize = 16

var (
	errNotRedis = errors.New("it does not speak the redis protocol")
	errEndless  = fmt.Errorf("its answer has more than %d bytes", maxAnswer)
)

// guard is a connection to a server that may send anything. The client believes
// the lengths that a server announces and sets memory aside for them, so that a
// few bytes could end the process: the guard reads along, and stops there.
//
// It is used by one goroutine at a time, as the client's connections are.
type guard struct {
	net.Conn
	// left is how much more may come before the next command.
	left int
	// header is the line that is being read, content what is left of the string
	// that a line announced.
	header  []byte
	content int
}

// Write sends a part of a command, which calls for a new answer.
func (g *guard) Write(data []byte) (int, error) {
	g.left = maxAnswer
	return g.Conn.Write(data)
}

// Read lets on what it has looked through.
func (g *guard) Read(data []byte) (int, error) {
	n, err := g.Conn.Read(data)
	if refusal := g.inspect(data[:n]); refusal != nil {
		return 0, refusal
	}
	return n, err
}

// inspect follows the strings and lines of the protocol's second version.
func (g *guard) inspect(data []byte) error {
	g.left -= len(data)
	for len(data) > 0 && g.left >= 0 {
		if skipped := min(g.content, len(data)); skipped > 0 {
			g.content -= skipped
			data = data[skipped:]
			continue
		}
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		g.header = append(g.header, line...)
		if !whole {
			break
		}
		if err := g.announce(string(bytes.TrimSuffix(g.header, []byte("\r")))); err != nil {
			return err
		}
		g.header, data = g.header[:0], rest
	}
	if g.left < 0 {
		return errEndless
	}
	return nil
}

// announce takes in what a line says of what follows it: a string of so many bytes,
// an array of so many elements, or nothing.
func (g *guard) announce(line string) error {
	kind := line[:min(1, len(line))]
	number, err := strconv.Atoi(line[len(kind):])
	switch {
	case kind == "+" || kind == "-" || kind == ":":
		return nil
	case kind != "$" && kind != "*" || err != nil:
		return errNotRedis
	case number < 0: // stands for no string or array at all
		return nil
	case number > g.left:
		return errEndless
	case kind == "$":
		g.content = number + len("\r\n")
	case kind == "*":
		g.left -= number * elementSize
	}
	if g.left < 0 {
		return errEndless
	}
	return nil
}
