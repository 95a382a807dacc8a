// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/bsm/redislock"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// LockTTL is how long a lock outlives an owner that died.
const LockTTL = 10 * time.Second

// refreshInterval leaves an owner two more chances before its lock expires.
const refreshInterval = LockTTL / 3

// TryLock is described at [tokencache.Store]. A lock outlives the process that holds
// it by at most [LockTTL].
func (s *Store) TryLock(ctx context.Context, key string) (unlock func(), err error) {
	lock, err := s.locks.Obtain(ctx, Prefix+key+LockSuffix, LockTTL, nil)
	if errors.Is(err, redislock.ErrNotObtained) {
		return nil, tokencache.ErrLocked
	}
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	return hold(context.WithoutCancel(ctx), lock), nil
}

// hold keeps a lock until it is unlocked: a token request that is slow or retried
// takes longer than LockTTL, which is short so that a CI job that is killed does not
// hold up the others.
func hold(ctx context.Context, lock *redislock.Lock) (unlock func()) {
	refreshing, stop := context.WithCancel(ctx)
	go func() {
		ticker := time.NewTicker(refreshInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if errors.Is(lock.Refresh(refreshing, LockTTL, nil), redislock.ErrNotObtained) {
					return // it is lost; another failure may pass before it expires
				}
			case <-refreshing.Done():
				return
			}
		}
	}()
	return func() {
		stop()
		releasing, cancel := context.WithTimeout(ctx, stepTimeout)
		defer cancel()
		_ = lock.Release(releasing) // if the server is not reached, the lock expires
	}
}
