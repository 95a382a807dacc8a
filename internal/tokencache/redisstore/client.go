// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"crypto/tls"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// stepTimeout bounds each step of an operation: to connect, to write, to read.
	stepTimeout = 2 * time.Second
	// connections are more than the resources of one run need at once.
	connections = 4
)

// newClient returns a client that connects when it must, and sends no command beyond
// those that the store needs: a user's rights may be as narrow as the package's
// documentation says.
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
