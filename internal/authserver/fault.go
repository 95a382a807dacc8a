// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Always is the number of times for [Script.Fail] that means every further request.
const Always = -1

// Script replaces endpoints, by faults that are queued or by an override. The
// zero value replaces none. It is safe for concurrent use.
type Script struct {
	mu        sync.Mutex
	overrides map[Endpoint]func(http.ResponseWriter, *http.Request) bool
	faults    map[Endpoint][]queuedFault
}

type queuedFault struct {
	remaining int // requests; Always for no limit
	handler   http.Handler
}

// Fail queues fault at endpoint: once the faults queued before are used up, it
// handles the next times requests instead of the endpoint. Any handler will do.
func (s *Script) Fail(endpoint Endpoint, times int, fault http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults == nil {
		s.faults = make(map[Endpoint][]queuedFault)
	}
	s.faults[endpoint] = append(s.faults[endpoint], queuedFault{times, fault})
}

// Override calls f for each request to endpoint, before any queued fault. If f
// returns true, it has responded to the request. A nil f ends the override.
func (s *Script) Override(endpoint Endpoint, f func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.overrides == nil {
		s.overrides = make(map[Endpoint]func(http.ResponseWriter, *http.Request) bool)
	}
	s.overrides[endpoint] = f
}

// play reports whether the script has responded to the request. It holds no lock
// while a handler runs, since some of them hang.
func (s *Script) play(endpoint Endpoint, w http.ResponseWriter, r *http.Request) bool {
	if override := s.override(endpoint); override != nil && override(w, r) {
		return true
	}
	if fault := s.nextFault(endpoint); fault != nil {
		fault.ServeHTTP(w, r)
		return true
	}
	return false
}

func (s *Script) override(endpoint Endpoint) func(http.ResponseWriter, *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.overrides[endpoint]
}

// nextFault takes one use of the first fault in the queue; nil if there is none.
func (s *Script) nextFault(endpoint Endpoint) http.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := slices.DeleteFunc(s.faults[endpoint], func(f queuedFault) bool { return f.remaining == 0 })
	if len(queue) == 0 {
		return nil
	}
	if queue[0].remaining != Always {
		queue[0].remaining--
	}
	s.faults[endpoint] = queue
	return queue[0].handler
}

// Respond sends a response with status, header and body. Without a Content-Type in header,
// net/http guesses one from the body.
func Respond(status int, header http.Header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header.Clone())
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// OAuthError responds with status and the error document of RFC 6749 §5.2. Status
// 200 mimics servers that report errors in successful responses.
func OAuthError(status int, code, description string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, &oauthError{status: status, code: code, description: description})
	}
}

// Redirect responds with status and a Location.
func Redirect(status int, location string) http.HandlerFunc {
	return Respond(status, http.Header{"Location": {location}}, "")
}

// Drop closes the connection without a response.
func Drop() http.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
}

// Raw writes wire, and nothing else, to the connection and closes it, for
// responses that are not HTTP.
func Raw(wire string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, wire)
	}
}

// Hang never responds; it ends when the client disconnects.
func Hang() http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}

// Drip responds with 200 at once, then sends body one byte per interval.
func Drip(interval time.Duration, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for i := range len(body) {
			_ = http.NewResponseController(w).Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				panic(http.ErrAbortHandler)
			}
			_, _ = io.WriteString(w, body[i:i+1])
		}
	}
}

// Truncated responds with 200 and a Content-Length beyond body, and closes the
// connection after body.
func Truncated(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, body)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Endless responds with 200 and a JSON string that never ends; it stops when the
// client disconnects.
func Endless() http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_, err := io.WriteString(w, `{"access_token":"`)
		for chunk := bytes.Repeat([]byte("a"), 32<<10); err == nil; {
			_, err = w.Write(chunk)
		}
		panic(http.ErrAbortHandler)
	}
}

// Mutation modifies a JSON document before it is sent: a token response or the
// metadata.
type Mutation func(document map[string]any)

// Set adds or replaces a member.
func Set(member string, value any) Mutation {
	return func(document map[string]any) { document[member] = value }
}

// Omit removes members.
func Omit(members ...string) Mutation {
	return func(document map[string]any) {
		for _, member := range members {
			delete(document, member)
		}
	}
}

func mutate(document map[string]any, mutations []Mutation) map[string]any {
	for _, m := range mutations {
		m(document)
	}
	return document
}
