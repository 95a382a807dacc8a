// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// DefaultMaxRetries is how often a request is retried by default.
	DefaultMaxRetries = 3
	// LimitMaxRetries is the largest number of retries that can be configured.
	LimitMaxRetries = 10

	minBackOff = 500 * time.Millisecond
	maxBackOff = 10 * time.Second
)

// Retries bounds how often and for how long a failed request is retried. The zero
// value retries none.
type Retries struct {
	// Max is the number of further attempts after the first.
	Max int
	// Timeout is that of one attempt. A wait that a server asks for must end within
	// Timeout × (Max + 1) of the beginning.
	Timeout time.Duration
	// Now is the clock, also for deadlines of contexts; nil means time.Now.
	Now func() time.Time
	// Sleep waits until the time is over or the context ends, whose error it then returns;
	// nil waits in real time.
	Sleep func(context.Context, time.Duration) error
	// Logger receives a record of each decision; nil discards them.
	Logger *slog.Logger
}

// Budget is the time for all attempts and for the waits that the server asks for.
func (r Retries) Budget() time.Duration { return r.Timeout * time.Duration(r.Max+1) }

// Decision says whether to retry after an attempt. The zero value does not.
type Decision struct {
	// Retry reports that another attempt may succeed, and does no harm.
	Retry bool
	// Unsafe reports that another attempt might succeed, and might do harm.
	Unsafe bool
	// After is how long the server asks to wait, see [RetryAfter]; nil leaves that to
	// the exponential backoff.
	After *time.Duration
	// Reason says what happened, for the log and for [WithProgress]. It holds no secret.
	Reason string
}

// Attempts describes the attempts of a request.
type Attempts struct {
	// Count is the number of attempts, and Elapsed the time from the beginning of the
	// first to the end of the last.
	Count   int
	Elapsed time.Duration
	// Wait is how long the server asked to wait after the last attempt, and RetryAt when
	// that ends; zero if it did not ask.
	Wait    time.Duration
	RetryAt time.Time
	// Unsafe reports that there is no further attempt because it might do harm.
	Unsafe bool
}

// String describes the attempts in words; "" after one attempt of which there is
// nothing to say.
func (a Attempts) String() string {
	var parts []string
	if a.Count > 1 {
		parts = append(parts, fmt.Sprintf("tried %d times over %s", a.Count, a.Elapsed.Round(100*time.Millisecond)))
	}
	if a.Unsafe {
		parts = append(parts, "not retried, because the first request may have taken effect")
	}
	if !a.RetryAt.IsZero() {
		parts = append(parts, fmt.Sprintf("the server asked to retry in %s, at %s",
			a.Wait.Round(time.Second), a.RetryAt.UTC().Format(time.RFC3339)))
	}
	return strings.Join(parts, "; ")
}

// Retry calls attempt until its decision or r ends that, and returns the last result.
// An attempt builds its request anew, as proofs in it may be good for one use.
//
// The wait between two attempts is the one that the server asks for, and at least that
// of an exponential backoff with jitter. A wait that does not fit into r or before the
// deadline of ctx ends the attempts at once, with an error that says more than the
// deadline would. If ctx ends during a wait, the error is that of ctx.
func Retry[T any](ctx context.Context, r Retries, attempt func() (T, Decision, error)) (T, Attempts, error) {
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.Sleep == nil {
		r.Sleep = sleep
	}
	if r.Logger == nil {
		r.Logger = slog.New(slog.DiscardHandler)
	}
	// The jitter keeps clients that failed together from returning together. backoff.Retry
	// is not used, as it drops the error of the last attempt if a server says when to return.
	backOff := backoff.NewExponentialBackOff()
	backOff.InitialInterval, backOff.Multiplier, backOff.MaxInterval = minBackOff, 2, maxBackOff
	var attempts Attempts
	for start := r.Now(); ; {
		result, decision, err := attempt()
		attempts.Count++
		attempts.Elapsed = r.Now().Sub(start)
		wait := backOff.NextBackOff()
		if decision.After != nil {
			wait = max(wait, *decision.After) // a server that says "at once" is not hammered either
		}
		retry := decision.Retry && ctx.Err() == nil
		if !retry || attempts.Count > r.Max || !r.fits(ctx, wait, attempts.Elapsed, decision.After) {
			attempts.Unsafe = decision.Unsafe
			if decision.After != nil && *decision.After > 0 {
				attempts.Wait, attempts.RetryAt = *decision.After, r.Now().Add(*decision.After)
			}
			if retry {
				r.log(ctx, slog.LevelWarn, "giving up", attempts, wait, decision)
			}
			return result, attempts, err
		}
		r.log(ctx, slog.LevelDebug, "retrying", attempts, wait, decision)
		Progress(ctx, fmt.Sprintf("%s; retrying in %s (attempt %d of %d)",
			decision.Reason, wait.Round(100*time.Millisecond), attempts.Count+1, r.Max+1))
		if err := r.Sleep(ctx, wait); err != nil {
			return result, attempts, err
		}
	}
}

func sleep(ctx context.Context, wait time.Duration) error {
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fits reports whether there is time for a wait: before a deadline of ctx, and within
// the budget if the server asks for it. Our own waits are short, and must not cost
// attempts if the timeout is short too.
func (r Retries) fits(ctx context.Context, wait, elapsed time.Duration, after *time.Duration) bool {
	if after != nil && *after >= r.Budget()-elapsed {
		return false
	}
	deadline, ok := ctx.Deadline()
	return !ok || wait < deadline.Sub(r.Now())
}

func (r Retries) log(ctx context.Context, level slog.Level, message string, attempts Attempts, wait time.Duration, decision Decision) {
	r.Logger.LogAttrs(ctx, level, message,
		slog.String("reason", decision.Reason),
		slog.Int("attempts", attempts.Count),
		slog.Int("max_retries", r.Max),
		slog.Duration("elapsed", attempts.Elapsed),
		slog.Duration("wait", wait),
		slog.Bool("asked_to_wait", decision.After != nil),
	)
}

type progressKey struct{}

// WithProgress returns a context in which retries are reported: report is called before
// each wait, with a text that holds no secret. A request that several callers share
// reports to the first of them, from its own goroutine, and perhaps after that caller
// has left.
func WithProgress(ctx context.Context, report func(message string)) context.Context {
	return context.WithValue(ctx, progressKey{}, report)
}

// Progress reports what is about to happen, if ctx is one of [WithProgress].
func Progress(ctx context.Context, message string) {
	if report, ok := ctx.Value(progressKey{}).(func(string)); ok {
		report(message)
	}
}

// TransientStatus reports whether the same request may get another response a moment
// later: 408, 425, 429, and the 5xx, known or not, that do not say otherwise (RFC 9110
// section 15, RFC 6585 section 4, RFC 8470 section 5.2).
func TransientStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusVariantAlsoNegotiates,
		http.StatusInsufficientStorage, // not to be repeated by a program (RFC 4918 section 11.5)
		http.StatusLoopDetected, http.StatusNotExtended, http.StatusNetworkAuthenticationRequired:
		return false
	}
	return status >= http.StatusInternalServerError
}

// Transient reports whether the same request may get a response a moment later. It does
// not say whether sending it twice does harm, see Sent.
func (e *Error) Transient() bool {
	switch e.Kind {
	case Refused, Timeout, Truncated:
		return true
	case DNS:
		lookup, ok := errors.AsType[*net.DNSError](e.Err)
		return !ok || !lookup.IsNotFound
	case TLS:
		return errors.Is(e.Err, io.ErrUnexpectedEOF) // closed without an alert, as servers do that start or stop
	case Proxy:
		return e.transient
	default:
		return false
	}
}

// Idempotent reports whether sending a request of this method twice has the effect of
// sending it once (RFC 9110 section 9.2.2).
func Idempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}
