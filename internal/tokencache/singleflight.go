// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"context"
	"sync"
)

// singleFlight lets callers that want the same result at the same time share one
// call. Unlike package singleflight of x/sync, it ends a call that nobody waits for
// any more. The zero value is ready.
type singleFlight[T any] struct {
	mu    sync.Mutex
	calls map[string]*call[T]
}

// call is one that has not returned. Its result may be read once done is closed.
type call[T any] struct {
	waiters int
	cancel  context.CancelFunc
	done    chan struct{}
	result  T
	err     error
}

// do returns the result of a call of fn that is shared by all that ask for the same
// name until it returns. The context of fn has the values of the first caller's and
// ends when the last one has left.
func (s *singleFlight[T]) do(ctx context.Context, name string, fn func(context.Context) (T, error)) (T, error) {
	joined := s.join(ctx, name, fn)
	defer s.leave(name, joined)
	select {
	case <-joined.done:
		return joined.result, joined.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// join adds a waiter to the call of that name, or begins one.
func (s *singleFlight[T]) join(ctx context.Context, name string, fn func(context.Context) (T, error)) *call[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	joined, ok := s.calls[name]
	if !ok {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // the last waiter cancels it
		joined = &call[T]{cancel: cancel, done: make(chan struct{})}
		if s.calls == nil {
			s.calls = map[string]*call[T]{}
		}
		s.calls[name] = joined
		go func() {
			joined.result, joined.err = fn(ctx)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.forget(name, joined)
			close(joined.done)
		}()
	}
	joined.waiters++
	return joined
}

// leave removes a waiter. After the last one, the call is of no use.
func (s *singleFlight[T]) leave(name string, left *call[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if left.waiters--; left.waiters == 0 {
		left.cancel()
		s.forget(name, left)
	}
}

// forget lets the next caller begin a new call. The lock is held.
func (s *singleFlight[T]) forget(name string, old *call[T]) {
	if s.calls[name] == old {
		delete(s.calls, name)
	}
}
