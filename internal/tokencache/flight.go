// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/panics"
)

// landing is what a flight brings.
type landing struct {
	entry Entry
	// fetched tells that the entry is new, as opposed to one that another process
	// has stored in the meantime.
	fetched bool
}

// flights adds to a single flight what package singleflight leaves out: one that
// nobody waits for any more is cancelled, and a panic is an error for those who
// wait instead of ending the process. The zero value is ready.
type flights struct {
	group   singleflight.Group
	mu      sync.Mutex
	waiting map[string]*passengers
}

// passengers are those who wait for one flight.
type passengers struct {
	number int
	ctx    context.Context //nolint:containedctx // it is the flight's, which has no other place to live
	cancel context.CancelFunc
}

// fly runs do once for all who wait for the same name at the same time. Its
// context has the values of the first one's and ends with the last one's.
func (f *flights) fly(ctx context.Context, name string, do func(context.Context) (landing, error)) (landing, error) {
	aboard, landed := f.board(ctx, name, do)
	defer f.leave(name, aboard)
	select {
	case result := <-landed:
		brought, _ := result.Val.(landing)
		return brought, result.Err
	case <-ctx.Done():
		return landing{}, context.Cause(ctx)
	}
}

// board joins the flight of that name, or begins it.
func (f *flights) board(
	ctx context.Context, name string, do func(context.Context) (landing, error),
) (*passengers, <-chan singleflight.Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	aboard, ok := f.waiting[name]
	if !ok {
		aboard = &passengers{}
		aboard.ctx, aboard.cancel = context.WithCancel(context.WithoutCancel(ctx))
		if f.waiting == nil {
			f.waiting = map[string]*passengers{}
		}
		f.waiting[name] = aboard
	}
	aboard.number++
	return aboard, f.group.DoChan(name, func() (brought any, err error) {
		defer panics.Into(&err) // here, where the stack still tells where it was
		return do(aboard.ctx)
	})
}

// leave ends the wait of one. After the last one whoever comes begins a new flight.
func (f *flights) leave(name string, aboard *passengers) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if aboard.number--; aboard.number > 0 {
		return
	}
	aboard.cancel()
	delete(f.waiting, name)
	f.group.Forget(name)
}
