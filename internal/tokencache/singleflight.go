// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"
)

// SingleFlight lets callers that want the same result at the same time share one
// call. It adds to package singleflight that a call nobody waits for any more is
// cancelled. The zero value is ready.
type SingleFlight[T any] struct {
	group singleflight.Group

	mu      sync.Mutex
	waiters map[string]*waiters
}

// waiters are the callers that wait for one call, which has the context.
type waiters struct {
	number int
	ctx    context.Context //nolint:containedctx // it belongs to the call, and all waiters share it
	cancel context.CancelFunc
}

// Do returns the result of a call of fn that is shared by all that ask for the same
// name until it returns. The context of fn has the values of the first caller's and
// ends when the last one has left.
func (s *SingleFlight[T]) Do(ctx context.Context, name string, fn func(context.Context) (T, error)) (T, error) {
	joined, done := s.join(ctx, name, fn)
	defer s.leave(name, joined)
	var value T
	select {
	case result := <-done:
		value, _ = result.Val.(T)
		return value, result.Err
	case <-ctx.Done():
		return value, context.Cause(ctx)
	}
}

func (s *SingleFlight[T]) join(ctx context.Context, name string, fn func(context.Context) (T, error)) (*waiters, <-chan singleflight.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	joined, ok := s.waiters[name]
	if !ok {
		joined = &waiters{}
		joined.ctx, joined.cancel = context.WithCancel(context.WithoutCancel(ctx))
		if s.waiters == nil {
			s.waiters = map[string]*waiters{}
		}
		s.waiters[name] = joined
	}
	joined.number++
	return joined, s.group.DoChan(name, func() (any, error) { return fn(joined.ctx) })
}

// leave removes a waiter. After the last one, the next caller begins a new call.
func (s *SingleFlight[T]) leave(name string, left *waiters) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if left.number--; left.number == 0 {
		left.cancel()
		delete(s.waiters, name)
		s.group.Forget(name)
	}
}
