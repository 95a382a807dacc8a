// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// DefaultMaxRetries is how often a request is repeated where nobody says otherwise.
	DefaultMaxRetries = 3
	// LimitMaxRetries is the most that can be asked for: more is no patience but a loop.
	LimitMaxRetries = 10

	firstBackOff   = 500 * time.Millisecond
	longestBackOff = 10 * time.Second
)

// Retries says how often and for how long a failed request is repeated. Its zero
// value repeats none.
type Retries struct {
	// Max is the number of further attempts after the first.
	Max int
	// Timeout is that of one attempt. A wait that a server asks for has to be over
	// within Timeout × (Max + 1) from the beginning.
	Timeout time.Duration
	// Now is the clock, also for deadlines of contexts; nil means time.Now.
	Now func() time.Time
	// Sleep waits until the time is over or the context ends, whose error it then
	// returns. Nil means to wait for real.
	Sleep func(context.Context, time.Duration) error
	// Logger receives a record of each decision. Nil discards them.
	Logger *slog.Logger
}

// Budget is within which time a request is answered or given up, but for waits of
// our own between attempts.
func (r Retries) Budget() time.Duration { return r.Timeout * time.Duration(r.Max+1) }

// Decision says what a failed attempt means for the next one. Its zero value is
// that there must be none.
type Decision struct {
	// Retry tells that another attempt may succeed, and does no harm.
	Retry bool
	// Unsafe tells that another attempt might succeed, and may do harm.
	Unsafe bool
	// After is how long the server asks to wait, see [RetryAfter]; nil leaves that to
	// the exponential backoff.
	After *time.Duration
	// Reason says what happened, for the log and for [WithProgress]. It holds no secret.
	Reason string
}

// Attempts tells what became of a request that may have been repeated.
type Attempts struct {
	// Count is the number of attempts, and Elapsed the time from the begin of the
	// first to the end of the last.
	Count   int
	Elapsed time.Duration
	// Wait is how long the server asked to wait when it was given up, and RetryAt
	// when that will be over; zero where it did not.
	Wait    time.Duration
	RetryAt time.Time
	// Unsafe tells that it was given up because another attempt may do harm.
	Unsafe bool
}

// String says how often a request was tried and when to try again; "" where it was
// tried once and there is no more to tell.
func (t Attempts) String() string {
	var parts []string
	if t.Count > 1 {
		parts = append(parts, fmt.Sprintf("tried %d times over %s", t.Count, t.Elapsed.Round(100*time.Millisecond)))
	}
	if t.Unsafe {
		parts = append(parts, "not tried again, because the first request may have taken effect")
	}
	if !t.RetryAt.IsZero() {
		parts = append(parts, fmt.Sprintf("the server wants to be asked again in %s, at %s",
			t.Wait.Round(time.Second), t.RetryAt.UTC().Format(time.RFC3339)))
	}
	return strings.Join(parts, "; ")
}

// Retry makes an attempt, and further ones as long as its decision and r say so. It
// returns what the last one returned. Each attempt has to build its request anew,
// as proofs in it may be good for one use.
//
// A wait that does not fit into the time which is left, also to a deadline of ctx,
// is not begun: the last answer is the result. When ctx ends, so does the waiting,
// with the error of ctx.
func Retry[T any](ctx context.Context, r Retries, attempt func() (T, Decision, error)) (T, Attempts, error) {
	r.setDefaults()
	waits := newBackOff()
	attempts, start := Attempts{}, r.Now()
	for {
		result, decision, err := attempt()
		attempts.Count++
		attempts.Elapsed = r.Now().Sub(start)
		if !decision.Retry || ctx.Err() != nil {
			attempts.notice(decision, r.Now())
			return result, attempts, err
		}
		wait := waits.NextBackOff()
		if decision.After != nil { // a server that says "at once" is not hammered either
			wait = max(wait, *decision.After)
		}
		if attempts.Count > r.Max || !r.fits(ctx, wait, attempts.Elapsed, decision.After) {
			attempts.notice(decision, r.Now())
			r.log(ctx, slog.LevelWarn, "request given up", attempts, wait, decision)
			return result, attempts, err
		}
		r.log(ctx, slog.LevelDebug, "request will be repeated", attempts, wait, decision)
		Progress(ctx, fmt.Sprintf("%s; retrying in %s (attempt %d of %d)",
			decision.Reason, wait.Round(100*time.Millisecond), attempts.Count+1, r.Max+1))
		if err := r.Sleep(ctx, wait); err != nil {
			return result, attempts, err
		}
	}
}

type progressKey struct{}

// WithProgress returns a context in which retries are reported: report is called
// before each wait, with a text that holds no secret. Requests that several callers
// share report to the first of them, from a goroutine of their own, and perhaps after
// that caller has left.
func WithProgress(ctx context.Context, report func(message string)) context.Context {
	return context.WithValue(ctx, progressKey{}, report)
}

// Progress reports what is about to happen, if ctx is one of [WithProgress].
func Progress(ctx context.Context, message string) {
	if report, ok := ctx.Value(progressKey{}).(func(string)); ok {
		report(message)
	}
}

// notice keeps why there is no further attempt, and when the server wants one.
func (t *Attempts) notice(decision Decision, now time.Time) {
	t.Unsafe = decision.Unsafe
	if decision.After != nil && *decision.After > 0 {
		t.Wait, t.RetryAt = *decision.After, now.Add(*decision.After)
	}
}

// newBackOff spreads the waits out, so that clients which failed together do not
// come back together. The module's own loop is not used, as it drops the error of
// the last attempt where a server says when to come back.
func newBackOff() *backoff.ExponentialBackOff {
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.Multiplier, waits.MaxInterval = firstBackOff, 2, longestBackOff
	return waits
}

// fits reports whether there is time for a wait: for what the server asks for within
// the budget, and for either wait before a deadline of ctx. Our own waits are short,
// and are not to cost attempts where the timeout is short too.
func (r *Retries) fits(ctx context.Context, wait, elapsed time.Duration, after *time.Duration) bool {
	if after != nil && *after >= r.Budget()-elapsed {
		return false
	}
	deadline, ok := ctx.Deadline()
	return !ok || wait < deadline.Sub(r.Now())
}

func (r *Retries) setDefaults() {
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.Sleep == nil {
		r.Sleep = sleep
	}
	if r.Logger == nil {
		r.Logger = slog.New(slog.DiscardHandler)
	}
}

// sleep is the Sleep of real time.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Retries) log(ctx context.Context, level slog.Level, message string, attempts Attempts, wait time.Duration, decision Decision) {
	r.Logger.LogAttrs(ctx, level, message,
		slog.String("reason", decision.Reason),
		slog.Int("attempts", attempts.Count),
		slog.Int("max_retries", r.Max),
		slog.Duration("elapsed", attempts.Elapsed),
		slog.Duration("wait", wait),
		slog.Bool("asked_to_wait", decision.After != nil),
	)
}
