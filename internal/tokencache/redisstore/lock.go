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

// refreshInterval leaves an owner two chances before its lock ends.
const refreshInterval = LockTTL / 3

// longestPoll is how long who waits for a lock waits between two looks.
const longestPoll = 100 * time.Millisecond

// Lock is described at [tokencache.Store]. A lock outlives the process that holds
// it by [LockTTL] at most.
func (s *Store) Lock(ctx context.Context, key string) (unlock func(), err error) {
	name, limited := Prefix+key+LockSuffix, time.Time{}
	err = tokencache.Poll(ctx, longestPoll, func() (bool, error) {
		lock, err := run(ctx, s, func(ctx context.Context) (*redislock.Lock, error) {
			return s.obtain(ctx, name)
		}, func(lock *redislock.Lock) { release(ctx, lock) })
		if lock != nil {
			unlock = s.hold(ctx, lock)
		} else if err == nil && time.Since(limited) > LockTTL {
			limited = time.Now()
			s.limit(ctx, name)
		}
		return lock != nil, err
	})
	return unlock, err
}

// obtain takes a lock if it is free. Otherwise there is neither a lock nor an
// error.
func (s *Store) obtain(ctx context.Context, name string) (*redislock.Lock, error) {
	lock, err := s.locks.Obtain(ctx, name, LockTTL, nil)
	if errors.Is(err, redislock.ErrNotObtained) {
		return nil, nil
	}
	return lock, err
}

// limit has a lock end that has no end of its own: ours do, and what another program
// left there must not keep everybody waiting.
func (s *Store) limit(ctx context.Context, name string) {
	_, _ = run(ctx, s, func(ctx context.Context) (bool, error) { // it is tried again
		const endless = -1 // as PTTL says it
		if left, err := s.client.PTTL(ctx, name).Result(); err != nil || left != endless {
			return false, err
		}
		return s.client.PExpire(ctx, name, LockTTL).Result()
	}, forget)
}

// hold keeps a lock until it is given back, however long the owner's work takes
// and whatever becomes of the context under which it was taken.
func (s *Store) hold(ctx context.Context, lock *redislock.Lock) (unlock func()) {
	refreshing, stop := context.WithCancel(context.WithoutCancel(ctx))
	go s.refresh(refreshing, lock)
	return func() {
		stop()
		release(ctx, lock)
	}
}

// refresh extends a lock time and again, until the context ends or the lock is
// lost. A failure of another kind may pass before the lock ends.
func (s *Store) refresh(ctx context.Context, lock *redislock.Lock) {
	ticker := time.NewTicker(refreshInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			lost, _ := run(ctx, s, func(ctx context.Context) (bool, error) {
				return errors.Is(lock.Refresh(ctx, LockTTL, nil), redislock.ErrNotObtained), nil
			}, forget)
			if lost {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// release gives back a lock, if there is one and it is still ours, whatever has
// become of the context. Where the server cannot be told, the lock ends with its
// time.
func release(ctx context.Context, lock *redislock.Lock) {
	if lock == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTimeout)
	defer cancel()
	_ = lock.Release(ctx)
}
