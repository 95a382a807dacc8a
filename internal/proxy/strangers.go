// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package proxy

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// maxStrangers bounds the connections on which no call has authenticated yet.
const maxStrangers = 512

// strangers are the connections on which no call has authenticated yet, oldest first. One
// too many closes the oldest, so that anything on this machine that opens connections
// takes neither memory without a bound nor the place of a caller: a caller stays a stranger
// for as long as it takes to read one header.
type strangers struct {
	mu     sync.Mutex
	order  list.List // of net.Conn
	places map[net.Conn]*list.Element
	closed bool
}

// track is a [http.Server]'s ConnState.
func (s *strangers) track(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.add(conn)
	case http.StateClosed, http.StateHijacked:
		s.remove(conn)
	case http.StateActive, http.StateIdle:
	}
}

func (s *strangers) add(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.places == nil {
		s.places = map[net.Conn]*list.Element{}
	}
	s.places[conn] = s.order.PushBack(conn)
	if s.closed || s.order.Len() > maxStrangers {
		s.closeOldest()
	}
}

// remove forgets a connection that is closed, or no longer a stranger's.
func (s *strangers) remove(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if place, ok := s.places[conn]; ok {
		s.order.Remove(place)
		delete(s.places, conn)
	}
}

// close closes all of them, present and future.
func (s *strangers) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for s.order.Len() > 0 {
		s.closeOldest()
	}
}

func (s *strangers) closeOldest() {
	conn, _ := s.order.Remove(s.order.Front()).(net.Conn)
	delete(s.places, conn)
	_ = conn.Close() // which does not wait, as nothing is being written
}
