// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokencache

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// firstPoll is short beside a token request, so that whoever waits for a quick one
// does not wait for long.
const firstPoll = 2 * time.Millisecond

// Poll is for stores whose locks cannot be waited for: it calls try until that is
// done or fails, or ctx ends. The waits between grow up to longest, and differ
// between those who wait.
func Poll(ctx context.Context, longest time.Duration, try func() (done bool, err error)) error {
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.MaxInterval = firstPoll, longest
	for {
		if done, err := try(); done || err != nil {
			return err
		}
		select {
		case <-time.After(waits.NextBackOff()):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
