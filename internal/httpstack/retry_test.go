// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package httpstack_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
)

var errBusy = errors.New("busy")

// failing is an attempt that always fails in the same way, after a while.
type failing struct {
	decision httpstack.Decision
	takes    time.Duration
	at       []time.Time // when each attempt began
}

func (f *failing) attempt() (string, httpstack.Decision, error) {
	f.at = append(f.at, time.Now())
	time.Sleep(f.takes)
	return "partial", f.decision, errBusy
}

// waits are the times between the attempts.
func (f *failing) waits() []time.Duration {
	var waits []time.Duration
	for i := 1; i < len(f.at); i++ {
		waits = append(waits, f.at[i].Sub(f.at[i-1])-f.takes)
	}
	return waits
}

func after(wait time.Duration) httpstack.Decision {
	return httpstack.Decision{Retry: true, After: &wait}
}

// TestRetryBacksOff: the waits are about half a second, then twice as long each
// time, and at most about ten seconds, however short the timeout is.
func TestRetryBacksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		busy := failing{decision: httpstack.Decision{Retry: true}}
		result, attempts, err := httpstack.Retry(t.Context(), httpstack.Retries{Max: 10, Timeout: time.Millisecond}, busy.attempt)
		if !errors.Is(err, errBusy) || result != "partial" || attempts.Count != 11 {
			t.Errorf("got %q, %d attempts, error %v", result, attempts.Count, err)
		}
		about := []int{500, 1000, 2000, 4000, 8000, 10000, 10000, 10000, 10000, 10000}
		waits := busy.waits()
		if len(waits) != len(about) {
			t.Fatalf("waits %s", waits)
		}
		exact := 0
		for i, wait := range waits {
			middle := time.Duration(about[i]) * time.Millisecond
			if wait < middle/2 || wait > middle*3/2 {
				t.Errorf("wait %d is %s, want about %s", i+1, wait, middle)
			}
			if wait == middle {
				exact++
			}
		}
		if exact == len(waits) {
			t.Error("the waits have no jitter")
		}
	})
}

// TestRetryWaitsAsAsked holds how long is waited and how often is tried.
func TestRetryWaitsAsAsked(t *testing.T) {
	t.Parallel()
	const second = time.Second
	tests := map[string]struct {
		retries httpstack.Retries
		failing failing
		want    []time.Duration
		// wait is how long the server asks to wait in the end.
		wait time.Duration
	}{
		"final":             {httpstack.Retries{Max: 3, Timeout: 30 * second}, failing{}, nil, 0},
		"off":               {httpstack.Retries{Timeout: 30 * second}, failing{decision: after(second)}, nil, second},
		"no time":           {httpstack.Retries{Max: 3}, failing{decision: after(second)}, nil, second},
		"as asked":          {httpstack.Retries{Max: 2, Timeout: 30 * second}, failing{decision: after(7 * second)}, []time.Duration{7 * second, 7 * second}, 7 * second},
		"at once":           {httpstack.Retries{Max: 2, Timeout: 30 * second}, failing{decision: after(0)}, []time.Duration{0, 0}, 0},
		"fits just":         {httpstack.Retries{Max: 1, Timeout: 30 * second}, failing{decision: after(60*second - 1)}, []time.Duration{60*second - 1}, 60*second - 1},
		"does not fit":      {httpstack.Retries{Max: 1, Timeout: 30 * second}, failing{decision: after(60 * second)}, nil, 60 * second},
		"hours":             {httpstack.Retries{Max: 10, Timeout: 30 * second}, failing{decision: after(time.Hour)}, nil, time.Hour},
		"absurd":            {httpstack.Retries{Max: 10, Timeout: time.Hour}, failing{decision: after(100 * 365 * 24 * time.Hour)}, nil, 100 * 365 * 24 * time.Hour},
		"the second no":     {httpstack.Retries{Max: 1, Timeout: 10 * second}, failing{decision: after(11 * second), takes: 9 * second}, nil, 11 * second},
		"attempts count":    {httpstack.Retries{Max: 3, Timeout: 10 * second}, failing{decision: after(4 * second), takes: 10 * second}, []time.Duration{4 * second, 4 * second}, 4 * second},
		"as many as can be": {httpstack.Retries{Max: 2, Timeout: 10 * second}, failing{decision: after(0), takes: 10 * second}, []time.Duration{0, 0}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, attempts, err := httpstack.Retry(t.Context(), test.retries, test.failing.attempt)
				if got := test.failing.waits(); !slices.EqualFunc(got, test.want, isWait) {
					t.Errorf("waits %s, want %s", got, test.want)
				}
				if !errors.Is(err, errBusy) || attempts.Count != len(test.want)+1 || attempts.Elapsed != time.Since(start) {
					t.Errorf("got %+v, error %v", attempts, err)
				}
				if attempts.Wait != test.wait || attempts.RetryAt.IsZero() != (test.wait == 0) {
					t.Errorf("to be asked again in %s, at %s", attempts.Wait, attempts.RetryAt)
				}
				if test.wait > 0 && !attempts.RetryAt.Equal(time.Now().Add(test.wait)) {
					t.Errorf("to be asked again at %s", attempts.RetryAt)
				}
			})
		})
	}
}

// isWait reports whether a wait is as long as wanted: if a server asks for none, it is
// one of ours, of half a second and then a second with jitter.
func isWait(got, want time.Duration) bool {
	if want == 0 {
		return 250*time.Millisecond <= got && got <= 1500*time.Millisecond
	}
	return got == want
}

// TestRetrySucceeds: the first success is the result, and nothing of the failures
// stays with it.
func TestRetrySucceeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		count := 0
		result, attempts, err := httpstack.Retry(t.Context(), httpstack.Retries{Max: 3, Timeout: 5 * time.Second}, func() (int, httpstack.Decision, error) {
			if count++; count < 3 {
				return 0, after(5 * time.Second), errBusy
			}
			return count, httpstack.Decision{}, nil
		})
		if err != nil || result != 3 || attempts.Count != 3 || attempts.Elapsed != 10*time.Second || !attempts.RetryAt.IsZero() {
			t.Errorf("got %d, %+v, error %v", result, attempts, err)
		}
	})
}

// TestRetryEndsWithItsContext: during a wait, during an attempt, and before a wait
// that would outlast its deadline.
func TestRetryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	patient := httpstack.Retries{Max: 10, Timeout: time.Minute}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(15*time.Second, cancel)
		busy := failing{decision: after(10 * time.Second)}
		start := time.Now()
		_, attempts, err := httpstack.Retry(ctx, patient, busy.attempt)
		if !errors.Is(err, context.Canceled) || attempts.Count != 2 || time.Since(start) != 15*time.Second {
			t.Errorf("in a wait: %d attempts, %s, error %v", attempts.Count, time.Since(start), err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		_, attempts, err := httpstack.Retry(ctx, patient, func() (int, httpstack.Decision, error) {
			cancel()
			return 0, after(0), errBusy
		})
		if !errors.Is(err, errBusy) || attempts.Count != 1 {
			t.Errorf("in an attempt: %d attempts, error %v", attempts.Count, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		busy := failing{decision: after(5 * time.Second)}
		start := time.Now()
		_, attempts, err := httpstack.Retry(ctx, patient, busy.attempt)
		if !errors.Is(err, errBusy) || attempts.Count != 1 || attempts.Wait != 5*time.Second || time.Since(start) != 0 {
			t.Errorf("before its deadline: %+v after %s, error %v", attempts, time.Since(start), err)
		}
	})
}

// TestRetryHasOneClock: deadlines are compared with the clock that is passed in.
func TestRetryHasOneClock(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]int{4 * time.Second: 2, 5 * time.Second: 1} {
		synctest.Test(t, func(t *testing.T) {
			now := time.Now().AddDate(1, 0, 0)
			ctx, cancel := context.WithDeadline(t.Context(), now.Add(5*time.Second))
			defer cancel()
			retries := httpstack.Retries{Max: 1, Timeout: time.Minute, Now: func() time.Time { return now }}
			if _, attempts, _ := httpstack.Retry(ctx, retries, (&failing{decision: after(wait)}).attempt); attempts.Count != want {
				t.Errorf("%d attempts with a wait of %s before a deadline in 5 s", attempts.Count, wait)
			}
		})
	}
}

// TestRetryLogs: each decision is in the log, with its reason.
func TestRetryLogs(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	plain := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "elapsed" {
			return slog.Attr{}
		}
		return a
	}})
	decision := after(7 * time.Second)
	decision.Reason = "the server responded with 503"
	synctest.Test(t, func(t *testing.T) {
		retries := httpstack.Retries{Max: 1, Timeout: time.Minute, Logger: slog.New(plain)}
		_, _, _ = httpstack.Retry(t.Context(), retries, (&failing{decision: decision}).attempt)
	})
	const want = `level=DEBUG msg=retrying reason="the server responded with 503" attempts=1 max_retries=1 wait=7s asked_to_wait=true
level=WARN msg="giving up" reason="the server responded with 503" attempts=2 max_retries=1 wait=7s asked_to_wait=true
`
	if log.String() != want {
		t.Errorf("logged\n%swant\n%s", log.String(), want)
	}
}

// TestAttemptsInWords holds what users read.
func TestAttemptsInWords(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 10, 3, 13, 0, 0, 0, time.FixedZone("", 3600))
	tests := map[string]httpstack.Attempts{
		"":                        {Count: 1, Elapsed: time.Second},
		"tried 4 times over 3.5s": {Count: 4, Elapsed: 3512345678},
		"the server asked to retry in 1h0m0s, at 2025-10-03T12:00:00Z":                     {Count: 1, Wait: time.Hour, RetryAt: at},
		"tried 2 times over 0s; the server asked to retry in 30s, at 2025-10-03T12:00:00Z": {Count: 2, Wait: 30 * time.Second, RetryAt: at},
	}
	for want, attempts := range tests {
		if got := attempts.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
