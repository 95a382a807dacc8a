// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// sessionKey is the key of a session's handle in the private data of an ephemeral
// resource. Terraform gives Close what Open stored, OpenTofu the latest. The handle
// never changes, and is not a secret.
const sessionKey = "session"

// logGrace is how long [Cleanup.Close] waits after the end of its context for what is
// being closed to return, so that failures are logged.
const logGrace = 100 * time.Millisecond

// closer is something open: a session whose tokens are revoked, for example.
//
// Close is called once, and returns soon after its context ends. Its error holds no
// secret.
type closer interface {
	Close(ctx context.Context) error
}

// Cleanup is what a provider process has open. Core closes an ephemeral resource
// only if the run goes well: not if a dependent or a postcondition fails, or the run
// is interrupted. Whatever is still open when the process ends is closed then, by
// [Cleanup.Close].
//
// The zero value has nothing open. A Cleanup is safe for concurrent use, and may be
// shared by several providers.
type Cleanup struct {
	mu      sync.Mutex
	open    map[string]closer
	closing sync.WaitGroup // what was removed from open and is not closed yet
	stopped bool
}

// keep keeps something open for a block, whose private data get its handle. After
// [Cleanup.Close] it closes it instead, which is an error that says what was undone.
func (c *Cleanup) keep(ctx context.Context, opened closer, private privateData, undone string) diag.Diagnostics {
	handle, _ := json.Marshal(rand.Text()) // text is always JSON
	c.mu.Lock()
	stopped := c.stopped
	if !stopped {
		if c.open == nil {
			c.open = map[string]closer{}
		}
		c.open[string(handle)] = opened
	}
	c.mu.Unlock()
	if stopped {
		closeLogged(context.WithoutCancel(ctx), opened)
		return diag.Diagnostics{diag.NewErrorDiagnostic("The provider is stopping",
			"The provider was stopped while it "+undone+". Run Terraform again.")}
	}
	return private.SetKey(ctx, sessionKey, handle)
}

// privateData are the private data of an ephemeral resource.
type privateData interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// get returns what is open with a handle, nil if nothing is.
func (c *Cleanup) get(handle []byte) closer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open[string(handle)]
}

// closeOne closes and removes what is open with a handle, if anything is. It ends with
// the deadline of ctx, but not if ctx is cancelled, as in an interrupted run.
func (c *Cleanup) closeOne(ctx context.Context, handle []byte) error {
	c.mu.Lock()
	opened, ok := c.open[string(handle)]
	delete(c.open, string(handle))
	if ok {
		c.closing.Add(1)
	}
	c.mu.Unlock()
	if !ok {
		return nil
	}
	defer c.closing.Done()
	uninterrupted := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		uninterrupted, cancel = context.WithDeadline(uninterrupted, deadline)
		defer cancel()
	}
	return opened.Close(uninterrupted)
}

// Close closes everything that is open, concurrently, and waits for that and for what
// is already being closed until ctx ends. Nothing can be opened afterwards.
func (c *Cleanup) Close(ctx context.Context) {
	c.mu.Lock()
	c.stopped = true
	for _, opened := range c.open {
		c.closing.Go(func() { closeLogged(ctx, opened) })
	}
	c.open = nil
	c.mu.Unlock()
	closed := make(chan struct{})
	go func() { c.closing.Wait(); close(closed) }()
	select {
	case <-closed:
		return
	case <-ctx.Done():
	}
	select {
	case <-closed:
	case <-time.After(logGrace):
	}
}

// closeLogged closes what was open when the provider stopped. A failure is logged, since
// diagnostics can no longer be shown.
func closeLogged(ctx context.Context, opened closer) {
	if err := opened.Close(ctx); err != nil {
		tflog.Warn(ctx, "could not be closed when the provider stopped", map[string]any{"error": err.Error()})
	}
}
