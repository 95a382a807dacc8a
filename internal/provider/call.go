// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"sync/atomic"
	"time"
)

// callContext is the context of a call to the framework's server, which keeps a child of
// each until the provider stops: registerContext in internal/proto6server/serve.go of
// terraform-plugin-framework v1.19.0. What a child would keep are mostly log fields,
// 30 KiB of them for a token. When the call ends, its context is cancelled and lets go of
// them.
type callContext struct {
	current atomic.Pointer[context.Context]
}

func (c *callContext) Deadline() (time.Time, bool) { return (*c.current.Load()).Deadline() }
func (c *callContext) Done() <-chan struct{}       { return (*c.current.Load()).Done() }
func (c *callContext) Err() error                  { return (*c.current.Load()).Err() }
func (c *callContext) Value(key any) any           { return (*c.current.Load()).Value(key) }

// endedContext is what remains of a callContext.
var endedContext = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// lastingKey is the key of the context that a callContext wraps.
type lastingKey struct{}

// newCall returns the context of a call, and ends it.
func newCall(ctx context.Context) (call context.Context, end func()) {
	ctx, cancel := context.WithCancel(context.WithValue(ctx, lastingKey{}, ctx))
	c := new(callContext)
	c.current.Store(&ctx)
	return c, func() {
		cancel()
		c.current.Store(&endedContext)
	}
}

// call calls a method of the framework's server.
func call[Request, Response any](
	ctx context.Context, method func(context.Context, Request) (Response, error), req Request,
) (Response, error) {
	ctx, end := newCall(ctx)
	defer end()
	return method(ctx, req)
}

// lasting returns a context for what goes on after a call: one with the values of ctx,
// which lasts as long as it is in use.
func lasting(ctx context.Context) context.Context {
	if lasting, ok := ctx.Value(lastingKey{}).(context.Context); ok {
		return lasting
	}
	return ctx
}
