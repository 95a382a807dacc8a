// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/panics"
)

const (
	// stepTimeout bounds each step of an operation: to connect, to write, to read.
	stepTimeout = 2 * time.Second
	// operationTimeout bounds a whole operation. Fetching a token without the cache
	// takes less than to wait for more.
	operationTimeout = 5 * time.Second
	// connections are more than the resources of one run need at once.
	connections = 4
)

// newClient returns a client that connects when it must, and that sends no command
// beyond those that the store needs: a user's rights may be as narrow as the
// package's documentation says.
func newClient(at address, config *tls.Config) *redis.Client {
	logging.Disable() // it would write to standard error, whatever Terraform's log level
	return redis.NewClient(&redis.Options{
		Network:  at.network,
		Addr:     at.address,
		Username: at.user,
		Password: at.password,
		DB:       at.database,
		Dialer:   dialer(at, config),

		Protocol:                 2,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},

		ContextTimeoutEnabled: true,
		DialTimeout:           stepTimeout,
		ReadTimeout:           stepTimeout,
		WriteTimeout:          stepTimeout,
		PoolTimeout:           stepTimeout,
		DialerRetries:         1,
		MaxRetries:            1, // a connection that rested may have been closed meanwhile

		PoolSize:         connections,
		MaxActiveConns:   connections,
		PipelinePoolSize: -1, // there are no pipelines
	})
}

// run carries out one operation. The caller leaves when its context ends, which
// the client alone does not see to: it heeds deadlines only. The operation itself
// goes on to its end, which is near, and late gets what it brings then.
func run[T any](ctx context.Context, s *Store, operation func(context.Context) (T, error), late func(T)) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var got result
		defer func() { done <- got }()
		defer panics.Into(&got.err) // nobody else could: this is a goroutine of its own
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), operationTimeout)
		defer cancel()
		got.value, got.err = operation(ctx)
	}()
	select {
	case got := <-done:
		return got.value, s.clean.explain(got.err)
	case <-ctx.Done():
		go func() { late((<-done).value) }()
		return none, context.Cause(ctx)
	}
}

// forget does nothing with what comes late.
func forget[T any](T) {}
