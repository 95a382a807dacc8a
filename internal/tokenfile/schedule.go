// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package tokenfile

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// LastShare of its lifetime is left when a content is replaced: a fifth.
	LastShare = 5
	// minPause is between two replacements.
	minPause = time.Second
	// maxMargin is how long before less than MinValidity is left a replacement begins, or
	// a fifth of the time until then: a token request takes a moment.
	maxMargin = 5 * time.Second
	// Waits after failures grow from the first to the longest, each half as long or half
	// as long again, so that many files do not retry at once. None is below minPause.
	firstRetry, longestRetry = 2 * minPause, 30 * time.Second
)

// follow replaces the content whenever it is due, until ctx ends.
func (f *File) follow(ctx context.Context) {
	defer close(f.ended)
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.MaxInterval, waits.Multiplier = firstRetry, longestRetry, 2
	since := f.config.due(f.config.First)
	for at := since; !at.IsZero(); {
		select {
		case <-time.After(at.Sub(f.config.Now())):
		case <-ctx.Done():
			return
		}
		content, err := f.config.Next(ctx, since)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = f.write(content)
		}
		if err != nil {
			wait := waits.NextBackOff()
			at = f.config.Now().Add(wait)
			f.fail(ctx, err, wait)
			continue
		}
		waits.Reset()
		since = f.config.due(content)
		at = since
	}
}

// fail notes a replacement that failed.
func (f *File) fail(ctx context.Context, err error, wait time.Duration) {
	f.config.Logger.WarnContext(ctx, "the token file could not be replaced and keeps its content",
		"path", f.path, "error", err.Error(), "next_attempt_in", wait)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed, f.failure = f.failed+1, err
}

// due is when to replace a content that was written just now. The zero time means never:
// its lifetime is unknown, or was over before it began, or there is no Next.
func (c Config) due(content Content) time.Time {
	if c.Next == nil || content.ExpiresAt.IsZero() || !content.IssuedAt.Before(content.ExpiresAt) {
		return time.Time{}
	}
	now := c.Now()
	due := c.dueWithin(content.IssuedAt, content.ExpiresAt)
	if !now.Before(due) { // some servers and platforms issue the same one until it expires
		due = c.dueWithin(now, content.ExpiresAt)
	}
	if soonest := now.Add(minPause); due.Before(soonest) {
		return soonest
	}
	return due
}

// dueWithin is when four fifths of a time have passed, or before less than MinValidity is
// left of it, if it is longer than that.
func (c Config) dueWithin(begin, end time.Time) time.Time {
	whole := end.Sub(begin)
	due := end.Add(-whole / LastShare)
	if spare := whole - c.MinValidity; spare >= minPause {
		due = earlier(due, begin.Add(spare-min(maxMargin, spare/LastShare)))
	}
	return due
}

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
