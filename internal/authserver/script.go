// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"net/http"
	"slices"
	"sync"
)

// Always is the number of times, for [Server.Fail], that has a fault answer every
// further request.
const Always = -1

// script holds, per endpoint, what answers in its place.
type script struct {
	mu        sync.Mutex
	overrides map[Endpoint]func(http.ResponseWriter, *http.Request) bool
	faults    map[Endpoint][]queued
}

// queued is a fault and how many requests it still answers.
type queued struct {
	times   int
	handler http.Handler
}

// Fail queues fault behind those already waiting at endpoint; it answers the
// next times requests in the endpoint's place. Any handler will do.
func (s *Server) Fail(endpoint Endpoint, times int, fault http.Handler) {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	if s.script.faults == nil {
		s.script.faults = make(map[Endpoint][]queued)
	}
	s.script.faults[endpoint] = append(s.script.faults[endpoint], queued{times, fault})
}

// Override asks f first at endpoint, before any queued fault. What f returns
// says whether it has answered. A nil f ends the override.
func (s *Server) Override(endpoint Endpoint, f func(http.ResponseWriter, *http.Request) bool) {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	if s.script.overrides == nil {
		s.script.overrides = make(map[Endpoint]func(http.ResponseWriter, *http.Request) bool)
	}
	s.script.overrides[endpoint] = f
}

// play answers from the script and reports whether it did. It holds no lock
// while a handler runs: hanging is what some of them are for.
func (sc *script) play(endpoint Endpoint, w http.ResponseWriter, r *http.Request) bool {
	if override := sc.override(endpoint); override != nil && override(w, r) {
		return true
	}
	if handler := sc.next(endpoint); handler != nil {
		handler.ServeHTTP(w, r)
		return true
	}
	return false
}

func (sc *script) override(endpoint Endpoint) func(http.ResponseWriter, *http.Request) bool {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return sc.overrides[endpoint]
}

// next takes one answer from the head of the queue; nil when there is none.
func (sc *script) next(endpoint Endpoint) http.Handler {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	queue := slices.DeleteFunc(sc.faults[endpoint], func(f queued) bool { return f.times == 0 })
	if len(queue) == 0 {
		return nil
	}
	head := &queue[0]
	if head.times != Always {
		head.times--
	}
	sc.faults[endpoint] = queue
	return head.handler
}
