// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"net/http"
	"slices"
	"sync"
)

// Always is the number of times, for [Script.Fail], that has a fault answer every
// further request.
const Always = -1

// Script holds, per endpoint, what answers in its place. The zero value is ready
// and safe for concurrent use.
type Script struct {
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
func (s *Script) Fail(endpoint Endpoint, times int, fault http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults == nil {
		s.faults = make(map[Endpoint][]queued)
	}
	s.faults[endpoint] = append(s.faults[endpoint], queued{times, fault})
}

// Override asks f first at endpoint, before any queued fault. What f returns
// says whether it has answered. A nil f ends the override.
func (s *Script) Override(endpoint Endpoint, f func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.overrides == nil {
		s.overrides = make(map[Endpoint]func(http.ResponseWriter, *http.Request) bool)
	}
	s.overrides[endpoint] = f
}

// play answers from the script and reports whether it did. It holds no lock
// while a handler runs: hanging is what some of them are for.
func (s *Script) play(endpoint Endpoint, w http.ResponseWriter, r *http.Request) bool {
	if override := s.override(endpoint); override != nil && override(w, r) {
		return true
	}
	if handler := s.next(endpoint); handler != nil {
		handler.ServeHTTP(w, r)
		return true
	}
	return false
}

func (s *Script) override(endpoint Endpoint) func(http.ResponseWriter, *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.overrides[endpoint]
}

// next takes one answer from the head of the queue; nil when there is none.
func (s *Script) next(endpoint Endpoint) http.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := slices.DeleteFunc(s.faults[endpoint], func(f queued) bool { return f.times == 0 })
	if len(queue) == 0 {
		return nil
	}
	head := &queue[0]
	if head.times != Always {
		head.times--
	}
	s.faults[endpoint] = queue
	return head.handler
}
